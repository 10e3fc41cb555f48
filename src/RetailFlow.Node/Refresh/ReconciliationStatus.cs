namespace RetailFlow.Node.Refresh;

/// <summary>What the node's own reconciliation has found.</summary>
internal sealed record ReconciliationStatus
{
    /// <summary>Whether everything added up the last time that it could be found out; null before the first.</summary>
    public bool? Holds { get; init; }

    /// <summary>The moment whose tables were looked at; null before the first.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Every record of the journal up to this one was in Gold then.</summary>
    public long Sequence { get; init; }

    /// <summary>Checks that were made.</summary>
    public int Checks { get; init; }

    /// <summary>The first differences, each with its table; empty if everything added up.</summary>
    public IReadOnlyList<string> Differences { get; init; } = [];

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Reconciliations since the start that came to a result.</summary>
    public long Runs { get; init; }

    /// <summary>Why the last one came to no result; null if it did.</summary>
    public string? Reason { get; init; }

    /// <summary>When the next one is due; null while there is none to come or one is under way.</summary>
    public DateTimeOffset? Next { get; init; }
}
