using System.Diagnostics;
using RetailFlow.Bench.Ingest;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Stock.Identities;

namespace RetailFlow.Bench.Identities;

/// <summary>Which records were seen before: the index in files beside a dictionary in memory, and the start of a node with and without the index.</summary>
internal sealed class IdentitiesSuite(BenchOptions options, string folder, BenchReport report)
{
    private const string Table = "Dictionary";
    private const string Anew = "index deleted";
    private const int Count = 10_000_000;
    private const int Lookups = 2_000_000;
    private const double MiB = 1 << 20;

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note($"{Count:#,0} random identities; {Lookups:#,0} lookups each of some that are there and some that are not, one thread; files in the page cache");
        var agree = InOneProcess(cancellationToken);
        if (!options.BaselineOnly)
        {
            await StartsAsync(cancellationToken);
        }

        return agree;
    }

    private bool InOneProcess(CancellationToken cancellationToken)
    {
        var table = new Dictionary<UInt128, long>();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < Count; i++)
        {
            table.Add(Fingerprint(i), i);
        }

        var tableSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var tableBytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var (tableThere, tableFound) = Measure(Lookups, i => table.TryGetValue(Fingerprint(i * 4L % Count), out _));
        var (tableNew, _) = Measure(Lookups, i => table.TryGetValue(Fingerprint(Count + i), out _));
        table = null;
        before = GC.GetTotalMemory(forceFullCollection: true);

        var files = new LocalIdentityFiles(Path.Combine(folder, "identities"));
        Fill(files, tableSeconds, cancellationToken);
        began = Stopwatch.GetTimestamp();
        using var opened = IdentityIndex.Open(files);
        report.Add(new BenchFigure("opening, every byte verified", "s", Stopwatch.GetElapsedTime(began).TotalSeconds, Table, tableSeconds));
        var (there, found) = Measure(Lookups, i => opened.TryFind(Fingerprint(i * 4L % Count), out _));
        var (fresh, wrong) = Measure(Lookups, i => opened.TryFind(Fingerprint(Count + i), out _));
        report.Add(new BenchFigure($"lookups of what is there, {opened.RunCount} runs", "lookups/s", there, Table, tableThere));
        report.Add(new BenchFigure("lookups of what is new", "lookups/s", fresh, Table, tableNew));
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        report.Add(new BenchFigure("memory for 1,000,000 identities", "MiB", bytes / MiB * 1_000_000 / Count, Table, tableBytes / MiB * 1_000_000 / Count));
        report.Add(new BenchFigure("disk for 1,000,000 identities", "MiB", opened.Bytes / MiB * 1_000_000 / Count, Table, null));
        return found == Lookups && tableFound == Lookups && wrong == 0;
    }

    private void Fill(LocalIdentityFiles files, double tableSeconds, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var index = IdentityIndex.Open(files);
        using var load = index.Load(anew: true);
        for (var i = 0; i < Count; i++)
        {
            load.Add(Fingerprint(i), new KnownIdentity(i, false, false));
        }

        index.Complete(load, new IdentityPosition("bench", 1, 1, 0));
        report.Add(new BenchFigure("filling", "s", Stopwatch.GetElapsedTime(began).TotalSeconds, Table, tableSeconds));
        began = Stopwatch.GetTimestamp();
        while (index.Merge(cancellationToken))
        {
            continue;
        }

        report.Add(new BenchFigure("merging, beside everything else", "s", Stopwatch.GetElapsedTime(began).TotalSeconds, Table, null));
    }

    /// <summary>A node on a lake of files, with the index and, as the first start does, by reading all of Silver.</summary>
    private async Task StartsAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "lake");
        var project = Path.GetFullPath(options.ProjectPath);
        var input = Directory.CreateDirectory(Path.Combine(folder, "input")).FullName;
        var (history, _) = BenchInput.WriteHistory(options, input, options.Records);
        await using (var lake = await Lake.OpenAsync(new LakeOptions { LakePath = path, ProjectPath = project }, cancellationToken))
        {
            await lake.Landing.LandAsync("inventory", history, source: null, batchId: null, cancellationToken);
            await lake.Pipeline.RunAsync(new RunOptions { Discover = false }, cancellationToken);
        }

        Directory.Delete(input, recursive: true);
        var anew = await StartAsync(path, project, cancellationToken);
        var again = await StartAsync(path, project, cancellationToken);
        report.Add(new BenchFigure($"start of a node on {options.Records:#,0} records", "s", again, Anew, anew));
    }

    private static async Task<double> StartAsync(string lake, string project, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await using var node = await NodeProcess.StartAsync(lake, project, cancellationToken);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static (double PerSecond, int Found) Measure(int times, Func<int, bool> find)
    {
        var began = Stopwatch.GetTimestamp();
        var found = 0;
        for (var i = 0; i < times; i++)
        {
            found += find(i) ? 1 : 0;
        }

        return (times / Stopwatch.GetElapsedTime(began).TotalSeconds, found);
    }

    /// <summary>Numbers that look like hashes, without a repetition: a bijection of 64 bits for each half.</summary>
    private static UInt128 Fingerprint(long number) => new(Scatter(unchecked((ulong)number)), Scatter(~unchecked((ulong)number)));

    private static ulong Scatter(ulong value)
    {
        unchecked
        {
            value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
            value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
            return value ^ (value >> 31);
        }
    }
}
