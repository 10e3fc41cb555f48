using System.Buffers;
using System.Buffers.Text;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Journal;

/// <summary>What an entry of the journal is.</summary>
public enum JournalEntryKind : byte
{
    /// <summary>A stock record as received.</summary>
    Record,

    /// <summary>Bytes that came in place of a stock record.</summary>
    Malformed,

    /// <summary>A transition of a reservation, decided by the node.</summary>
    Reservation,

    /// <summary>An oversell that came to light, noted by the node.</summary>
    Incident,
}

/// <summary>
/// One line of a segment taken apart:
/// <c>{"seq":N,"at":"2026-11-22T00:00:00.123456Z","source":"S","record":{...}}</c>, with or without the checksum in front, and with
/// <c>"malformed":"base64"</c> in place of the record where what came was no JSON object, and <c>"reservation":{...}</c> or
/// <c>"incident":{...}</c> for what the node itself decided or noted. An entry that was a message of a topic says so before its record:
/// <c>"from":"feed/topic/3@17"</c>. What a door refused by a rule of its own has
/// <c>"refused":{"rule":"R","field":"F","detail":"D"}</c> before its bytes, which are then never judged again. The spans are those of the line.
/// </summary>
public readonly ref struct JournalEnvelopeReader
{
    private const int TimeLength = 27;
    private const int ChecksumMemberLength = 20; // {"crc32c":"89abcdef"

    private readonly ReadOnlySpan<byte> malformed;

    /// <summary>Takes <paramref name="line"/> apart; its checksum is the business of who read it from the disk.</summary>
    /// <exception cref="InvalidDataException">The line is no envelope.</exception>
    public JournalEnvelopeReader(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> rest = line.TrimEnd((byte)'\n');
        if (rest.StartsWith("{\"crc32c\":\""u8) && rest.Length > ChecksumMemberLength)
        {
            rest = rest[ChecksumMemberLength..];
            Require(rest[0] == (byte)',');
            rest = rest[1..].TrimStart((byte)' ');
        }
        else
        {
            Require(rest.Length > 0 && rest[0] == (byte)'{');
            rest = rest[1..];
        }

        Require(rest.StartsWith("\"seq\":"u8));
        rest = rest[6..];
        Require(Utf8Parser.TryParse(rest, out long sequence, out int digits) && sequence > 0);
        Sequence = sequence;
        rest = rest[digits..];
        Require(rest.StartsWith(",\"at\":\""u8) && rest.Length > 8 + TimeLength && rest[7 + TimeLength] == (byte)'"');
        Require(RecordTime.Parse(rest.Slice(7, TimeLength), out long at) == TimeFault.None);
        ReceivedAtMicros = at;
        rest = rest[(8 + TimeLength)..];
        Source = ReadText(ref rest, ",\"source\":\""u8);
        From = ReadText(ref rest, ",\"from\":\""u8);
        if (rest.StartsWith(",\"refused\":{"u8))
        {
            Refused = ReadRefused(ref rest);
            Require(rest.StartsWith(",\"malformed\":"u8));
        }

        if (rest.StartsWith(",\"record\":"u8))
        {
            Record = ObjectIn(rest, 10);
            return;
        }

        if (rest.StartsWith(",\"reservation\":"u8))
        {
            Kind = JournalEntryKind.Reservation;
            Noted = ObjectIn(rest, 15);
            return;
        }

        if (rest.StartsWith(",\"incident\":"u8))
        {
            Kind = JournalEntryKind.Incident;
            Noted = ObjectIn(rest, 12);
            return;
        }

        Require(rest.StartsWith(",\"malformed\":\""u8) && rest.Length >= 16 && rest.EndsWith("\"}"u8));
        malformed = rest[14..^2];
        Kind = JournalEntryKind.Malformed;
    }

    /// <summary>What the entry is.</summary>
    public JournalEntryKind Kind { get; }

    /// <summary>Place in the journal, from 1 without gaps.</summary>
    public long Sequence { get; }

    /// <summary>Moment of receipt, microseconds since 1970 UTC.</summary>
    public long ReceivedAtMicros { get; }

    /// <summary>The request's default source as UTF-8, empty if it had none.</summary>
    public ReadOnlySpan<byte> Source { get; }

    /// <summary>The message that the entry came as, see <see cref="MessageOrigin.Parse"/>; empty if it came in another way.</summary>
    public ReadOnlySpan<byte> From { get; }

    /// <summary>The record as received, line breaks replaced by spaces; empty if malformed.</summary>
    public ReadOnlySpan<byte> Record { get; }

    /// <summary>Whether what came was no JSON object.</summary>
    public bool IsMalformed => Kind == JournalEntryKind.Malformed;

    /// <summary>What the node decided or noted, as one JSON object; empty if it was received.</summary>
    public ReadOnlySpan<byte> Noted { get; }

    /// <summary>The rule by which the door refused what came; null where its bytes tell what it is.</summary>
    public RecordViolation? Refused { get; }

    /// <summary>The bytes that came in place of a JSON object, or of one that was refused; empty if <see cref="Record"/> is one.</summary>
    /// <exception cref="InvalidDataException">The base64 is broken.</exception>
    public byte[] Malformed()
    {
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(malformed.Length)];
        Require(Base64.DecodeFromUtf8(malformed, bytes, out _, out int written) == OperationStatus.Done);
        return bytes[..written];
    }

    private static RecordViolation ReadRefused(scoped ref ReadOnlySpan<byte> rest)
    {
        string rule = Encoding.UTF8.GetString(ReadText(ref rest, ",\"refused\":{\"rule\":\""u8));
        string field = Encoding.UTF8.GetString(ReadText(ref rest, ",\"field\":\""u8));
        string detail = Encoding.UTF8.GetString(ReadText(ref rest, ",\"detail\":\""u8));
        Require(rule.Length > 0 && rest.Length > 0 && rest[0] == (byte)'}');
        rest = rest[1..];
        return new RecordViolation(rule, field, detail);
    }

    /// <summary>A text that follows <paramref name="name"/>, a member's name with the quote that opens its value; empty where there is none.</summary>
    private static ReadOnlySpan<byte> ReadText(scoped ref ReadOnlySpan<byte> rest, scoped ReadOnlySpan<byte> name)
    {
        if (!rest.StartsWith(name))
        {
            return default;
        }

        rest = rest[name.Length..];
        int end = 0;
        bool escaped = false;
        while (true)
        {
            int step = rest[end..].IndexOfAny((byte)'"', (byte)'\\');
            Require(step >= 0);
            end += step;
            if (rest[end] == (byte)'"')
            {
                break;
            }

            escaped = true;
            end += 2;
            Require(end <= rest.Length);
        }

        ReadOnlySpan<byte> text = rest[..end];
        rest = rest[(end + 1)..];
        if (!escaped)
        {
            return text;
        }

        ByteBuffer unescaped = new();
        JsonScanner.Unescape(text, unescaped);
        return unescaped.Written;
    }

    /// <summary>The object that stands between the name of the last member and the brace that ends the line.</summary>
    private static ReadOnlySpan<byte> ObjectIn(ReadOnlySpan<byte> rest, int nameLength)
    {
        ReadOnlySpan<byte> found = rest[nameLength..^1];
        Require(rest[^1] == (byte)'}' && found.Length >= 2 && found[0] == (byte)'{' && found[^1] == (byte)'}');
        return found;
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidDataException("The line is no envelope of the stock journal.");
        }
    }
}
