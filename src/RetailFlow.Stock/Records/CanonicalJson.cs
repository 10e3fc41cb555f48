using System.Buffers.Text;

namespace RetailFlow.Stock.Records;

/// <summary>What a value has that keeps it from having one canonical text.</summary>
internal enum CanonicalFault : byte
{
    None,
    Syntax,
    DuplicateKey,
    NumberTooLarge,
}

/// <summary>
/// One text for one JSON value: members sorted by the bytes of their canonical names, numbers by value (<c>1.50</c>, <c>15e-1</c>
/// and <c>1.5</c> are one; exact at any length), the shortest escapes, no white space.
/// </summary>
internal sealed class CanonicalJson
{
    private const int ExponentDigits = 9;

    private readonly List<Member> members = [];
    private readonly ByteBuffer unescaped = new();
    private readonly ByteBuffer digits = new();

    /// <summary>Takes the value that is next in <paramref name="scanner"/> and appends its canonical text.</summary>
    public CanonicalFault Append(ref JsonScanner scanner, ReadOnlySpan<byte> text, ByteBuffer target)
    {
        members.Clear();
        return AppendValue(ref scanner, text, target);
    }

    private CanonicalFault AppendValue(ref JsonScanner scanner, ReadOnlySpan<byte> text, ByteBuffer target)
    {
        switch (scanner.Peek())
        {
            case (byte)'"':
                return AppendString(ref scanner, text, target);
            case (byte)'{':
                return AppendObject(ref scanner, text, target);
            case (byte)'[':
                return AppendArray(ref scanner, text, target);
            case (byte)'t' or (byte)'f' or (byte)'n':
                int start = scanner.Position;
                if (!scanner.SkipValue())
                {
                    return CanonicalFault.Syntax;
                }

                target.Append(text[start..scanner.Position]);
                return CanonicalFault.None;
            default:
                return scanner.ReadNumber(out int at, out int length)
                    ? AppendNumber(text.Slice(at, length), target)
                    : CanonicalFault.Syntax;
        }
    }

    private CanonicalFault AppendObject(ref JsonScanner scanner, ReadOnlySpan<byte> text, ByteBuffer target)
    {
        if (!scanner.Enter())
        {
            return CanonicalFault.Syntax;
        }

        int begin = target.Count;
        int firstMember = members.Count;
        target.Append((byte)'{');
        bool first = true;
        while (scanner.NextMember(ref first, (byte)'}'))
        {
            int nameStart = target.Count;
            CanonicalFault fault = AppendString(ref scanner, text, target);
            int nameEnd = target.Count;
            if (fault == CanonicalFault.None && !scanner.Take((byte)':'))
            {
                fault = CanonicalFault.Syntax;
            }

            target.Append((byte)':');
            fault = fault == CanonicalFault.None ? AppendValue(ref scanner, text, target) : fault;
            if (fault != CanonicalFault.None)
            {
                return fault;
            }

            target.Append((byte)',');
            members.Add(new Member(nameStart, nameEnd, target.Count));
        }

        if (scanner.Fault != JsonFault.None)
        {
            return CanonicalFault.Syntax;
        }

        return CloseObject(target, begin, firstMember);
    }

    private CanonicalFault CloseObject(ByteBuffer target, int begin, int firstMember)
    {
        int count = members.Count - firstMember;
        bool sorted = true;
        for (int i = firstMember + 1; i < members.Count; i++)
        {
            sorted &= CompareNames(target, members[i - 1], members[i]) < 0;
        }

        if (!sorted)
        {
            Sort(firstMember, count, target);
            for (int i = firstMember + 1; i < members.Count; i++)
            {
                if (CompareNames(target, members[i - 1], members[i]) == 0)
                {
                    return CanonicalFault.DuplicateKey;
                }
            }

            int rewritten = target.Count;
            target.Append((byte)'{');
            for (int i = firstMember; i < members.Count; i++)
            {
                target.AppendOwn(members[i].Start, members[i].End - members[i].Start);
            }

            target.MoveTail(begin, rewritten);
        }

        members.RemoveRange(firstMember, count);
        target.Truncate(count == 0 ? target.Count : target.Count - 1);
        target.Append((byte)'}');
        return CanonicalFault.None;
    }

    // Apart, so that its closure is only made where there is something to sort.
    private void Sort(int start, int count, ByteBuffer target) =>
        members.Sort(start, count, Comparer<Member>.Create((left, right) => CompareNames(target, left, right)));

    private CanonicalFault AppendArray(ref JsonScanner scanner, ReadOnlySpan<byte> text, ByteBuffer target)
    {
        if (!scanner.Enter())
        {
            return CanonicalFault.Syntax;
        }

        target.Append((byte)'[');
        bool first = true;
        bool any = false;
        while (scanner.NextMember(ref first, (byte)']'))
        {
            CanonicalFault fault = AppendValue(ref scanner, text, target);
            if (fault != CanonicalFault.None)
            {
                return fault;
            }

            target.Append((byte)',');
            any = true;
        }

        target.Truncate(any ? target.Count - 1 : target.Count);
        target.Append((byte)']');
        return scanner.Fault == JsonFault.None ? CanonicalFault.None : CanonicalFault.Syntax;
    }

    private CanonicalFault AppendString(ref JsonScanner scanner, ReadOnlySpan<byte> text, ByteBuffer target)
    {
        if (!scanner.ReadString(out JsonString value))
        {
            return CanonicalFault.Syntax;
        }

        ReadOnlySpan<byte> written = text.Slice(value.Start, value.Length);
        if (!value.Escaped)
        {
            target.Append((byte)'"');
            target.Append(written);
            target.Append((byte)'"');
            return CanonicalFault.None;
        }

        unescaped.Clear();
        JsonScanner.Unescape(written, unescaped);
        AppendQuoted(unescaped.Written, target);
        return CanonicalFault.None;
    }

    /// <summary>Appends text as a JSON string with the fewest escapes.</summary>
    public static void AppendQuoted(ReadOnlySpan<byte> value, ByteBuffer target)
    {
        target.Append((byte)'"');
        foreach (byte b in value)
        {
            if (b >= 0x20 && b != (byte)'"' && b != (byte)'\\')
            {
                target.Append(b);
                continue;
            }

            target.Append((byte)'\\');
            switch (b)
            {
                case (byte)'\b':
                    target.Append((byte)'b');
                    break;
                case (byte)'\f':
                    target.Append((byte)'f');
                    break;
                case (byte)'\n':
                    target.Append((byte)'n');
                    break;
                case (byte)'\r':
                    target.Append((byte)'r');
                    break;
                case (byte)'\t':
                    target.Append((byte)'t');
                    break;
                case (byte)'"' or (byte)'\\':
                    target.Append(b);
                    break;
                default:
                    target.Append("u00"u8);
                    target.Append("0123456789abcdef"u8[b >> 4]);
                    target.Append("0123456789abcdef"u8[b & 15]);
                    break;
            }
        }

        target.Append((byte)'"');
    }

    private CanonicalFault AppendNumber(ReadOnlySpan<byte> number, ByteBuffer target)
    {
        int mantissaEnd = number.IndexOfAny((byte)'e', (byte)'E');
        mantissaEnd = mantissaEnd < 0 ? number.Length : mantissaEnd;
        digits.Clear();
        long scale = 0;
        bool afterPoint = false;
        foreach (byte b in number[..mantissaEnd])
        {
            if (b is >= (byte)'0' and <= (byte)'9')
            {
                scale -= afterPoint ? 1 : 0;
                if (b != (byte)'0' || digits.Count > 0)
                {
                    digits.Append(b);
                }
            }

            afterPoint |= b == (byte)'.';
        }

        int significant = digits.Written.LastIndexOfAnyExcept((byte)'0') + 1;
        if (significant == 0)
        {
            target.Append((byte)'0');
            return CanonicalFault.None;
        }

        if (!ReadExponent(number[mantissaEnd..], out long exponent))
        {
            return CanonicalFault.NumberTooLarge;
        }

        // value = 0.d1d2d3... * 10^point
        long point = digits.Count + scale + exponent;
        digits.Truncate(significant);
        if (number[0] == (byte)'-')
        {
            target.Append((byte)'-');
        }

        AppendDigits(point, target);
        return CanonicalFault.None;
    }

    /// <summary>Plain notation where a person would write it so, else scientific; the choice depends on the value alone.</summary>
    private void AppendDigits(long point, ByteBuffer target)
    {
        ReadOnlySpan<byte> significant = digits.Written;
        if (point is > 0 and <= 21)
        {
            int whole = (int)Math.Min(point, significant.Length);
            target.Append(significant[..whole]);
            for (long zeros = point - whole; zeros > 0; zeros--)
            {
                target.Append((byte)'0');
            }

            if (whole < significant.Length)
            {
                target.Append((byte)'.');
                target.Append(significant[whole..]);
            }
        }
        else if (point is > -6 and <= 0)
        {
            target.Append("0."u8);
            for (long zeros = -point; zeros > 0; zeros--)
            {
                target.Append((byte)'0');
            }

            target.Append(significant);
        }
        else
        {
            target.Append(significant[0]);
            if (significant.Length > 1)
            {
                target.Append((byte)'.');
                target.Append(significant[1..]);
            }

            target.Append((byte)'e');
            Span<byte> exponent = stackalloc byte[20];
            Utf8Formatter.TryFormat(point - 1, exponent, out int length);
            target.Append(exponent[..length]);
        }
    }

    private static bool ReadExponent(ReadOnlySpan<byte> written, out long exponent)
    {
        exponent = 0;
        if (written.IsEmpty)
        {
            return true;
        }

        bool negative = written[1] == (byte)'-';
        ReadOnlySpan<byte> figures = written[(written[1] is (byte)'-' or (byte)'+' ? 2 : 1)..];
        int leading = figures.IndexOfAnyExcept((byte)'0');
        figures = leading < 0 ? default : figures[leading..];
        if (figures.Length > ExponentDigits)
        {
            return false;
        }

        foreach (byte figure in figures)
        {
            exponent = (exponent * 10) + (figure - '0');
        }

        exponent = negative ? -exponent : exponent;
        return true;
    }

    private static int CompareNames(ByteBuffer target, Member left, Member right) =>
        target.Slice(left.Start, left.NameEnd - left.Start).SequenceCompareTo(target.Slice(right.Start, right.NameEnd - right.Start));

    /// <summary>A member's text, with its trailing comma.</summary>
    private readonly record struct Member(int Start, int NameEnd, int End);
}
