using System.Buffers;
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

    // Characters that the encoder below leaves as they are.
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/ ,;=@#()[]{}*!?%$^~|");

    /// <summary>Writes a name's text and returns its length.</summary>
    /// <param name="name">The name.</param>
    /// <param name="into">Room for <see cref="MostBytesPerChar"/> bytes for each of its characters.</param>
    public static int Write(string name, Span<byte> into)
    {
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

    private static readonly ulong s_seed = unchecked((ulong)HashCode.Combine(1) << 32 | (uint)HashCode.Combine(2));

    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
