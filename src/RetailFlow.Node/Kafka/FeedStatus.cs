using RetailFlow.Stock.Journal;

namespace RetailFlow.Node.Kafka;

/// <summary>How one feed of messages fares, as of a moment.</summary>
internal sealed record FeedStatus
{
    /// <summary>The feed's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its consumer group.</summary>
    public required string Group { get; init; }

    /// <summary>What it does.</summary>
    public FeedState State { get; init; }

    /// <summary>What went wrong last; it may have mended since.</summary>
    public string? LastError { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>Messages that became durable since the start of the node.</summary>
    public long Taken { get; init; }

    /// <summary>Messages that were delivered again, or not to be taken, since the start of the node.</summary>
    public long PassedOver { get; init; }

    /// <summary>The partitions that the feed owns.</summary>
    public IReadOnlyList<PartitionStatus> Partitions { get; init; } = [];
}

/// <summary>What a feed does.</summary>
internal enum FeedState
{
    /// <summary>It waits to be given partitions.</summary>
    Joining,

    /// <summary>It takes what comes.</summary>
    Consuming,

    /// <summary>It fetches nothing, because the journal is slow.</summary>
    Waiting,

    /// <summary>It tries to open its client again.</summary>
    Retrying,

    /// <summary>It takes nothing more until the node is started again.</summary>
    Stopped,
}

/// <summary>How far a partition is.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The next offset after what the journal has; null as long as it has nothing.</param>
/// <param name="End">The next offset that the broker will give; null as long as it has not said.</param>
/// <param name="AtEnd">Whether everything was taken when the broker was last asked.</param>
/// <param name="Stopped">Why nothing more of it is taken; null while all is well.</param>
/// <param name="Skipped">Messages that were gone before they were taken, and jumped over as configured.</param>
/// <param name="LastMessageAt">Time of the last message that was taken, as the broker has it.</param>
internal sealed record PartitionStatus(
    MessagePartition Partition, long? Position, long? End, bool AtEnd, string? Stopped, long Skipped, DateTimeOffset? LastMessageAt)
{
    /// <summary>Offsets that the broker has given and the journal does not have; null as long as either is not known.</summary>
    public long? Lag => AtEnd ? 0 : End is { } end && Position is { } position ? Math.Max(0, end - position) : null;
}
