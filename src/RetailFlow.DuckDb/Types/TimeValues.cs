namespace RetailFlow.DuckDb;

/// <summary>
/// DuckDB's times, counted from 1970-01-01, and those of .NET. Positive and negative infinity become the largest and smallest .NET
/// value; a finite value outside the years 1 to 9999 is an error that names it.
/// </summary>
internal static class TimeValues
{
    private const long TicksPerMicro = TimeSpan.TicksPerMicrosecond;
    private const long NanosPerTick = TimeSpan.NanosecondsPerTick;
    private static readonly int EpochDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static int Days(DateOnly date) => date.DayNumber - EpochDay;

    public static long Micros(TimeOnly time) => time.Ticks / TicksPerMicro;

    public static long Micros(DateTime time) => Units(time, TicksPerMicro);

    /// <summary>Units of so many ticks since 1970-01-01; what is below a unit is dropped, towards the past.</summary>
    public static long Units(DateTime time, long ticksPerUnit) => Floor(time.Ticks - DateTime.UnixEpoch.Ticks, ticksPerUnit);

    public static DateOnly ToDate(int days) => days switch
    {
        int.MaxValue => DateOnly.MaxValue,
        -int.MaxValue => DateOnly.MinValue,
        _ when days >= -EpochDay && days <= DateOnly.MaxValue.DayNumber - EpochDay => DateOnly.FromDayNumber(EpochDay + days),
        _ => throw OutOfRange("DATE", days, "days"),
    };

    public static TimeOnly ToTime(long value, long unitsPerSecond)
    {
        Int128 ticks = (Int128)value * TimeSpan.TicksPerSecond / unitsPerSecond;
        return ticks >= 0 && ticks < TimeSpan.TicksPerDay
            ? new TimeOnly((long)ticks)
            : throw new DuckDbException(DuckDbErrorKind.OutOfRange, $"The TIME {value} / {unitsPerSecond} s since midnight is not before 24:00.");
    }

    /// <summary>A timestamp of any precision; nanoseconds below 100 are dropped.</summary>
    public static DateTime ToDateTime(long value, long unitsPerSecond)
    {
        if (value == long.MaxValue)
        {
            return DateTime.MaxValue;
        }

        if (value == -long.MaxValue)
        {
            return DateTime.MinValue;
        }

        Int128 ticks = DateTime.UnixEpoch.Ticks + (unitsPerSecond > TimeSpan.TicksPerSecond
            ? Floor(value, NanosPerTick)
            : (Int128)value * (TimeSpan.TicksPerSecond / unitsPerSecond));
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime((long)ticks, DateTimeKind.Unspecified)
            : throw OutOfRange("TIMESTAMP", value, $"1/{unitsPerSecond} s");
    }

    public static DateTimeOffset ToDateTimeOffset(long micros) =>
        new(ToDateTime(micros, TimeSpan.MicrosecondsPerSecond), TimeSpan.Zero);

    private static long Floor(long value, long unit) => (value / unit) - (value % unit < 0 ? 1 : 0);

    private static DuckDbException OutOfRange(string type, long value, string unit) =>
        new(DuckDbErrorKind.OutOfRange, $"The {type} at {value} {unit} from 1970-01-01 is outside the years 1 to 9999; read it as text or as a raw column.");
}
