using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// Records on their way into the journal, each with the end of its envelope, so that the writer adds only sequence, time and
/// checksum. Built by one thread; not changed once it is handed to the journal.
/// </summary>
public sealed class JournalBatch
{
    /// <summary>Longest record in bytes; a longer one is refused at the door, since nothing that long can be acknowledged.</summary>
    public const int MaxRecordBytes = 8 * 1024 * 1024;

    private const int MaxDepth = 64;

    // Made when there is a record: a command has none.
    private List<int>? ends;
    private ByteBuffer? records;
    private ByteBuffer? scratch;
    private readonly byte[] sourceMember;
    private byte[]? nextSourceMember;
    private MessageOrigin? nextOrigin;

    /// <summary>An empty batch.</summary>
    /// <param name="defaultSource">The request's default source, kept beside each record; null if it has none.</param>
    public JournalBatch(string? defaultSource = null)
    {
        sourceMember = SourceMember(defaultSource);
    }

    /// <summary>Records in the batch.</summary>
    public int Count => ends?.Count ?? 0;

    /// <summary>
    /// Moment of receipt, microseconds since 1970 UTC, for a caller that has judged its records by it: RAW then carries the same
    /// moment and a rebuild judges alike. Null lets the writer stamp it.
    /// </summary>
    public long? ReceivedAtMicros { get; init; }

    /// <summary>Whatever <see cref="StockJournalOptions.Admission"/> needs to know of the batch.</summary>
    public object? Tag { get; set; }

    internal int TailBytes => records?.Count ?? 0;

    private ByteBuffer Tails => records ??= new ByteBuffer(4096);

    /// <summary>Says of the next record alone which message of a partition it is.</summary>
    /// <param name="origin">The message.</param>
    /// <param name="source">The record's default source; null takes the batch's.</param>
    public void From(in MessageOrigin origin, string? source)
    {
        nextOrigin = origin;
        nextSourceMember = source is null ? null : SourceMember(source);
    }

    /// <summary>Adds a record as received: a JSON object as itself, anything else as malformed.</summary>
    /// <exception cref="ArgumentException">It is longer than <see cref="MaxRecordBytes"/>.</exception>
    public void Add(ReadOnlySpan<byte> record)
    {
        ThrowIfTooLong(record);
        if (IsJsonObject(record))
        {
            AddObject(record);
        }
        else
        {
            AddMalformed(record);
        }
    }

    /// <summary>
    /// Adds a record that is known to be one well-formed JSON object (<see cref="StockRecordDraft.IsJsonObject"/>). Its line breaks
    /// become spaces: outside strings they mean the same, and inside strings JSON has none.
    /// </summary>
    /// <exception cref="ArgumentException">It is longer than <see cref="MaxRecordBytes"/>, or not even in braces.</exception>
    public void AddObject(ReadOnlySpan<byte> record)
    {
        ThrowIfTooLong(record);
        ReadOnlySpan<byte> trimmed = record.Trim(" \t\r\n"u8);
        if (trimmed.Length < 2 || trimmed[0] != (byte)'{' || trimmed[^1] != (byte)'}')
        {
            throw new ArgumentException("The record is not a JSON object.", nameof(record));
        }

        AppendHead();
        Tails.Append(",\"record\":"u8);
        while (trimmed.IndexOfAny((byte)'\n', (byte)'\r') is int lineBreak and >= 0)
        {
            Tails.Append(trimmed[..lineBreak]);
            Tails.Append((byte)' ');
            trimmed = trimmed[(lineBreak + 1)..];
        }

        Tails.Append(trimmed);
        Tails.Append((byte)'}');
        EndRecord();
    }

    /// <summary>Adds bytes that are no JSON object, in base64.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxRecordBytes"/>.</exception>
    public void AddMalformed(ReadOnlySpan<byte> bytes)
    {
        ThrowIfTooLong(bytes);
        AppendHead();
        AppendMalformed(bytes);
    }

    /// <summary>
    /// Adds bytes that the door refused by a rule which they do not show themselves: they are kept with the verdict, and never judged again.
    /// </summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxRecordBytes"/>.</exception>
    public void AddRefused(ReadOnlySpan<byte> bytes, in RecordViolation violation)
    {
        ThrowIfTooLong(bytes);
        AppendHead();
        Tails.Append(",\"refused\":{\"rule\":"u8);
        CanonicalJson.AppendQuoted(Encoding.UTF8.GetBytes(violation.Rule), Tails);
        Tails.Append(",\"field\":"u8);
        CanonicalJson.AppendQuoted(Encoding.UTF8.GetBytes(violation.Field), Tails);
        Tails.Append(",\"detail\":"u8);
        CanonicalJson.AppendQuoted(Encoding.UTF8.GetBytes(violation.Detail), Tails);
        Tails.Append((byte)'}');
        AppendMalformed(bytes);
    }

    internal ReadOnlySpan<byte> Tail(int index)
    {
        int start = index == 0 ? 0 : ends![index - 1];
        return Tails.Slice(start, ends![index] - start);
    }

    private static byte[] SourceMember(string? source)
    {
        if (string.IsNullOrEmpty(source))
        {
            return [];
        }

        ByteBuffer member = new();
        member.Append(",\"source\":"u8);
        CanonicalJson.AppendQuoted(Encoding.UTF8.GetBytes(source), member);
        return member.Written.ToArray();
    }

    private void EndRecord() => (ends ??= []).Add(Tails.Count);

    private void AppendHead()
    {
        Tails.Append(nextSourceMember ?? sourceMember);
        if (nextOrigin is { } origin)
        {
            Tails.Append(",\"from\":\""u8);
            origin.WriteTo(Tails);
            Tails.Append((byte)'"');
        }

        nextSourceMember = null;
        nextOrigin = null;
    }

    private void AppendMalformed(ReadOnlySpan<byte> bytes)
    {
        Tails.Append(",\"malformed\":\""u8);
        byte[] encoded = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, encoded, out _, out int written);
        Tails.Append(encoded.AsSpan(0, written));
        Tails.Append("\"}"u8);
        EndRecord();
    }

    private static void ThrowIfTooLong(ReadOnlySpan<byte> record)
    {
        if (record.Length > MaxRecordBytes)
        {
            throw new ArgumentException($"A record of {record.Length} bytes is longer than {MaxRecordBytes}.", nameof(record));
        }
    }

    private bool IsJsonObject(ReadOnlySpan<byte> record)
    {
        if (!Utf8.IsValid(record))
        {
            return false;
        }

        scratch ??= new ByteBuffer();
        scratch.Clear();
        scratch.Append(record);
        scratch.AppendZeros(JsonScanner.Padding);
        JsonScanner scanner = new(scratch.Written, MaxDepth);
        return scanner.Peek() == (byte)'{' && scanner.SkipValue() && scanner.Peek() == 0 && scanner.AtEnd;
    }
}
