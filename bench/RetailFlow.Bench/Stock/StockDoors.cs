using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>What goes through the doors of a running node: reads, records, and how soon Gold has them.</summary>
internal sealed class StockDoors(BenchOptions options, string folder, BenchReport report)
{
    public const int Connections = 32;
    public const string Redis = "Redis";

    /// <summary>As long as an answer about a SKU with one location.</summary>
    public static readonly string Answer = new('x', 400);

    /// <summary>Until the code that is measured is compiled.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(40);

    private const int Skus = 10_000;
    private const int RecordBatch = 1_000;
    private const int RecordConnections = 4;
    private const int GoldRate = 20_000;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(8);

    /// <summary>Reads of a SKU, beside Redis and beside the same web server with a file.</summary>
    public async Task ReadsAsync(RedisServer redis, CancellationToken cancellationToken)
    {
        var get = await RedisReservations.ReadAsync(redis, Skus, cancellationToken);
        var files = Directory.CreateDirectory(Path.Combine(folder, "static")).FullName;
        await File.WriteAllTextAsync(Path.Combine(files, StaticFile.Name), Answer, cancellationToken);
        (double PerSecond, double P99) file;
        await using (var server = await StaticFile.StartAsync(files, cancellationToken))
        {
            var http = new HttpStock(server.Port, Skus);
            await http.GetAsync(Connections, "/" + StaticFile.Name, WarmUp, cancellationToken);
            file = await http.GetAsync(Connections, "/" + StaticFile.Name, s_time, cancellationToken);
        }

        await using var node = await StartAsync(cancellationToken);
        var stock = new HttpStock(node.Port, Skus);
        await stock.FillAsync(cancellationToken);
        await stock.ReadAsync(Connections, WarmUp, cancellationToken);
        var (perSecond, p99) = await stock.ReadAsync(Connections, s_time, cancellationToken);
        var name = $"reads of a SKU over HTTP, {Connections} connections";
        report.Add(new BenchFigure(name, "reads/s", perSecond, "static file", file.PerSecond));
        report.Add(new BenchFigure("  99th percentile", "ms", p99, "static file", file.P99));
        report.Add(new BenchFigure("  the same", "reads/s", perSecond, "Redis GET", get.PerSecond));
        report.Add(new BenchFigure("  99th percentile", "ms", p99, "Redis GET", get.P99));
    }

    /// <summary>Durable stock records, in this process and over HTTP, beside PostgreSQL and Redis.</summary>
    public async Task RecordsAsync(RedisServer redis, CancellationToken cancellationToken)
    {
        var file = RecordFile.Generate(BenchInput.Retailer(options), 4_000_000);
        var name = FormattableString.Invariant($"records in batches of {RecordBatch:#,0}, {RecordConnections} callers");
        var inProcess = await RecordLoad.MeasureAsync(NewLake(), Path.GetFullPath(options.ProjectPath), file, RecordBatch, RecordConnections, s_time, cancellationToken);
        IngestOutcome http;
        await using (var node = await StartAsync(cancellationToken))
        {
            http = await new HttpIngest(node.Port, node.Id).MeasureAsync(file, RecordBatch, RecordConnections, s_time, cancellationToken);
        }

        var postgres = await PostgresAsync(file, cancellationToken);
        var record = System.Text.Encoding.UTF8.GetString(file.Lines(1_000, 1_001).Span).Trim();
        var stream = await RedisReservations.RecordsAsync(redis, RecordConnections, RecordBatch, record, cancellationToken);
        foreach (var (way, own) in ((string, IngestOutcome)[])[("in process", inProcess), ("over HTTP, pipeline running", http)])
        {
            report.Add(new BenchFigure($"{name}, {way}", "records/s", own.RecordsPerSecond, "PostgreSQL", postgres.RecordsPerSecond));
            report.Add(new BenchFigure("  99th percentile of a batch", "ms", own.P99Milliseconds, "PostgreSQL", postgres.P99Milliseconds));
            report.Add(new BenchFigure("  the same", "records/s", own.RecordsPerSecond, "Redis XADD, as many pipelined", stream.PerSecond));
        }
    }

    /// <summary>Whether reads see what was acknowledged, and how soon Gold has it.</summary>
    public async Task<bool> GoldAsync(CancellationToken cancellationToken)
    {
        await using var node = await StartAsync(cancellationToken);
        await new HttpStock(node.Port, Skus).FillAsync(cancellationToken);
        var seen = await new GoldDelay(node.Port, Skus, options.Clock).MeasureAsync(GoldRate, WarmUp, TimeSpan.FromSeconds(20), cancellationToken);
        report.Add(new BenchFigure("records at a steady rate", "records/s", seen.PerSecond, "wanted", GoldRate));
        report.Add(new BenchFigure("  reads after the answer that contain them", "", seen.Visible, "reads", seen.Read));
        report.Add(new BenchFigure("  answer to commit in Gold, median", "s", seen.MedianSeconds, "aim", null));
        report.Add(new BenchFigure("  99th percentile", "s", seen.P99Seconds, "aim", 1));
        return seen.Visible == seen.Read;
    }

    /// <summary>A node on an empty lake.</summary>
    public Task<NodeProcess> StartAsync(CancellationToken cancellationToken, params string[] more) =>
        NodeProcess.StartAsync(NewLake(), Path.GetFullPath(options.ProjectPath), cancellationToken, more);

    private string NewLake()
    {
        var lake = Path.Combine(folder, "lake");
        if (Directory.Exists(lake))
        {
            Directory.Delete(lake, recursive: true);
        }

        return lake;
    }

    private async Task<IngestOutcome> PostgresAsync(RecordFile file, CancellationToken cancellationToken)
    {
        var below = Directory.CreateDirectory(Path.Combine(folder, "records")).FullName;
        await using var server = await PostgresServer.StartAsync(below, cancellationToken);
        return await new PostgresIngest(server.ConnectionString, server.Id).MeasureAsync(file, RecordBatch, RecordConnections, s_time, cancellationToken);
    }
}
