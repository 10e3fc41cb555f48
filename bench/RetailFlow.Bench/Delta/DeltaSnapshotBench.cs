using System.Diagnostics;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Bench;

/// <summary>
/// How long it takes to know the files of a table with all that its log says about them; beside it, what the engine needs to look at
/// every value of the same checkpoint.
/// </summary>
internal sealed class DeltaSnapshotBench(BenchOptions options, string folder, BenchReport report)
{
    private const string Baseline = "bare query";
    private const int WarmRuns = 5;

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note(FormattableString.Invariant($"snapshot from a classic checkpoint and {GeneratedLog.CommitsAfter} commits after it; median of {WarmRuns} after the first"));
        report.Note("baseline: count(*), sum(add.size), max(length(add.stats)) over the same checkpoint file");
        using var engine = TableEngine.Open(new TableEngineOptions
        {
            WorkFolder = Path.Combine(folder, "engine"),
            Threads = options.Threads,
            MemoryLimitBytes = options.MemoryLimitBytes,
        });
        var parquet = new DuckDbCheckpointParquet(engine);
        var store = new LocalObjectStore(Directory.CreateDirectory(Path.Combine(folder, "tables")).FullName);
        var agree = true;
        foreach (var files in options.TableFiles)
        {
            var table = FormattableString.Invariant($"table{files}");
            var writing = Stopwatch.GetTimestamp();
            await GeneratedLog.WriteAsync(store, table, files, parquet, options.Seed, cancellationToken);
            var written = Stopwatch.GetElapsedTime(writing).TotalSeconds;
            agree &= await MeasureAsync(engine, parquet, store, table, files, written, cancellationToken);
        }

        report.Note(agree ? "both sides agree on the number of files and their sizes" : "the two sides do NOT agree");
        return agree;
    }

    private async Task<bool> MeasureAsync(
        TableEngine engine, ICheckpointParquet parquet, LocalObjectStore store, string table, int files, double written, CancellationToken cancellationToken)
    {
        var log = new DeltaLog(store, table, parquet, new DeltaLogOptions { Clock = options.Clock, NewGuid = Guid.NewGuid, EngineInfo = "RetailFlow/bench" });
        var own = new List<double>();
        var bare = new List<double>();
        var agree = true;
        long held = 0;
        for (var run = 0; run <= WarmRuns; run++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var started = Stopwatch.GetTimestamp();
            var snapshot = await log.LoadAsync(cancellationToken);
            own.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            if (run == 0)
            {
                // Later runs begin while the snapshot before them may still be there.
                held = GC.GetTotalMemory(forceFullCollection: true) - before;
            }

            started = Stopwatch.GetTimestamp();
            var (count, size) = Query(engine, store.LocalPath(GeneratedLog.CheckpointPath(table)));
            bare.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            agree &= snapshot.FileCount == GeneratedLog.LiveFiles(files) && count == files
                && snapshot.TotalSize == size + (await LaterSizeAsync(log, cancellationToken));
            GC.KeepAlive(snapshot);
        }

        var name = FormattableString.Invariant($"snapshot of {files:#,0} files");
        report.Add(new BenchFigure(name, "s", Median.Of(own.Skip(1)), Baseline, Median.Of(bare.Skip(1))));
        report.Add(new BenchFigure("  the first one", "s", own[0], Baseline, bare[0]));
        report.Add(new BenchFigure("  memory that it holds", "MiB", held / (double)(1 << 20), "checkpoint file", new FileInfo(store.LocalPath(GeneratedLog.CheckpointPath(table))).Length / (double)(1 << 20)));
        report.Add(new BenchFigure("  peak resident memory so far", "MiB", ProcessMemory.PeakBytes() / (double)(1 << 20), Baseline, null));
        report.Add(new BenchFigure("  writing its checkpoint", "s", written, Baseline, null));
        return agree;
    }

    private static async Task<long> LaterSizeAsync(DeltaLog log, CancellationToken cancellationToken)
    {
        var changes = await log.ChangesAsync(GeneratedLog.CheckpointVersion, GeneratedLog.CheckpointVersion + GeneratedLog.CommitsAfter, cancellationToken);
        return changes.SelectMany(c => c.Adds).Sum(a => a.Size);
    }

    private static (long Count, long Size) Query(TableEngine engine, string file)
    {
        using var connection = engine.Connect();
        using var result = connection.Query($"select count(add.path), sum(add.size)::bigint, max(length(add.stats)) from read_parquet({SqlText.Literal(file)})");
        var row = result.ToList()[0];
        return ((long)row[0]!, (long)row[1]!);
    }
}
