using System.Buffers.Binary;

namespace RetailFlow.Delta;

/// <summary>Base 85 in the alphabet of ZeroMQ (RFC 32/Z85): five characters for four bytes.</summary>
internal static class Z85
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    private static readonly sbyte[] Digits = MakeDigits();

    /// <summary>The text of the bytes, to which zeros are added up to a multiple of four.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var padded = new byte[(bytes.Length + 3) / 4 * 4];
        bytes.CopyTo(padded);
        return string.Create(padded.Length / 4 * 5, padded, static (text, source) =>
        {
            for (var group = 0; group < source.Length / 4; group++)
            {
                var value = BinaryPrimitives.ReadUInt32BigEndian(source.AsSpan(4 * group));
                for (var i = 4; i >= 0; i--)
                {
                    text[(5 * group) + i] = Alphabet[(int)(value % 85)];
                    value /= 85;
                }
            }
        });
    }

    /// <summary>
    /// The bytes of the text, or null if it is not Z85. No group of the standard can begin with <c>#</c>, its largest digit; some writers
    /// begin the last group with as many of them as it lacks bytes.
    /// </summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        if (text.Length % 5 != 0)
        {
            return null;
        }

        var bytes = new byte[text.Length / 5 * 4];
        for (var group = 0; group < text.Length / 5; group++)
        {
            var digits = text.Slice(5 * group, 5);
            var lacking = 5 * (group + 1) == text.Length ? digits.IndexOfAnyExcept('#') : 0;
            if (lacking is < 0 or > 3 || Value(digits[lacking..]) is not { } value || value >= 1L << (8 * (4 - lacking)))
            {
                return null;
            }

            if (lacking > 0)
            {
                bytes = bytes[..^lacking];
            }

            for (var at = (4 * group) + 3 - lacking; at >= 4 * group; at--)
            {
                bytes[at] = (byte)(value & 0xFF);
                value >>= 8;
            }
        }

        return bytes;
    }

    private static long? Value(ReadOnlySpan<char> digits)
    {
        var value = 0L;
        foreach (var c in digits)
        {
            if (c >= Digits.Length || Digits[c] < 0)
            {
                return null;
            }

            value = (value * 85) + Digits[c];
        }

        return value;
    }

    private static sbyte[] MakeDigits()
    {
        var digits = new sbyte[128];
        Array.Fill(digits, (sbyte)-1);
        for (var i = 0; i < Alphabet.Length; i++)
        {
            digits[Alphabet[i]] = (sbyte)i;
        }

        return digits;
    }
}
