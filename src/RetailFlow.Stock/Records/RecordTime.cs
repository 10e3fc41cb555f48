namespace RetailFlow.Stock.Records;

/// <summary>Why a text is not the time of a record.</summary>
public enum TimeFault : byte
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not an RFC 3339 date and time, or one that no calendar and clock shows.</summary>
    NotATime,

    /// <summary>A date and time of no known place: the offset is missing.</summary>
    NoOffset,
}

/// <summary>
/// Instants as records write them: RFC 3339 with an offset. Microseconds are kept and finer digits cut off; the date and the
/// instant in UTC both lie in the years 0001 to 9999; a 60th second is refused, since instants here are counted without leap seconds.
/// </summary>
public static class RecordTime
{
    private const long MicrosPerSecond = 1_000_000;
    private const long MicrosPerDay = 86_400 * MicrosPerSecond;
    private const int DaysToUnixEpoch = 719_162;

    /// <summary>Bytes of a time as <see cref="Format(long, Span{byte})"/> writes it.</summary>
    public const int TextBytes = 27;

    /// <summary>The first instant of the year 0001, in microseconds since 1970-01-01T00:00:00Z.</summary>
    public const long MinMicros = -DaysToUnixEpoch * MicrosPerDay;

    /// <summary>The last microsecond of the year 9999.</summary>
    public const long MaxMicros = (2_932_897L * MicrosPerDay) - 1;

    private static readonly short[] DaysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

    private static readonly byte[] DaysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>Reads <c>2026-11-22T10:15:30.25+01:00</c> (also with a space or small letters) as UTC microseconds since 1970.</summary>
    public static TimeFault Parse(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length < 19 || text[4] != (byte)'-' || text[7] != (byte)'-' || text[13] != (byte)':' || text[16] != (byte)':'
            || text[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
        {
            return TimeFault.NotATime;
        }

        int year = (Two(text, 0) * 100) + Two(text, 2);
        int month = Two(text, 5);
        int day = Two(text, 8);
        int hour = Two(text, 11);
        int minute = Two(text, 14);
        int second = Two(text, 17);
        if (year < 1 || Two(text, 0) < 0 || Two(text, 2) < 0 || month is < 1 or > 12 || hour is < 0 or > 23
            || minute is < 0 or > 59 || second is < 0 or > 59)
        {
            return TimeFault.NotATime;
        }

        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (day < 1 || day > DaysInMonth[month - 1] + (leap && month == 2 ? 1 : 0))
        {
            return TimeFault.NotATime;
        }

        int at = 19;
        int fraction = 0;
        if (at < text.Length && text[at] == (byte)'.')
        {
            int unit = 100_000;
            int firstDigit = ++at;
            for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            {
                fraction += (text[at] - '0') * unit;
                unit /= 10;
            }

            if (at == firstDigit)
            {
                return TimeFault.NotATime;
            }
        }

        if (at == text.Length)
        {
            return TimeFault.NoOffset;
        }

        if (!ReadOffset(text[at..], out int offsetMinutes))
        {
            return TimeFault.NotATime;
        }

        int before = year - 1;
        long days = (365 * before) + (before / 4) - (before / 100) + (before / 400)
            + DaysBeforeMonth[month - 1] + (leap && month > 2 ? 1 : 0) + (day - 1) - DaysToUnixEpoch;
        long seconds = (days * 86_400) + (hour * 3_600) + ((minute - offsetMinutes) * 60) + second;
        long instant = (seconds * MicrosPerSecond) + fraction;
        if (instant is < MinMicros or > MaxMicros)
        {
            return TimeFault.NotATime;
        }

        micros = instant;
        return TimeFault.None;
    }

    /// <summary>Microseconds since 1970 of <paramref name="instant"/>, finer digits cut off.</summary>
    public static long ToMicros(DateTimeOffset instant) => FloorMicros(instant.UtcTicks - DateTime.UnixEpoch.Ticks);

    /// <summary>The instant that lies <paramref name="micros"/> after 1970, in UTC.</summary>
    public static DateTimeOffset ToInstant(long micros) => new(DateTime.UnixEpoch.AddTicks(micros * 10), TimeSpan.Zero);

    /// <summary>Always 27 characters: <c>2026-11-22T00:00:00.123456Z</c>.</summary>
    public static string Format(long micros)
    {
        Span<byte> text = stackalloc byte[TextBytes];
        Format(micros, text);
        return System.Text.Encoding.ASCII.GetString(text);
    }

    /// <summary>The same text in ASCII.</summary>
    /// <param name="micros">Microseconds since 1970 UTC.</param>
    /// <param name="into">At least <see cref="TextBytes"/> bytes, of which the first are written.</param>
    public static void Format(long micros, Span<byte> into)
    {
        DateTime time = ToInstant(micros).UtcDateTime;
        (int year, int month, int day) = time;
        "0000-00-00T00:00:00.000000Z"u8.CopyTo(into);
        Digits(into[..4], year);
        Digits(into[5..7], month);
        Digits(into[8..10], day);
        Digits(into[11..13], time.Hour);
        Digits(into[14..16], time.Minute);
        Digits(into[17..19], time.Second);
        Digits(into[20..26], (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
    }

    private static void Digits(Span<byte> into, int value)
    {
        for (int i = into.Length - 1; i >= 0; i--)
        {
            (value, int digit) = Math.DivRem(value, 10);
            into[i] = (byte)('0' + digit);
        }
    }

    private static long FloorMicros(long ticks) => (ticks - (((ticks % 10) + 10) % 10)) / 10;

    private static bool ReadOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return text[0] is (byte)'Z' or (byte)'z';
        }

        if (text.Length != 6 || text[3] != (byte)':' || text[0] is not ((byte)'+' or (byte)'-'))
        {
            return false;
        }

        int hour = Two(text, 1);
        int minute = Two(text, 4);
        if (hour is < 0 or > 23 || minute is < 0 or > 59)
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (text[0] == (byte)'-' ? -1 : 1);
        return true;
    }

    /// <summary>Two digits as a number, or a negative number far from any valid one.</summary>
    private static int Two(ReadOnlySpan<byte> text, int at)
    {
        int tens = text[at] - '0';
        int ones = text[at + 1] - '0';
        return tens is < 0 or > 9 || ones is < 0 or > 9 ? -10_000 : (tens * 10) + ones;
    }
}
