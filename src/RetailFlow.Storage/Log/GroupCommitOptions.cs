namespace RetailFlow.Storage;

/// <summary>Limits of a <see cref="GroupCommitLog{TItem, TResult}"/>.</summary>
public sealed record GroupCommitOptions
{
    /// <summary>Items that may wait; when so many wait, callers wait for room.</summary>
    public int QueueCapacity { get; init; } = 8192;

    /// <summary>Bytes of records after which a sync happens though more items wait.</summary>
    public int BatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of records that are handed to the file before the sync, so that the device is at work while more are encoded.</summary>
    public int WriteAheadBytes { get; init; } = 256 * 1024;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueCapacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(WriteAheadBytes, 1);
    }
}
