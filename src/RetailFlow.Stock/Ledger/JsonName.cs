using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Names as they stand between the quotes of a JSON string. One name has one such text and one text one name, so that texts can be compared in
/// place of names.
/// </summary>
internal static class JsonName
{
    /// <summary>Bytes that one UTF-16 unit has at most: <c>\u0000</c>.</summary>
    public const int MostBytesPerChar = 6;

    // Longer names are looked through by what stops at the first character that is not plain.
    private const int MostAtOnce = 64;

    // Characters that the encoder below leaves as they are.
    private const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/ ,;=@#()[]{}*!?%$^~|";

    private static readonly SearchValues<char> s_plain = SearchValues.Create(Plain);

    // For each lower half of a byte, the upper halves with which it is a plain character, as bits.
    private static readonly Vector128<byte> s_plainUppers = UppersOfPlain();

    /// <summary>Writes a name's text and returns its length.</summary>
    /// <param name="name">The name.</param>
    /// <param name="into">Room for <see cref="MostBytesPerChar"/> bytes for each of its characters.</param>
    public static int Write(string name, Span<byte> into)
    {
        if (name.Length <= MostAtOnce && into.Length >= name.Length && TryWritePlain(name, into))
        {
            return name.Length;
        }

        if (!name.AsSpan().ContainsAnyExcept(s_plain))
        {
            _ = Ascii.FromUtf16(name, into, out int plain);
            return plain;
        }

        // The encoder takes UTF-8; three bytes a unit are enough.
        byte[] rented = ArrayPool<byte>.Shared.Rent(name.Length * 3);
        try
        {
            _ = Utf8.FromUtf16(name, rented, out _, out int utf8);
            _ = JavaScriptEncoder.Default.EncodeUtf8(rented.AsSpan(0, utf8), into, out _, out int written);
            return written;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A hash of a text, another one in each process.</summary>
    public static ulong Hash(ReadOnlySpan<byte> text)
    {
        unchecked
        {
            const ulong Odd = 0x9E3779B97F4A7C15;
            ReadOnlySpan<byte> whole = text;
            ulong hash = s_seed ^ ((ulong)text.Length * Odd);
            while (text.Length >= sizeof(ulong))
            {
                hash = Mix(hash ^ BitConverter.ToUInt64(text), Odd);
                text = text[sizeof(ulong)..];
            }

            // What is left of a longer text together with what is before it: one reading.
            ulong last = 0;
            if (!text.IsEmpty && whole.Length >= sizeof(ulong))
            {
                last = BitConverter.ToUInt64(whole[^sizeof(ulong)..]);
            }
            else
            {
                foreach (byte b in text)
                {
                    last = (last << 8) | b;
                }
            }

            return Mix(hash ^ last, 0xD6E8FEB86659FD93);
        }
    }

    /// <summary>Most names are short and plain: they are looked through and narrowed at once. What is written of others is of no meaning.</summary>
    private static bool TryWritePlain(string name, Span<byte> into)
    {
        ref ushort from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(name.AsSpan()));
        ref byte to = ref MemoryMarshal.GetReference(into);
        if (name.Length >= Vector128<byte>.Count)
        {
            Vector128<byte> plain = Vector128<byte>.AllBitsSet;
            int last = name.Length - Vector128<byte>.Count;
            for (int at = 0; ; at = Math.Min(at + Vector128<byte>.Count, last))
            {
                Vector128<byte> text = Narrow(ref from, at, at + Vector128<ushort>.Count);
                text.StoreUnsafe(ref to, (nuint)at);
                plain &= PlainOf(text);
                if (at == last)
                {
                    return plain == Vector128<byte>.AllBitsSet;
                }
            }
        }

        if (name.Length >= Vector128<ushort>.Count)
        {
            // The last characters of the first half are the first of the second.
            int second = name.Length - Vector128<ushort>.Count;
            Vector128<byte> text = Narrow(ref from, 0, second);
            text.GetLower().StoreUnsafe(ref to);
            text.GetUpper().StoreUnsafe(ref to, (nuint)second);
            return PlainOf(text) == Vector128<byte>.AllBitsSet;
        }

        for (int at = 0; at < name.Length; at++)
        {
            char c = name[at];
            if (c > sbyte.MaxValue || (s_plainUppers[c & 0xF] & (1 << (c >> 4))) == 0)
            {
                return false;
            }

            into[at] = (byte)c;
        }

        return true;
    }

    /// <summary>Sixteen characters, eight from each place, as bytes; one that is no byte becomes 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(ref ushort from, int first, int second) =>
        Vector128.NarrowWithSaturation(Vector128.LoadUnsafe(ref from, (nuint)first), Vector128.LoadUnsafe(ref from, (nuint)second));

    /// <summary>All bits of those bytes that are plain characters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PlainOf(Vector128<byte> text)
    {
        // The upper half of a byte as a bit; from 128 on there is none.
        Vector128<byte> upper = Vector128.Shuffle(Vector128.Create(1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, (byte)0), text >>> 4);
        return ~Vector128.Equals(Vector128.Shuffle(s_plainUppers, text & Vector128.Create((byte)0xF)) & upper, Vector128<byte>.Zero);
    }

    private static Vector128<byte> UppersOfPlain()
    {
        Span<byte> uppers = stackalloc byte[Vector128<byte>.Count];
        uppers.Clear();
        foreach (char c in Plain)
        {
            uppers[c & 0xF] |= (byte)(1 << (c >> 4));
        }

        return Vector128.Create<byte>(uppers);
    }

    private static readonly ulong s_seed = unchecked((ulong)HashCode.Combine(1) << 32 | (uint)HashCode.Combine(2));

    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
