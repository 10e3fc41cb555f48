using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench;

/// <summary>Durable stock records per second: over HTTP into a node, beside rows into PostgreSQL.</summary>
internal sealed class IngestSuite(BenchOptions options, string folder, BenchReport report)
{
    private const string Postgres = "PostgreSQL";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note($"records of {BenchInput.Describe(options)}");
        report.Note("both sides: same records, same batches, same number of connections on the loopback interface, each connection waits for its durable answer; the pipeline of the node runs meanwhile");
        foreach (var batch in options.IngestBatches)
        {
            var connections = options.ConnectionsFor(batch);
            var file = RecordFile.Generate(BenchInput.Retailer(options), RecordsFor(batch));
            var (own, peak) = options.BaselineOnly ? (null, 0L) : await MeasureNodeAsync(file, batch, connections, cancellationToken);
            var baseline = await MeasurePostgresAsync(file, batch, connections, cancellationToken);
            var name = FormattableString.Invariant($"batches of {batch:#,0}, {connections} connections");
            report.Add(new BenchFigure(name, "records/s", own?.RecordsPerSecond, Postgres, baseline.RecordsPerSecond));
            report.Add(new BenchFigure("  median answer", "ms", own?.MedianMilliseconds, Postgres, baseline.MedianMilliseconds));
            report.Add(new BenchFigure("  99th percentile", "ms", own?.P99Milliseconds, Postgres, baseline.P99Milliseconds));
            report.Add(new BenchFigure("  server's processor time per record", "us", own?.CpuMicrosecondsPerRecord, Postgres, baseline.CpuMicrosecondsPerRecord));
            if (own is not null)
            {
                report.Add(new BenchFigure("  peak resident memory", "MiB", peak / (double)(1 << 20), Postgres, null));
                report.Note($"  node: {own.Detail}");
            }

            report.Note($"  PostgreSQL: {baseline.Detail}");
        }

        return true;
    }

    /// <summary>Enough for some seconds on a fast side, and little enough to be held in memory.</summary>
    private static int RecordsFor(int batch) => batch == 1 ? 300_000 : 2_000_000;

    private async Task<(IngestOutcome? Outcome, long PeakBytes)> MeasureNodeAsync(RecordFile file, int batch, int connections, CancellationToken cancellationToken)
    {
        var lake = Path.Combine(folder, "lake");
        IngestOutcome outcome;
        long peak;
        await using (var node = await NodeProcess.StartAsync(lake, Path.GetFullPath(options.ProjectPath), cancellationToken))
        {
            outcome = await new HttpIngest(node.Port, node.Id).MeasureAsync(file, batch, connections, options.IngestTime, cancellationToken);
            peak = node.PeakBytes;
        }

        Directory.Delete(lake, recursive: true);
        return (outcome, peak);
    }

    private async Task<IngestOutcome> MeasurePostgresAsync(RecordFile file, int batch, int connections, CancellationToken cancellationToken)
    {
        IngestOutcome outcome;
        await using (var server = await PostgresServer.StartAsync(folder, cancellationToken))
        {
            report.NoteOnce(
                $"PostgreSQL {server.Version}: {string.Join(' ', PostgresServer.Settings)}; prepared INSERT ... ON CONFLICT DO NOTHING, arrays through unnest above 1");
            outcome = await new PostgresIngest(server.ConnectionString, server.Id).MeasureAsync(file, batch, connections, options.IngestTime, cancellationToken);
        }

        Directory.Delete(Path.Combine(folder, "postgres"), recursive: true);
        return outcome;
    }
}
