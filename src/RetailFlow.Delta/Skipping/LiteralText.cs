using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace RetailFlow.Delta;

/// <summary>Reads the texts of the log - partition values, statistics - as literals. What is not understood is null: unknown.</summary>
internal static class LiteralText
{
    private const long MicrosecondsPerDay = 86_400_000_000;
    private static readonly DateOnly Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch);

    /// <summary>A number in JSON or SQL notation as an exact literal.</summary>
    public static Literal? Exact(ReadOnlySpan<byte> text)
    {
        if (Utf8Parser.TryParse(text, out long integer, out var consumed) && consumed == text.Length)
        {
            return Literal.Of(integer);
        }

        var exponent = 0;
        var mantissa = text;
        var e = text.IndexOfAny((byte)'e', (byte)'E');
        if (e >= 0)
        {
            mantissa = text[..e];
            var digits = text[(e + 1)..];
            if (digits is [(byte)'+', ..])
            {
                digits = digits[1..];
            }

            if (!Utf8Parser.TryParse(digits, out exponent, out consumed) || consumed != digits.Length || exponent is < -400 or > 400)
            {
                return null;
            }
        }

        var point = mantissa.IndexOf((byte)'.');
        var scale = point < 0 ? 0 : mantissa.Length - point - 1;
        var plain = Encoding.ASCII.GetString(mantissa).Replace(".", "", StringComparison.Ordinal);
        if (plain.Length > 400 || !BigInteger.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var unscaled))
        {
            return null;
        }

        scale -= exponent;
        return scale >= 0 ? Literal.Of(unscaled, scale) : Literal.Of(unscaled * BigInteger.Pow(10, -scale), 0);
    }

    /// <summary>A floating point number; null for NaN.</summary>
    public static Literal? Float(ReadOnlySpan<byte> text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !double.IsNaN(value) ? Literal.Of(value) : null;

    public static Literal? Boolean(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out bool value, out var consumed) && consumed == text.Length ? Literal.Of(value) : null;

    /// <summary><c>yyyy-MM-dd</c>.</summary>
    public static Literal? Date(ReadOnlySpan<byte> text) => DayNumber(text) is { } days ? Literal.OfDate(days) : null;

    /// <summary>
    /// <c>yyyy-MM-dd[T ]HH:mm[:ss[.fraction]][zone]</c>, where zone is <c>Z</c> or <c>±HH[[:]mm]</c>; microseconds, rounded down.
    /// A date alone is its midnight.
    /// </summary>
    public static bool TryTimestamp(ReadOnlySpan<byte> text, out long microseconds, out bool hasZone)
    {
        microseconds = 0;
        hasZone = false;
        if (text.Length < 10 || DayNumber(text[..10]) is not { } days)
        {
            return false;
        }

        microseconds = days * MicrosecondsPerDay;
        if (text.Length == 10)
        {
            return true;
        }

        var rest = text[11..];
        if (text[10] is not ((byte)'T' or (byte)' ') || !Two(rest, 0, out var hour) || !Two(rest, 3, out var minute) || rest[2] != ':' || hour > 23 || minute > 59)
        {
            return false;
        }

        microseconds += ((hour * 60) + minute) * 60_000_000L;
        rest = rest[5..];
        if (rest is [(byte)':', ..])
        {
            if (!Two(rest, 1, out var second) || second > 59)
            {
                return false;
            }

            microseconds += second * 1_000_000L;
            rest = rest[3..];
            if (rest is [(byte)'.', ..])
            {
                var digits = 0;
                long fraction = 0;
                for (rest = rest[1..]; rest.Length > 0 && rest[0] is >= (byte)'0' and <= (byte)'9'; rest = rest[1..])
                {
                    if (digits < 6)
                    {
                        fraction = (fraction * 10) + (rest[0] - '0');
                        digits++;
                    }
                }

                for (; digits < 6; digits++)
                {
                    fraction *= 10;
                }

                microseconds += fraction;
            }
        }

        if (rest.Length == 0)
        {
            return true;
        }

        hasZone = true;
        if (!TryZone(rest, out var offset))
        {
            return false;
        }

        microseconds -= offset;
        return true;
    }

    private static bool TryZone(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text is [(byte)'Z'])
        {
            return true;
        }

        if (text[0] is not ((byte)'+' or (byte)'-') || !Two(text, 1, out var hours) || hours > 18)
        {
            return false;
        }

        var rest = text[3..];
        if (rest is [(byte)':', ..])
        {
            rest = rest[1..];
        }

        var minutes = 0;
        if (rest.Length > 0 && (rest.Length != 2 || !Two(rest, 0, out minutes) || minutes > 59))
        {
            return false;
        }

        microseconds = (text[0] == '-' ? -1 : 1) * ((hours * 60) + minutes) * 60_000_000L;
        return true;
    }

    private static long? DayNumber(ReadOnlySpan<byte> text)
    {
        if (text.Length != 10 || text[4] != '-' || text[7] != '-' || !Two(text, 0, out var century) || !Two(text, 2, out var year)
            || !Two(text, 5, out var month) || !Two(text, 8, out var day))
        {
            return null;
        }

        year += century * 100;
        return year >= 1 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            ? new DateOnly(year, month, day).DayNumber - Epoch.DayNumber
            : null;
    }

    private static bool Two(ReadOnlySpan<byte> text, int at, out int value)
    {
        value = 0;
        if (text.Length < at + 2 || text[at] is < (byte)'0' or > (byte)'9' || text[at + 1] is < (byte)'0' or > (byte)'9')
        {
            return false;
        }

        value = ((text[at] - '0') * 10) + (text[at + 1] - '0');
        return true;
    }
}
