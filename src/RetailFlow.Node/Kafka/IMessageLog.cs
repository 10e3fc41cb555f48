using RetailFlow.Connectors.Kafka;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Node.Kafka;

/// <summary>A member of a consumer group. For one thread; its owner is called on that thread, within <see cref="Poll"/> and <see cref="Close"/>.</summary>
internal interface IMessageLog : IDisposable
{
    /// <summary>In place of an offset: the oldest message that the broker has.</summary>
    const long Beginning = -2;

    /// <summary>Asks the group for partitions.</summary>
    void Join(IPartitionOwner owner);

    /// <summary>What comes next, or null if nothing came in time.</summary>
    LogSignal? Poll(TimeSpan longest);

    /// <summary>Fetches nothing more of the partitions that are owned at this moment until <see cref="Resume"/>.</summary>
    void Pause();

    /// <summary>Fetches again.</summary>
    void Resume();

    /// <summary>Reads all partitions that are owned anew from these offsets, or from <see cref="Beginning"/>.</summary>
    void ReadFrom(IEnumerable<KeyValuePair<MessagePartition, long>> offsets);

    /// <summary>Tells the group, for displays of others, that everything before these offsets is done.</summary>
    void Report(IEnumerable<KeyValuePair<MessagePartition, long>> done);

    /// <summary>The oldest offset that the broker has of a partition, and the next that it will give; asked of the broker.</summary>
    (long First, long End) Bounds(MessagePartition partition);

    /// <summary>The end of an owned partition as the last fetch told it; null if none did.</summary>
    long? KnownEnd(MessagePartition partition);

    /// <summary>Leaves the group.</summary>
    void Close();
}

/// <summary>Who consumes the partitions that a member of a group is given.</summary>
internal interface IPartitionOwner
{
    /// <summary>Partitions are owned from this moment.</summary>
    /// <returns>The offsets to read from, in the same order; or <see cref="IMessageLog.Beginning"/>.</returns>
    IReadOnlyList<long> Assigned(IReadOnlyList<MessagePartition> partitions);

    /// <summary>Partitions are owned until the call returns; <paramref name="lost"/> says that they were not even until then.</summary>
    void Revoked(IReadOnlyList<MessagePartition> partitions, bool lost);
}

/// <summary>Something that comes of polling.</summary>
internal abstract record LogSignal;

/// <summary>A message.</summary>
internal sealed record MessageCame(TopicMessage Message) : LogSignal;

/// <summary>A partition has no more messages at this moment.</summary>
internal sealed record EndReached(MessagePartition Partition) : LogSignal;

/// <summary>The offset that was asked for is not there: retention took it, or the topic is another one.</summary>
internal sealed record OffsetGone(MessagePartition Partition) : LogSignal;

/// <summary>Something is wrong that the client goes on trying to mend by itself.</summary>
internal sealed record LogTrouble(string Reason) : LogSignal;
