namespace RetailFlow.Node.Ingest;

/// <summary>
/// Cuts a body into records by brackets and quotes alone, without judging them: what is inside a slice is the parser's business.
/// Every byte that is not white space, a comma or a bracket between records ends up in a slice, so nothing that was sent is lost:
/// where brackets do not match, the rest of the body is one slice.
/// </summary>
internal static class RecordSplitter
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Cuts <paramref name="body"/> into records.</summary>
    /// <param name="body">An object, an array of objects, or lines.</param>
    /// <param name="lines">Whether the sender says that it sends lines; otherwise lines are told by a first line that is a whole object.</param>
    /// <param name="slices">Receives the records in their order.</param>
    public static void Split(ReadOnlySpan<byte> body, bool lines, RecordSlices slices)
    {
        slices.Clear();
        var start = body.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        start = SkipWhite(body, start);
        if (start == body.Length)
        {
            return;
        }

        if (lines)
        {
            SplitLines(body, start, slices);
        }
        else if (body[start] == (byte)'[')
        {
            SplitArray(body, start, slices);
        }
        else if (IsFirstOfManyLines(body, start))
        {
            SplitLines(body, start, slices);
        }
        else
        {
            AddTrimmed(body, start, body.Length, slices);
        }
    }

    private static void SplitLines(ReadOnlySpan<byte> body, int start, RecordSlices slices)
    {
        while (start < body.Length)
        {
            var length = body[start..].IndexOf((byte)'\n');
            var end = length < 0 ? body.Length : start + length;
            AddTrimmed(body, start, end, slices);
            start = end + 1;
        }
    }

    private static void SplitArray(ReadOnlySpan<byte> body, int start, RecordSlices slices)
    {
        var at = SkipWhite(body, start + 1);
        if (at < body.Length && body[at] == (byte)']')
        {
            AddTrimmed(body, at + 1, body.Length, slices);
            return;
        }

        while (at < body.Length)
        {
            var end = EndOfElement(body, at);
            if (end < 0)
            {
                break;
            }

            AddTrimmed(body, at, end, slices);
            if (body[end] == (byte)']')
            {
                AddTrimmed(body, end + 1, body.Length, slices);
                return;
            }

            at = SkipWhite(body, end + 1);
        }

        AddTrimmed(body, at, body.Length, slices);
    }

    /// <summary>Position of the comma or bracket behind the element at <paramref name="start"/>, or -1 if brackets do not match.</summary>
    private static int EndOfElement(ReadOnlySpan<byte> body, int start)
    {
        var depth = 0;
        var at = start;
        while (at < body.Length)
        {
            switch (body[at])
            {
                case (byte)'"':
                    at = EndOfString(body, at + 1);
                    continue;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)']' when depth == 0:
                case (byte)',' when depth == 0:
                    return at;
                case (byte)'}' or (byte)']':
                    depth--;
                    if (depth < 0)
                    {
                        return -1;
                    }

                    break;
                default:
                    break;
            }

            at++;
        }

        return -1;
    }

    /// <summary>Position behind the quote that ends the string at <paramref name="at"/>, or the end of the body.</summary>
    private static int EndOfString(ReadOnlySpan<byte> body, int at)
    {
        while (at < body.Length)
        {
            var length = body[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (length < 0)
            {
                return body.Length;
            }

            at += length;
            if (body[at] == (byte)'"')
            {
                return at + 1;
            }

            at += 2;
        }

        return body.Length;
    }

    /// <summary>Whether the first line is a whole object and more than white space comes after it.</summary>
    private static bool IsFirstOfManyLines(ReadOnlySpan<byte> body, int start)
    {
        var length = body[start..].IndexOf((byte)'\n');
        if (length < 0 || body[start] != (byte)'{' || SkipWhite(body, start + length) == body.Length)
        {
            return false;
        }

        var line = body.Slice(start, length);
        var depth = 0;
        var at = 0;
        while (at < line.Length)
        {
            switch (line[at])
            {
                case (byte)'"':
                    at = EndOfString(line, at + 1);
                    continue;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    if (--depth == 0)
                    {
                        return SkipWhite(line, at + 1) == line.Length;
                    }

                    break;
                default:
                    break;
            }

            at++;
        }

        return false;
    }

    private static void AddTrimmed(ReadOnlySpan<byte> body, int start, int end, RecordSlices slices)
    {
        while (start < end && IsWhite(body[start]))
        {
            start++;
        }

        while (end > start && IsWhite(body[end - 1]))
        {
            end--;
        }

        if (end > start)
        {
            slices.Add(start, end - start);
        }
    }

    private static int SkipWhite(ReadOnlySpan<byte> body, int at)
    {
        while (at < body.Length && IsWhite(body[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsWhite(byte value) => value is 0x20 or 0x0A or 0x0D or 0x09;
}
