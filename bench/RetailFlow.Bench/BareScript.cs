using System.Diagnostics;
using RetailFlow.DuckDb;

namespace RetailFlow.Bench;

/// <summary>
/// The baseline of the lake: what a script of a few lines over DuckDB does with the same files. It checks nothing, logs
/// nothing, keeps no RAW, and starts from the beginning every time.
/// </summary>
internal static class BareScript
{
    public static MeasuredOutcome Run(MeasuredJob job, CancellationToken cancellationToken)
    {
        var phases = new Dictionary<string, double>();
        var started = Stopwatch.GetTimestamp();
        using var database = DuckDbDatabase.Open(null, new DuckDbOptions
        {
            Threads = job.Threads,
            MemoryLimitBytes = job.MemoryLimitBytes,
            TempDirectory = Path.Combine(job.Folder, "spill"),
            PreserveInsertionOrder = false,
        });
        using var connection = database.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        Step("bronze", BareScriptSql.Bronze([.. job.Files, .. job.Batches], Bronze(job)));
        Step("silver", BareScriptSql.Silver(Bronze(job), Silver(job)));
        Step("gold", BareScriptSql.Gold(Silver(job), Gold(job)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new MeasuredOutcome
        {
            Seconds = seconds,
            CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            Phases = phases,
            PeakBytes = ProcessMemory.PeakBytes(),
            SilverRows = connection.Scalar<long>(BareScriptSql.Rows(Silver(job))),
            GoldRows = connection.Scalar<long>(BareScriptSql.Rows(Gold(job))),
            OnHand = connection.Scalar<decimal>(BareScriptSql.OnHand(Gold(job))),
        };

        void Step(string name, string sql)
        {
            var begun = Stopwatch.GetTimestamp();
            connection.Execute(sql);
            phases[name] = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        }
    }

    private static string Bronze(MeasuredJob job) => Path.Combine(job.Folder, "bronze.parquet");

    private static string Silver(MeasuredJob job) => Path.Combine(job.Folder, "silver.parquet");

    private static string Gold(MeasuredJob job) => Path.Combine(job.Folder, "gold.parquet");
}
