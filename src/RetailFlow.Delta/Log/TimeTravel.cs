namespace RetailFlow.Delta;

/// <summary>Which version of a table to load.</summary>
public abstract record TimeTravel
{
    /// <summary>The newest version.</summary>
    public static readonly TimeTravel Latest = new AtLatest();

    private TimeTravel()
    {
    }

    /// <summary>The newest version.</summary>
    public sealed record AtLatest : TimeTravel;

    /// <summary>Exactly this version.</summary>
    /// <param name="Number">The version, from 0.</param>
    public sealed record AtVersion(long Number) : TimeTravel;

    /// <summary>The newest version that is not younger than this time.</summary>
    /// <param name="Time">The time.</param>
    public sealed record AtTime(DateTimeOffset Time) : TimeTravel;

    /// <summary>Exactly this version.</summary>
    public static TimeTravel Version(long number) => new AtVersion(number);

    /// <summary>The newest version that is not younger than this time.</summary>
    public static TimeTravel AsOf(DateTimeOffset time) => new AtTime(time);
}
