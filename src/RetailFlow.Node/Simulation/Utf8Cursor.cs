using System.Buffers.Text;

namespace RetailFlow.Node.Simulation;

/// <summary>Appends text to a buffer that is known to be large enough.</summary>
internal ref struct Utf8Cursor(Span<byte> buffer)
{
    private const long MicrosecondsPerSecond = 1_000_000;

    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Raw(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_buffer[Length..]);
        Length += text.Length;
    }

    public void Byte(byte value) => _buffer[Length++] = value;

    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, _buffer[Length..], out var written);
        Length += written;
    }

    public void Padded(long value, int digits)
    {
        var width = digits;
        for (var bound = Power(digits); value >= bound && width < 19; bound *= 10)
        {
            width++;
        }

        for (var i = width - 1; i >= 0; i--)
        {
            _buffer[Length + i] = (byte)('0' + (int)(value % 10));
            value /= 10;
        }

        Length += width;
    }

    /// <summary>A quantity in units of 0.00001, without the zeros that say nothing.</summary>
    public void Quantity(long value, bool trailingZero)
    {
        if (value < 0)
        {
            Byte((byte)'-');
            value = -value;
        }

        var (whole, fraction) = Math.DivRem(value, RetailCatalog.One);
        Number(whole);
        if (fraction != 0 || trailingZero)
        {
            Byte((byte)'.');
            if (fraction == 0)
            {
                Byte((byte)'0');
                return;
            }

            var digits = 5;
            while (fraction % 10 == 0)
            {
                fraction /= 10;
                digits--;
            }

            Padded(fraction, digits);
            if (trailingZero && digits < 5)
            {
                Byte((byte)'0');
            }
        }
    }

    /// <summary>An RFC 3339 time with as many fraction digits as <paramref name="fractionDigits"/> (0, 3 or 6).</summary>
    public void Time(long microseconds, int offsetMinutes, int fractionDigits)
    {
        var local = microseconds + offsetMinutes * 60 * MicrosecondsPerSecond;
        var (seconds, micro) = Math.DivRem(local, MicrosecondsPerSecond);
        var (days, second) = Math.DivRem(seconds, 86_400L);
        var date = CalendarDay((int)days);
        Padded(date / 10_000, 4);
        Byte((byte)'-');
        Padded(date / 100 % 100, 2);
        Byte((byte)'-');
        Padded(date % 100, 2);
        Byte((byte)'T');
        Padded(second / 3_600, 2);
        Byte((byte)':');
        Padded(second / 60 % 60, 2);
        Byte((byte)':');
        Padded(second % 60, 2);
        if (fractionDigits > 0)
        {
            Byte((byte)'.');
            Padded(fractionDigits == 3 ? micro / 1_000 : micro, fractionDigits);
        }

        if (offsetMinutes == 0)
        {
            Byte((byte)'Z');
            return;
        }

        Byte(offsetMinutes < 0 ? (byte)'-' : (byte)'+');
        Padded(Math.Abs(offsetMinutes) / 60, 2);
        Byte((byte)':');
        Padded(Math.Abs(offsetMinutes) % 60, 2);
    }

    /// <summary>yyyymmdd of a day counted from 1970-01-01, not before it.</summary>
    public static int CalendarDay(int days)
    {
        var shifted = days + 719_468;
        var era = shifted / 146_097;
        var dayOfEra = shifted - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var monthFromMarch = (5 * dayOfYear + 2) / 153;
        var day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        var year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        return year * 10_000 + month * 100 + day;
    }

    private static long Power(int digits)
    {
        var power = 1L;
        for (var i = 0; i < digits; i++)
        {
            power *= 10;
        }

        return power;
    }
}
