using System.Diagnostics;

namespace RetailFlow.Bench.Ingest;

/// <summary>Hands out batches to connections until there are no more or the time is up, and keeps what they took.</summary>
internal sealed class BatchFeeder(int batches, TimeSpan time)
{
    /// <summary>One batch in so many warms up and is not measured.</summary>
    public const int WarmUpShare = 20;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = new(batches);
    private int _next = -1;
    private long _records;
    private long _lastDone;

    /// <summary>Longest warming up.</summary>
    public static TimeSpan WarmUpTime { get; } = TimeSpan.FromSeconds(3);

    /// <summary>The next batch, or null.</summary>
    public int? Next()
    {
        if (Stopwatch.GetElapsedTime(_started) > time)
        {
            return null;
        }

        var next = Interlocked.Increment(ref _next);
        return next < batches ? next : null;
    }

    /// <summary>Says that a batch is durable.</summary>
    public void Done(int records, long sentAt)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _records += records;
            _lastDone = Math.Max(_lastDone, now);
            _milliseconds.Add(Stopwatch.GetElapsedTime(sentAt, now).TotalMilliseconds);
        }
    }

    public IngestOutcome Outcome(string detail)
    {
        var sorted = _milliseconds.Order().ToArray();
        return new IngestOutcome(
            _records,
            Stopwatch.GetElapsedTime(_started, _lastDone).TotalSeconds,
            sorted[sorted.Length / 2],
            sorted[sorted.Length * 99 / 100],
            detail);
    }
}

/// <summary>What one side took in.</summary>
/// <param name="Records">Records acknowledged as durable.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="MedianMilliseconds">Of a batch, sent to answered.</param>
/// <param name="P99Milliseconds">The same at the 99th percentile.</param>
/// <param name="Detail">What else was seen.</param>
internal sealed record IngestOutcome(long Records, double Seconds, double MedianMilliseconds, double P99Milliseconds, string Detail)
{
    /// <summary>Processor time of the server while it took them in, or null where it is not known.</summary>
    public double? ServerCpuSeconds { get; init; }

    public double? CpuMicrosecondsPerRecord => ServerCpuSeconds * 1e6 / Records;

    public double RecordsPerSecond => Records / Seconds;
}
