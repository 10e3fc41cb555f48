using System.Globalization;
using System.Text;

namespace RetailFlow.Stock.Journal;

/// <summary>One partition of a topic, under the name that the project has for the place it is read from.</summary>
public sealed record MessagePartition
{
    private const char Separator = '/';

    /// <summary>Names a partition.</summary>
    /// <param name="feed">The project's name for the place: 1 to 32 of a-z, 0-9, '_' and '-'.</param>
    /// <param name="topic">The topic, of the characters that topics have: A-Z, a-z, 0-9, '.', '_' and '-'.</param>
    /// <param name="partition">The partition's number, from 0.</param>
    public MessagePartition(string feed, string topic, int partition)
    {
        Feed = feed;
        Topic = topic;
        Partition = partition;
        Utf8 = Encoding.UTF8.GetBytes(ToString());
    }

    /// <summary>The project's name for the place.</summary>
    public string Feed { get; }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The partition's number.</summary>
    public int Partition { get; }

    internal byte[] Utf8 { get; }

    /// <summary>Reads what <see cref="ToString"/> wrote; null if it is none.</summary>
    public static MessagePartition? Parse(string text)
    {
        string[] parts = text.Split(Separator);
        return parts.Length == 3 && parts[0].Length > 0 && parts[1].Length > 0
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int partition)
            ? new MessagePartition(parts[0], parts[1], partition)
            : null;
    }

    /// <summary><c>feed/topic/partition</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Feed}{Separator}{Topic}{Separator}{Partition}");

    /// <inheritdoc/>
    public bool Equals(MessagePartition? other) =>
        other is not null && Partition == other.Partition && Topic == other.Topic && Feed == other.Feed;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Feed, Topic, Partition);
}

/// <summary>Where a message stands in its partition: what the entry that it came to carries, so that both become durable or neither.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The message's offset, from 0.</param>
public readonly record struct MessageOrigin(MessagePartition Partition, long Offset)
{
    private const byte At = (byte)'@';

    /// <summary>Reads <c>feed/topic/partition@offset</c>.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static MessageOrigin Parse(ReadOnlySpan<byte> utf8)
    {
        int at = utf8.LastIndexOf(At);
        if (at > 0 && long.TryParse(utf8[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long offset)
            && MessagePartition.Parse(Encoding.UTF8.GetString(utf8[..at])) is { } partition)
        {
            return new MessageOrigin(partition, offset);
        }

        throw new InvalidDataException($"'{Encoding.UTF8.GetString(utf8)}' is not the place of a message.");
    }

    internal void WriteTo(Records.ByteBuffer buffer)
    {
        buffer.Append(Partition.Utf8);
        buffer.Append(At);
        Span<byte> digits = stackalloc byte[20];
        Offset.TryFormat(digits, out int written, provider: CultureInfo.InvariantCulture);
        buffer.Append(digits[..written]);
    }
}
