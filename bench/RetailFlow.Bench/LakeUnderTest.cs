using System.Diagnostics;
using System.Globalization;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;

namespace RetailFlow.Bench;

/// <summary>Our side: the lake, used as anyone uses it. Files are landed in RAW and brought to Gold with every check on.</summary>
internal static class LakeUnderTest
{
    private const string Feed = "inventory";

    public static async Task<MeasuredOutcome> RunAsync(MeasuredJob job, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await using var lake = await Lake.OpenAsync(
            new LakeOptions
            {
                LakePath = Path.Combine(job.Folder, "lake"),
                ProjectPath = job.ProjectPath,
                Threads = job.Threads,
                MemoryLimitBytes = job.MemoryLimitBytes,
            },
            cancellationToken);
        var phases = await TakeInAsync(lake, job.Files, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var cpu = Environment.CpuUsage.TotalTime.TotalSeconds;

        var batches = new List<IReadOnlyDictionary<string, double>>();
        foreach (var file in job.Batches)
        {
            var begun = Stopwatch.GetTimestamp();
            var before = Environment.CpuUsage.TotalTime;
            var steps = await TakeInAsync(lake, [file], cancellationToken);
            var total = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            batches.Add(new Dictionary<string, double>(steps.Select(step => KeyValuePair.Create(step.Key, step.Value * 1_000)))
            {
                [MeasuredOutcome.Total] = total,
                [MeasuredOutcome.ProcessorTime] = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds,
            });
        }

        var peak = ProcessMemory.PeakBytes();
        return new MeasuredOutcome
        {
            Seconds = seconds,
            CpuSeconds = cpu,
            Phases = phases,
            Batches = batches,
            PeakBytes = peak,
            SilverRows = await NumberAsync<long>(lake, LakeUnderTestSql.SilverRows, cancellationToken),
            GoldRows = await NumberAsync<long>(lake, LakeUnderTestSql.GoldRows, cancellationToken),
            OnHand = await NumberAsync<decimal>(lake, LakeUnderTestSql.OnHand, cancellationToken),
        };
    }

    /// <summary>Lands files and brings every table up to date; seconds by step.</summary>
    private static async Task<Dictionary<string, double>> TakeInAsync(Lake lake, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await lake.Landing.LandAsync(Feed, files, source: null, batchId: null, cancellationToken);
        var steps = new Dictionary<string, double> { ["landing"] = Stopwatch.GetElapsedTime(started).TotalSeconds };
        var report = await lake.Pipeline.RunAsync(new RunOptions { Discover = false }, cancellationToken);
        foreach (var step in report.Steps)
        {
            steps[step.Table] = step.Elapsed.TotalSeconds;
        }

        return steps;
    }

    private static async Task<T> NumberAsync<T>(Lake lake, string sql, CancellationToken cancellationToken)
    {
        using var result = await lake.Sql.QueryAsync(sql, cancellationToken);
        return (T)Convert.ChangeType(result.Rows().Single()[0]!, typeof(T), CultureInfo.InvariantCulture);
    }
}
