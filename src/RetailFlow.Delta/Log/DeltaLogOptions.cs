namespace RetailFlow.Delta;

/// <summary>What a <see cref="DeltaLog"/> takes from outside, and its limits.</summary>
public sealed record DeltaLogOptions
{
    /// <summary>The clock; commit times, tombstones and retention come from it.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Source of the unique names of commit attempts.</summary>
    public required Func<Guid> NewGuid { get; init; }

    /// <summary>Name and version of the writer for the history.</summary>
    public required string EngineInfo { get; init; }

    /// <summary>A checkpoint follows every so many commits, unless the table's <c>delta.checkpointInterval</c> says otherwise.</summary>
    public int CheckpointInterval { get; init; } = 100;

    /// <summary>How many times a commit that loses the race for its version is moved to the next one.</summary>
    public int MaxCommitAttempts { get; init; } = 200;

    /// <summary>How many times a put whose outcome is unknown is looked up and repeated.</summary>
    public int MaxPutAttempts { get; init; } = 4;

    /// <summary>Whether a version checksum (<c>.crc</c>) follows every commit; one more small file each.</summary>
    public bool WriteVersionChecksums { get; init; } = true;
}
