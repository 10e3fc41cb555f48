using System.Globalization;
using RetailFlow.Storage;
using RetailFlow.Storage.Azure;
using RetailFlow.TableRace;
using RetailFlow.Testing.Storage;

if (args is not [var location, var work, var bookFile, var numberText, var commitsText, var seedText, var faultsText])
{
    await Console.Error.WriteLineAsync("Usage: RetailFlow.TableRace STORE WORK-FOLDER BOOK-FILE NUMBER COMMITS SEED FAULT-PROBABILITY");
    return 2;
}

var number = int.Parse(numberText, CultureInfo.InvariantCulture);
var seed = int.Parse(seedText, CultureInfo.InvariantCulture) + number;
IObjectStore sound = AzureStores.TryOpen(location, Environment.GetEnvironmentVariable, null, out var azure) ? azure : new LocalObjectStore(location);
var faulty = new FaultInjectingObjectStore(sound, FaultPlan.Seeded(new Random(seed), double.Parse(faultsText, CultureInfo.InvariantCulture)));
using var book = new Book(bookFile);
using var worker = new Worker(faulty, Path.Combine(work, numberText), book, number, new Random(seed));
await worker.RunAsync(int.Parse(commitsText, CultureInfo.InvariantCulture));
book.Write("end", faulty.Faults, "faults", $"repeated {worker.Repeated}");
return 0;
