namespace RetailFlow.Node.Refresh;

/// <summary>How the pipeline fares.</summary>
internal sealed record RunStatus
{
    /// <summary>Runs that succeeded.</summary>
    public long Runs { get; init; }

    /// <summary>Runs that failed since the last that succeeded.</summary>
    public int Failures { get; init; }

    /// <summary>Why the last run failed; null if it did not.</summary>
    public string? Reason { get; init; }

    /// <summary>When the last run ended; null before the first.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How long the last run took.</summary>
    public TimeSpan Elapsed { get; init; }
}
