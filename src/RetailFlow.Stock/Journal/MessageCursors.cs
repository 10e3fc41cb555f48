namespace RetailFlow.Stock.Journal;

/// <summary>
/// Which messages of the partitions that are owned at this moment are still to be taken: each once, in the order of its partition. What a broker
/// delivers again is passed over. For one thread.
/// </summary>
/// <param name="positions">How far the journal is.</param>
public sealed class MessageCursors(MessagePositions positions)
{
    private readonly Dictionary<MessagePartition, long> expected = [];

    /// <summary>The partitions that are owned.</summary>
    public IReadOnlyCollection<MessagePartition> Owned => expected.Keys;

    /// <summary>Messages that were delivered although the journal has them, or by a partition that is not owned.</summary>
    public long PassedOver { get; private set; }

    /// <summary>Takes ownership of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="start">Where to begin where the journal knows nothing of it.</param>
    /// <returns>The offset to read from.</returns>
    public long Assign(MessagePartition partition, long start)
    {
        long offset = positions.Next(partition) ?? start;
        expected[partition] = offset;
        return offset;
    }

    /// <summary>Gives ownership up: nothing of the partition is taken any more.</summary>
    public void Revoke(MessagePartition partition) => expected.Remove(partition);

    /// <summary>Goes on at another offset, because what the journal waits for is not there any more.</summary>
    public void Jump(MessagePartition partition, long offset) => expected[partition] = offset;

    /// <summary>The next offset that is taken of an owned partition.</summary>
    public long Next(MessagePartition partition) => expected[partition];

    /// <summary>Whether a message is to be taken; one that is taken is not wanted again.</summary>
    public bool TryTake(in MessageOrigin origin)
    {
        if (expected.TryGetValue(origin.Partition, out long next) && origin.Offset >= next)
        {
            expected[origin.Partition] = origin.Offset + 1;
            return true;
        }

        PassedOver++;
        return false;
    }
}
