namespace RetailFlow.Delta;

/// <summary>Who committed what, and why (action <c>commitInfo</c>). Informational, apart from <see cref="InCommitTimestamp"/>.</summary>
public sealed record CommitInfo : DeltaAction
{
    /// <summary>Milliseconds since 1970 UTC by the writer's clock.</summary>
    public long? Timestamp { get; init; }

    /// <summary>The commit's time where in-commit timestamps are on: milliseconds since 1970 UTC, rising with the version.</summary>
    public long? InCommitTimestamp { get; init; }

    /// <summary>Name of the operation, such as <c>WRITE</c>, <c>MERGE</c>, <c>OPTIMIZE</c>.</summary>
    public string? Operation { get; init; }

    /// <summary>Parameters of the operation; values that were not JSON strings are kept as JSON text.</summary>
    public IReadOnlyDictionary<string, string> OperationParameters { get; init; } = EmptyMaps.Text;

    /// <summary>Figures about the operation, by Spark's names (<c>numOutputRows</c>...).</summary>
    public IReadOnlyDictionary<string, string> OperationMetrics { get; init; } = EmptyMaps.Text;

    /// <summary>Version that the transaction read; null when it created the table.</summary>
    public long? ReadVersion { get; init; }

    /// <summary>Isolation level under which conflicts were checked.</summary>
    public string? IsolationLevel { get; init; }

    /// <summary>True when the commit only added files and read nothing of the table.</summary>
    public bool? IsBlindAppend { get; init; }

    /// <summary>Name and version of the writer.</summary>
    public string? EngineInfo { get; init; }

    /// <summary>Unique name of the commit attempt; tells a writer whether a commit is its own.</summary>
    public string? TxnId { get; init; }

    /// <summary>Facts about the commit by key, such as <c>delta.rowTracking.preserved</c>.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyMaps.Text;

    /// <summary>Every other field, by name, as JSON text.</summary>
    public IReadOnlyDictionary<string, string> Rest { get; init; } = EmptyMaps.Text;

    /// <summary>True if both tell of one attempt to commit: by its unique name, or, without one, by time and author.</summary>
    internal bool IsOfSameCommit(CommitInfo other) => TxnId == other.TxnId
        && (TxnId is not null
            || (Timestamp, InCommitTimestamp, Operation, EngineInfo, ReadVersion) == (other.Timestamp, other.InCommitTimestamp, other.Operation, other.EngineInfo, other.ReadVersion));
}
