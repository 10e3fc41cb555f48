using System.Diagnostics;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Bench;

/// <summary>
/// What a MERGE costs: many rows, half of them updates, into a large table; the same again; one row. Beside it, what the engine needs
/// to read the same files and join them, without a table.
/// </summary>
internal sealed class DeltaMergeBench(BenchOptions options, string folder, BenchReport report)
{
    private const string Baseline = "bare join";
    private const int SingleRows = 7;
    private const int AgainTimes = 3;

    private static readonly StructType Schema = new(
    [
        new StructField("id", PrimitiveType.Long),
        new StructField("sku", PrimitiveType.String),
        new StructField("location", PrimitiveType.String),
        new StructField("quantity", new DecimalType(18, 3)),
        new StructField("price", new DecimalType(18, 4)),
        new StructField("at", PrimitiveType.Timestamp),
        new StructField("note", PrimitiveType.String),
        new StructField("kind", PrimitiveType.Integer),
    ]);

    private string Rows(string ids) =>
        $"select id, 'SKU-' || (hash(id) % {options.Skus}) as sku, 'L' || (id % {options.Locations}) as location, (hash(id + 1) % 1000)::decimal(18,3) as quantity, "
        + $"(hash(id + 2) % 100000)::decimal(18,4) as price, timestamptz '2026-01-01' + interval (id) second as at, 'note ' || hash(id + 3) as note, (id % 7)::integer as kind from ({ids})";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note(FormattableString.Invariant(
            $"MERGE of {options.MergeRows:#,0} rows, half updates of rows all over the table, half new, into {options.MergeTableRows:#,0} rows of 8 columns; engine memory {options.MemoryLimitBytes >> 20} MiB"));
        report.Note("baseline: the engine alone reads every column of the same Parquet files and joins them by the key, in the same process");
        var source = Path.Combine(folder, "source.parquet");
        var agree = true;
        foreach (var profile in new[] { TableProfile.Modern, TableProfile.Interop })
        {
            agree &= await MeasureAsync(profile, source, cancellationToken);
        }

        report.Note("copy-on-write also beside: the engine alone reads the whole table and writes it again as Parquet, same codec and file size, not synced");
        report.Note(agree ? "both profiles hold the rows that the statement asks for" : "the rows are NOT those that the statement asks for");
        return agree;
    }

    private async Task<bool> MeasureAsync(TableProfile profile, string source, CancellationToken cancellationToken)
    {
        var store = new LocalObjectStore(Directory.CreateDirectory(Path.Combine(folder, profile.Name)).FullName);
        using var session = DeltaTables.Open(store, new DeltaTablesOptions
        {
            WorkFolder = Path.Combine(folder, "work"),
            Threads = options.Threads,
            MemoryLimitBytes = options.MemoryLimitBytes,
        });
        var table = DeltaTable.Open(session, "merged");
        await table.CreateAsync(new TableDefinition { Schema = Schema, Profile = profile }, cancellationToken);
        await table.AppendAsync(Rows($"select range as id from range({options.MergeTableRows})"), cancellationToken: cancellationToken);
        var files = (await table.LoadAsync(cancellationToken: cancellationToken)).Files.Select(f => store.LocalPath("merged/" + f.DecodedPath)!).ToList();
        WriteSource(source);
        var (bare, keys) = Bare(files, source);

        var merge = new Merge
        {
            Source = $"select * from read_parquet({SqlText.Literal(source)})",
            Keys = Merge.On("id"),
            WhenMatched = [MatchedClause.UpdateAll()],
            WhenNotMatched = [new InsertClause()],
        };
        ProcessMemory.ResetPeak();
        var (seconds, done) = await TimeAsync(() => table.MergeAsync(merge, cancellationToken: cancellationToken));
        var peak = ProcessMemory.PeakBytes();
        report.Add(new BenchFigure($"{profile.Name}: merge", "s", seconds, Baseline, bare));
        if (profile == TableProfile.Interop)
        {
            // Every file holds a changed row, so that copy-on-write cannot do with less than this.
            var size = (await table.LoadAsync(cancellationToken: cancellationToken)).Properties.TargetFileBytes;
            report.Add(new BenchFigure("  beside the whole table read and written again", "s", seconds, "bare rewrite", BareRewrite(files, size)));
        }

        report.Add(new BenchFigure("  files", "", (await table.LoadAsync(cancellationToken: cancellationToken)).FileCount, "before", files.Count));
        report.Add(new BenchFigure("  peak resident memory", "MiB", peak / (double)(1 << 20), Baseline, null));
        report.Add(new BenchFigure("  bytes written", "MiB", done.BytesWritten / (double)(1 << 20), "table", files.Sum(f => new FileInfo(f).Length) / (double)(1 << 20)));
        report.Add(new BenchFigure("  unchanged rows written again", "rows", done.RowsCopied, Baseline, null));
        report.Add(new BenchFigure("  join of the keys alone", "s", null, Baseline, keys));

        var again = new List<(double Seconds, RowChangeReport Report)>();
        for (var i = 0; i < AgainTimes; i++)
        {
            again.Add(await TimeAsync(() => table.MergeAsync(merge, cancellationToken: cancellationToken)));
        }

        report.Add(new BenchFigure($"{profile.Name}: the same merge again", "s", Median.Of(again.Select(a => a.Seconds)), Baseline, bare));
        var single = new List<double>();
        for (var i = 0; i < SingleRows; i++)
        {
            var id = options.MergeTableRows / SingleRows * i;
            var one = merge with { Source = Rows($"select {id} as id").Replace("'note '", "'once '", StringComparison.Ordinal) };
            single.Add(1_000 * (await TimeAsync(() => table.MergeAsync(one, cancellationToken: cancellationToken))).Seconds);
        }

        report.Add(new BenchFigure($"{profile.Name}: merge of one row", "ms", Median.Of(single), Baseline, bare * 1_000));
        report.Add(new BenchFigure("  slowest", "ms", single.Max(), Baseline, null));
        using var counted = await table.QueryAsync("select count(*), count(*) filter (where note = 'merged'), count(*) filter (where note like 'once %') from {table}", cancellationToken: cancellationToken);
        var row = counted.Rows().Single();
        var half = options.MergeRows / 2;
        return done is { RowsInserted: var inserted, RowsUpdated: var updated } && inserted == half && updated == half && again.TrueForAll(a => a.Report.Version is null)
            && (long)row[0]! == options.MergeTableRows + half && (long)row[2]! == SingleRows && (long)row[1]! >= options.MergeRows - SingleRows;
    }

    private void WriteSource(string source)
    {
        using var engine = DuckDbDatabase.Open(null, new DuckDbOptions { Threads = options.Threads, MemoryLimitBytes = options.MemoryLimitBytes });
        using var connection = engine.Connect();

        // Multiplying by a number prime to the table's size meets every id once, in no order.
        var ids = $"select case when range % 2 = 0 then (range // 2 * 7919 * 104729) % {options.MergeTableRows} else {options.MergeTableRows} + range end as id from range({options.MergeRows})";
        connection.Execute($"copy (select * replace ('merged' as note) from ({Rows(ids)})) to {SqlText.Literal(source)} (format parquet)");
    }

    private (double All, double Keys) Bare(IReadOnlyList<string> files, string source)
    {
        using var engine = DuckDbDatabase.Open(null, new DuckDbOptions { Threads = options.Threads, MemoryLimitBytes = options.MemoryLimitBytes });
        using var connection = engine.Connect();
        var from = $"from read_parquet({SqlText.List(files)}) t join read_parquet({SqlText.Literal(source)}) s on t.id = s.id";
        var columns = string.Join(", ", Schema.Fields.SelectMany(f => new[] { $"t.{SqlText.Name(f.Name)}", $"s.{SqlText.Name(f.Name)}" }));
        double Time(string sql) => Median.Of(Enumerable.Range(0, 3).Select(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            connection.Scalar<long>(sql);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }));

        // The hash must be asked for, or the engine reads no more than the keys.
        return (Time($"select cast(bit_xor(hash({columns})) % 1000 as bigint) {from}"), Time($"select count(*) {from}"));
    }

    private double BareRewrite(IReadOnlyList<string> files, long fileBytes)
    {
        var target = Path.Combine(folder, "rewritten");
        using var engine = DuckDbDatabase.Open(
            null, new DuckDbOptions { Threads = options.Threads, MemoryLimitBytes = options.MemoryLimitBytes, PreserveInsertionOrder = false });
        using var connection = engine.Connect();
        var started = Stopwatch.GetTimestamp();
        connection.Execute(FormattableString.Invariant(
            $"copy (select * from read_parquet({SqlText.List(files)})) to {SqlText.Literal(target)} (format parquet, compression snappy, append true, file_size_bytes {fileBytes})"));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Directory.Delete(target, recursive: true);
        return seconds;
    }

    private static async Task<(double Seconds, RowChangeReport Report)> TimeAsync(Func<ValueTask<RowChangeReport>> statement)
    {
        var started = Stopwatch.GetTimestamp();
        var done = await statement();
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, done);
    }
}
