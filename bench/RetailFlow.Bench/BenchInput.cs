using RetailFlow.Node.Simulation;

namespace RetailFlow.Bench;

/// <summary>The generated records of the suites.</summary>
internal static class BenchInput
{
    /// <summary>Days of business over which the records of a history are spread.</summary>
    public const int Days = 30;

    public static RetailerSimulation Retailer(BenchOptions options) =>
        new(new RetailerOptions { Seed = options.Seed, Skus = options.Skus, Locations = options.Locations, Days = Days });

    public static string Describe(BenchOptions options) => FormattableString.Invariant(
        $"{options.Skus:#,0} SKUs x {options.Locations} locations; 10 % resent (a tenth of them long after), 5 % of the rest late by minutes to 7 days, 1 % counts, 0.5 % voids");

    /// <summary>A history and the batches that follow it, out of one stream: batches repeat and retract records of the history.</summary>
    public static (IReadOnlyList<string> History, IReadOnlyList<string> Batches) WriteHistory(BenchOptions options, string folder, long records)
    {
        var stream = Retailer(options).OpenRecordStream(Math.Max(1, records / Days));
        var history = Enumerable.Range(0, options.Files).Select(i => Path.Combine(folder, $"history-{i:D4}.ndjson")).ToList();
        for (var i = 0; i < history.Count; i++)
        {
            stream.WriteFile(history[i], records * (i + 1) / history.Count - records * i / history.Count);
        }

        var batches = Enumerable.Range(0, options.WarmUpBatches + options.Batches).Select(i => Path.Combine(folder, $"batch-{i:D4}.ndjson")).ToList();
        foreach (var batch in batches)
        {
            stream.WriteFile(batch, options.BatchRecords);
        }

        return (history, batches);
    }
}
