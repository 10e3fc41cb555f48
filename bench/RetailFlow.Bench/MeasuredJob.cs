using System.Text.Json;

namespace RetailFlow.Bench;

/// <summary>What one child process is to measure.</summary>
/// <param name="Side">Which side.</param>
/// <param name="Folder">An empty folder for what it writes.</param>
/// <param name="Files">Input files, in order of arrival.</param>
/// <param name="Batches">Further files that arrive one by one, each measured alone.</param>
/// <param name="ProjectPath">The lake's project.</param>
/// <param name="Threads">Engine threads.</param>
/// <param name="MemoryLimitBytes">Engine memory.</param>
internal sealed record MeasuredJob(
    MeasuredSide Side, string Folder, IReadOnlyList<string> Files, IReadOnlyList<string> Batches, string ProjectPath, int Threads, long MemoryLimitBytes)
{
    public static async Task RunAsync(string job, TextWriter output, CancellationToken cancellationToken)
    {
        var measured = JsonSerializer.Deserialize<MeasuredJob>(job) ?? throw new BenchException("The child was given no job.");
        var outcome = measured.Side == MeasuredSide.Script
            ? BareScript.Run(measured, cancellationToken)
            : await LakeUnderTest.RunAsync(measured, cancellationToken);
        output.WriteLine(JsonSerializer.Serialize(outcome));
    }
}

internal enum MeasuredSide
{
    Script,
    Lake,
}

/// <summary>What a child process measured.</summary>
internal sealed record MeasuredOutcome
{
    /// <summary>The elapsed time of a whole batch.</summary>
    public const string Total = "total";

    /// <summary>The processor time of a whole batch.</summary>
    public const string ProcessorTime = "processor time";

    /// <summary>From opening the engine to the last byte written.</summary>
    public required double Seconds { get; init; }

    /// <summary>Processor time of the process until then.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>Seconds by step.</summary>
    public required IReadOnlyDictionary<string, double> Phases { get; init; }

    /// <summary>Distinct records.</summary>
    public required long SilverRows { get; init; }

    /// <summary>Keys.</summary>
    public required long GoldRows { get; init; }

    /// <summary>On hand over all keys.</summary>
    public required decimal OnHand { get; init; }

    /// <summary>Milliseconds of each batch, by step, and as <see cref="Total"/> and <see cref="ProcessorTime"/>.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> Batches { get; init; } = [];

    /// <summary>Highest resident memory of the process, before its results were counted.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Whether both sides computed the same numbers.</summary>
    public bool Agrees(MeasuredOutcome other) =>
        SilverRows == other.SilverRows && GoldRows == other.GoldRows && OnHand == other.OnHand;
}
