using System.Buffers;
using System.Buffers.Text;

namespace RetailFlow.Stock.Records;

/// <summary>The identity of a record: (source, event_id, line).</summary>
public static class RecordIdentity
{
    private const byte Separator = 0x1F;

    /// <summary>
    /// 128 bits that stand for an identity in memory. Two identities share them by accident only; what must be exact compares
    /// <see cref="WriteKey"/>.
    /// </summary>
    public static UInt128 Fingerprint(ReadOnlySpan<byte> source, ReadOnlySpan<byte> eventId, long line)
    {
        ContentHasher hasher = ContentHasher.Start();
        hasher.Add(source);
        hasher.Add(eventId);
        hasher.Add(line);
        return hasher.Both;
    }

    /// <summary>
    /// Writes the canonical key: source, 0x1F, event_id, 0x1F, line in decimal. Unambiguous, since no identifier holds a control
    /// character.
    /// </summary>
    public static void WriteKey(IBufferWriter<byte> writer, ReadOnlySpan<byte> source, ReadOnlySpan<byte> eventId, long line)
    {
        Span<byte> target = writer.GetSpan(source.Length + eventId.Length + 22);
        source.CopyTo(target);
        int at = source.Length;
        target[at++] = Separator;
        eventId.CopyTo(target[at..]);
        at += eventId.Length;
        target[at++] = Separator;
        Utf8Formatter.TryFormat(line, target[at..], out int digits);
        writer.Advance(at + digits);
    }
}
