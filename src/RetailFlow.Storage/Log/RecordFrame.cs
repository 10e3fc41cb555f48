namespace RetailFlow.Storage;

/// <summary>
/// One record of the append log: one line of JSON, whose first member is the checksum of the payload.
/// <c>{"sku":"A"}</c> is written as <c>{"crc32c":"89abcdef","sku":"A"}</c> and a line feed; as the first record of a group, of those that one sync
/// made durable, as <c>{"crc32c":"89abcdef", "sku":"A"}</c>, with a checksum of the line with the space.
/// </summary>
internal static class RecordFrame
{
    /// <summary>Longest payload in bytes; it bounds the memory that reading takes.</summary>
    public const int MaxPayload = 16 * 1024 * 1024;

    /// <summary>Where the payload stands when it is written into the line in place: its brace becomes the comma.</summary>
    public const int PayloadOffset = 20;

    /// <summary>Bytes that a line has more than its payload, without the line feed.</summary>
    public const int Overhead = PayloadOffset;

    /// <summary>Longest line in bytes, without the line feed.</summary>
    public const int MaxLine = MaxPayload + Overhead + 1;

    private const byte LineFeed = (byte)'\n';
    private const byte GroupMark = (byte)' ';
    private const int ChecksumOffset = 11;
    private const int ChecksumDigits = 8;

    private static ReadOnlySpan<byte> Opening => "{\"crc32c\":\""u8;

    /// <summary>Says what is wrong with a payload, or null if it can be a record.</summary>
    public static string? Reject(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 2 || payload[0] != (byte)'{' || payload[^1] != (byte)'}')
        {
            return "A record must be a JSON object, from '{' to '}'.";
        }

        if (payload[1] == GroupMark)
        {
            return "A record must not have a space behind its first brace.";
        }

        if (payload.Length > MaxPayload)
        {
            return FormattableString.Invariant($"A record of {payload.Length} bytes is longer than the limit of {MaxPayload}.");
        }

        return payload.Contains(LineFeed) ? "A record must not contain a line feed." : null;
    }

    /// <summary>
    /// Completes a line whose payload of <paramref name="payloadLength"/> bytes stands at <see cref="PayloadOffset"/> of
    /// <paramref name="line"/>, or one byte behind it if it begins a group. The line has room for that, <see cref="Overhead"/> and two bytes more.
    /// </summary>
    /// <returns>Length of the line with its line feed.</returns>
    public static int Complete(Span<byte> line, int payloadLength, bool beginsGroup)
    {
        if (beginsGroup)
        {
            line[PayloadOffset] = (byte)'{';
            line[PayloadOffset + 1] = GroupMark;
            payloadLength++;
        }

        Span<byte> payload = line.Slice(PayloadOffset, payloadLength);
        uint checksum = Crc32C.Compute(payload);
        int length = PayloadOffset + payloadLength;
        if (IsEmptyObject(payload))
        {
            // Without members there must be no comma: only what follows the brace moves behind the checksum.
            payload[1..].CopyTo(line[PayloadOffset..]);
            length--;
        }
        else
        {
            payload[0] = (byte)',';
        }

        Opening.CopyTo(line);
        for (int digit = 0; digit < ChecksumDigits; digit++)
        {
            uint nibble = (checksum >> (28 - (4 * digit))) & 0xF;
            line[ChecksumOffset + digit] = (byte)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
        }

        line[ChecksumOffset + ChecksumDigits] = (byte)'"';
        line[length] = LineFeed;
        return length + 1;
    }

    /// <summary>
    /// Checks a line (without its line feed) and restores the payload inside it, over the checksum.
    /// </summary>
    /// <returns>Where in the line the payload begins, or -1 if the line is no valid record.</returns>
    public static int Restore(Span<byte> line, out bool beginsGroup)
    {
        beginsGroup = false;
        if (line.Length < PayloadOffset + 1 || !line.StartsWith(Opening) || line[PayloadOffset - 1] != (byte)'"'
            || !TryParse(line.Slice(ChecksumOffset, ChecksumDigits), out uint checksum))
        {
            return -1;
        }

        int start = line[PayloadOffset] == (byte)',' ? PayloadOffset : PayloadOffset - 1;
        line[start] = (byte)'{';
        if (Crc32C.Compute(line[start..]) != checksum)
        {
            return -1;
        }

        if (line[start + 1] == GroupMark)
        {
            beginsGroup = true;
            line[++start] = (byte)'{';
        }

        return start;
    }

    private static bool IsEmptyObject(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> inner = payload[1..];
        int first = inner.IndexOfAnyExcept(" \t\r"u8);
        return first == inner.Length - 1;
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out uint value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            int nibble = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                _ => -1,
            };
            if (nibble < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)nibble;
        }

        return true;
    }
}
