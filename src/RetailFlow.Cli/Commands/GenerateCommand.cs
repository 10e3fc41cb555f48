using System.CommandLine;
using RetailFlow.Node.Simulation;

namespace RetailFlow.Cli.Commands;

/// <summary><c>generate DIR</c>: a retailer's feeds as files ready to land, and the true totals.</summary>
internal static class GenerateCommand
{
    private static readonly string[] s_columns =
        ["directory", "files", "received", "accepted", "duplicates", "quarantined", "units_sold", "units_returned"];

    public static ExampledCommand Create()
    {
        var directory = new Argument<string>("DIR") { Description = "Folder to write; made if there is none." };
        var days = ValueOptions.Count("--days", "Days of business (default 7).");
        var scale = ValueOptions.Factor("--scale", "Size of the business: 1 is about 10,000 stock records a day (default 1).");
        var seed = ValueOptions.Count("--seed", "Equal seeds write equal bytes (default 1).", smallest: int.MinValue);
        var skus = ValueOptions.Count("--skus", "Different items (default 500).");
        var locations = ValueOptions.Count("--locations", "Places that hold stock (default 12).");
        return new ExampledCommand(
            "generate",
            "Writes a retailer's feeds, with duplicates, late and broken records, and expected.json with the true totals.",
            "retailflow generate ./retailer --days 3 --seed 7",
            RunAsync)
        {
            directory, days, scale, seed, skus, locations,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            var defaults = new RetailerOptions();
            var options = defaults with
            {
                Days = run.Get(days) ?? defaults.Days,
                Scale = run.Get(scale) ?? defaults.Scale,
                Seed = run.Get(seed) ?? defaults.Seed,
                Skus = run.Get(skus) ?? defaults.Skus,
                Locations = run.Get(locations) ?? defaults.Locations,
            };
            var target = run.Host.FullPath(run.Get(directory)!);
            var totals = await Simulate(options).WriteFilesAsync(target, run.Cancellation);
            run.Results().Rows(s_columns,
            [
                [
                    target, totals.Files.Count, totals.Received, totals.Accepted, totals.Duplicates, totals.Quarantined,
                    totals.UnitsSold, totals.UnitsReturned,
                ],
            ]);
            return ExitCode.Done;
        }
    }

    private static RetailerSimulation Simulate(RetailerOptions options)
    {
        try
        {
            return new RetailerSimulation(options);
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            throw new UsageException($"--{wrong.ParamName?.ToLowerInvariant()} {wrong.ActualValue} is outside its range.");
        }
    }
}
