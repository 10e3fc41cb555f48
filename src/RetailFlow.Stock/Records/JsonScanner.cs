using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RetailFlow.Stock.Records;

/// <summary>What stops a scan.</summary>
internal enum JsonFault : byte
{
    None,
    Malformed,
    LoneSurrogate,
    TooDeep,
}

/// <summary>A string of the scanned text, between its quotes.</summary>
/// <param name="Start">Position of the first byte.</param>
/// <param name="Length">Bytes as written.</param>
/// <param name="Escaped">It holds escapes, so its value is not its bytes.</param>
/// <param name="Plain">Only printable ASCII without escapes: one byte is one character, none is a control character.</param>
internal readonly record struct JsonString(int Start, int Length, bool Escaped, bool Plain);

/// <summary>
/// A strict RFC 8259 scanner over one record. It is used in place of <c>Utf8JsonReader</c> because it also refuses escaped lone
/// surrogates and finds out, while it passes a string, whether that needs no second look.
/// The text must be valid UTF-8 and be followed by <see cref="Padding"/> zero bytes, which belong to the span.
/// </summary>
internal ref struct JsonScanner
{
    /// <summary>Zero bytes behind the text: they end every scan, and let strings be read sixteen bytes at a time.</summary>
    public const int Padding = 32;

    private readonly ReadOnlySpan<byte> text;
    private readonly int end;
    private readonly int maxDepth;
    private int depth;

    public JsonScanner(ReadOnlySpan<byte> paddedText, int maxDepth)
    {
        text = paddedText;
        end = paddedText.Length - Padding;
        this.maxDepth = maxDepth;
    }

    /// <summary>Where the next byte is read, or where the fault is.</summary>
    public int Position { get; private set; }

    public JsonFault Fault { get; private set; }

    public readonly bool AtEnd => Position == end;

    /// <summary>Passes white space and returns the byte after it without taking it; 0 at the end.</summary>
    public byte Peek()
    {
        byte next = text[Position];
        while (next is 0x20 or 0x0A or 0x0D or 0x09)
        {
            next = text[++Position];
        }

        return next;
    }

    /// <summary>Takes <paramref name="wanted"/> after white space.</summary>
    public bool Take(byte wanted)
    {
        if (Peek() != wanted)
        {
            return Fail(JsonFault.Malformed, Position);
        }

        Position++;
        return true;
    }

    /// <summary>Enters an object or array whose bracket is next.</summary>
    public bool Enter()
    {
        Position++;
        return ++depth <= maxDepth || Fail(JsonFault.TooDeep, Position - 1);
    }

    public void Leave() => depth--;

    /// <summary>
    /// In a container, after its opening bracket or a member: takes the comma or the closing bracket. False with no fault when the
    /// container has ended.
    /// </summary>
    public bool NextMember(ref bool first, byte close)
    {
        byte next = Peek();
        if (next == close)
        {
            Position++;
            Leave();
            return false;
        }

        if (first)
        {
            first = false;
            return true;
        }

        return Take((byte)',');
    }

    /// <summary>Takes a string with both quotes.</summary>
    public bool ReadString(out JsonString value)
    {
        value = default;
        if (!Take((byte)'"'))
        {
            return false;
        }

        int start = Position;
        int at = start;
        bool strange = false;
        bool escaped = false;
        ref byte origin = ref MemoryMarshal.GetReference(text);
        while (true)
        {
            Vector128<byte> block = Vector128.LoadUnsafe(ref origin, (nuint)(uint)at);
            uint stops = (Vector128.Equals(block, Vector128.Create((byte)'"'))
                | Vector128.Equals(block, Vector128.Create((byte)'\\'))
                | Vector128.LessThan(block, Vector128.Create((byte)0x20))).ExtractMostSignificantBits();
            uint odd = (block | Vector128.Equals(block, Vector128.Create((byte)0x7F))).ExtractMostSignificantBits();
            if (stops == 0)
            {
                strange |= odd != 0;
                at += Vector128<byte>.Count;
                continue;
            }

            int hit = BitOperations.TrailingZeroCount(stops);
            strange |= (odd & ((1u << hit) - 1)) != 0;
            at += hit;
            if (text[at] == (byte)'"')
            {
                value = new JsonString(start, at - start, escaped, !strange && !escaped);
                Position = at + 1;
                return true;
            }

            if (text[at] != (byte)'\\')
            {
                return Fail(JsonFault.Malformed, at);
            }

            escaped = true;
            if (!PassEscape(ref at))
            {
                return false;
            }
        }
    }

    /// <summary>Takes a number.</summary>
    public bool ReadNumber(out int start, out int length)
    {
        Peek();
        start = Position;
        length = 0;
        int at = start;
        if (text[at] == (byte)'-')
        {
            at++;
        }

        if (text[at] == (byte)'0')
        {
            at++;
        }
        else if (!PassDigits(ref at))
        {
            return Fail(JsonFault.Malformed, at);
        }

        if (text[at] == (byte)'.')
        {
            at++;
            if (!PassDigits(ref at))
            {
                return Fail(JsonFault.Malformed, at);
            }
        }

        if (text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (text[at] is (byte)'+' or (byte)'-')
            {
                at++;
            }

            if (!PassDigits(ref at))
            {
                return Fail(JsonFault.Malformed, at);
            }
        }

        length = at - start;
        Position = at;
        return true;
    }

    /// <summary>Takes <c>true</c>, <c>false</c> or <c>null</c>.</summary>
    public bool ReadWord(ReadOnlySpan<byte> word)
    {
        if (!text[Position..].StartsWith(word))
        {
            return Fail(JsonFault.Malformed, Position);
        }

        Position += word.Length;
        return true;
    }

    /// <summary>Takes any value, checking it to its last byte.</summary>
    public bool SkipValue()
    {
        switch (Peek())
        {
            case (byte)'"':
                return ReadString(out _);
            case (byte)'{':
                return SkipObject();
            case (byte)'[':
                return SkipArray();
            case (byte)'t':
                return ReadWord("true"u8);
            case (byte)'f':
                return ReadWord("false"u8);
            case (byte)'n':
                return ReadWord("null"u8);
            default:
                return ReadNumber(out _, out _);
        }
    }

    /// <summary>Appends the value of a string that <see cref="ReadString"/> passed.</summary>
    public static void Unescape(ReadOnlySpan<byte> written, ByteBuffer target)
    {
        Span<byte> encoded = stackalloc byte[4];
        int at = 0;
        while (at < written.Length)
        {
            int escape = written[at..].IndexOf((byte)'\\');
            if (escape < 0)
            {
                target.Append(written[at..]);
                return;
            }

            target.Append(written.Slice(at, escape));
            at += escape + 2;
            byte kind = written[at - 1];
            if (kind != (byte)'u')
            {
                target.Append(kind switch
                {
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    _ => kind,
                });
                continue;
            }

            int unit = Hex(written.Slice(at, 4));
            at += 4;
            if (char.IsHighSurrogate((char)unit))
            {
                unit = char.ConvertToUtf32((char)unit, (char)Hex(written.Slice(at + 2, 4)));
                at += 6;
            }

            target.Append(encoded[..new System.Text.Rune(unit).EncodeToUtf8(encoded)]);
        }
    }

    private bool SkipObject()
    {
        if (!Enter())
        {
            return false;
        }

        bool first = true;
        while (NextMember(ref first, (byte)'}'))
        {
            if (!ReadString(out _) || !Take((byte)':') || !SkipValue())
            {
                return false;
            }
        }

        return Fault == JsonFault.None;
    }

    private bool SkipArray()
    {
        if (!Enter())
        {
            return false;
        }

        bool first = true;
        while (NextMember(ref first, (byte)']'))
        {
            if (!SkipValue())
            {
                return false;
            }
        }

        return Fault == JsonFault.None;
    }

    private readonly bool PassDigits(ref int at)
    {
        int start = at;
        while (text[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        return at > start;
    }

    /// <summary>Passes one escape, or the two of a surrogate pair.</summary>
    private bool PassEscape(ref int at)
    {
        byte kind = text[at + 1];
        if (kind is (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t')
        {
            at += 2;
            return true;
        }

        int unit = kind == (byte)'u' ? Hex(text.Slice(at + 2, 4)) : -1;
        if (unit < 0)
        {
            return Fail(JsonFault.Malformed, at);
        }

        if (!char.IsSurrogate((char)unit))
        {
            at += 6;
            return true;
        }

        bool paired = char.IsHighSurrogate((char)unit) && text[at + 6] == (byte)'\\' && text[at + 7] == (byte)'u'
            && Hex(text.Slice(at + 8, 4)) is int low && low >= 0 && char.IsLowSurrogate((char)low);
        if (!paired)
        {
            return Fail(JsonFault.LoneSurrogate, at);
        }

        at += 12;
        return true;
    }

    private static int Hex(ReadOnlySpan<byte> four)
    {
        int value = 0;
        foreach (byte digit in four)
        {
            int nibble = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (nibble < 0)
            {
                return -1;
            }

            value = (value << 4) | nibble;
        }

        return value;
    }

    private bool Fail(JsonFault fault, int at)
    {
        if (Fault == JsonFault.None)
        {
            Fault = fault;
            Position = Math.Min(at, end);
        }

        return false;
    }
}
