using RetailFlow.Bench.Identities;
using RetailFlow.Bench.Stock;

namespace RetailFlow.Bench;

/// <summary>The benchmarks by name. Each measures RetailFlow beside a baseline and says how they compare.</summary>
public static class BenchSuites
{
    /// <summary>The names that <see cref="RunAsync"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["medallion", "increment", "ingest", "delta", "stock", "identities"];

    /// <summary>Runs one suite, prints it and writes its results as <c>&lt;suite&gt;.json</c>.</summary>
    /// <param name="suite">One of <see cref="Names"/>.</param>
    /// <param name="options">How much and where.</param>
    /// <param name="output">Receives the figures, for a person.</param>
    /// <param name="cancellationToken">Stops it; processes it started are ended and its data removed.</param>
    /// <returns>0, or 1 when the two sides disagree about the numbers they computed.</returns>
    /// <exception cref="ArgumentException">There is no such suite.</exception>
    /// <exception cref="BenchException">A side could not be measured.</exception>
    public static async Task<int> RunAsync(string suite, BenchOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        using var work = new WorkFolder(options.WorkFolder, suite);
        var report = new BenchReport(suite, MachineFacts.Read(work.Path), options, output);
        var agree = suite switch
        {
            "medallion" => await new MedallionSuite(options, work.Path, report).RunAsync(cancellationToken),
            "increment" => await new IncrementSuite(options, work.Path, report).RunAsync(cancellationToken),
            "ingest" => await new IngestSuite(options, work.Path, report).RunAsync(cancellationToken),
            "delta" => await new DeltaSnapshotBench(options, work.Path, report).RunAsync(cancellationToken)
                & await new DeltaMergeBench(options, work.Path, report).RunAsync(cancellationToken),
            "stock" => await new StockSuite(options, work.Path, report).RunAsync(cancellationToken),
            "identities" => await new IdentitiesSuite(options, work.Path, report).RunAsync(cancellationToken),
            _ => throw new ArgumentException($"There is no suite '{suite}'; there are {string.Join(", ", Names)}.", nameof(suite)),
        };
        report.Write();
        return agree ? 0 : 1;
    }

    /// <summary>
    /// What a child process does that was started as <c>bench --child JOB</c>: runs the measured side and prints one line
    /// of JSON with what it took.
    /// </summary>
    public static async Task<int> RunChildAsync(string job, TextWriter output, CancellationToken cancellationToken)
    {
        await (StaticFile.IsJob(job) ? StaticFile.RunAsync(job, output, cancellationToken)
            : LedgerJob.IsJob(job) ? LedgerJob.RunAsync(job, output, cancellationToken)
            : MeasuredJob.RunAsync(job, output, cancellationToken));
        return 0;
    }
}
