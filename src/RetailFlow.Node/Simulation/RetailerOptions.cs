namespace RetailFlow.Node.Simulation;

/// <summary>What a simulated retailer looks like. Two simulations with equal options write equal bytes.</summary>
public sealed record RetailerOptions
{
    /// <summary>The seed of every random choice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many days of business the files cover.</summary>
    public int Days { get; init; } = 7;

    /// <summary>Size of the business: 1 is about <see cref="RecordsPerDayAtScaleOne"/> stock records a day.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>How many different items there are.</summary>
    public int Skus { get; init; } = 500;

    /// <summary>How many places hold stock: about one in ten a warehouse, one the web shop's, the others stores.</summary>
    public int Locations { get; init; } = 12;

    /// <summary>
    /// When business opens. Fixed by default, and in the past, so that the same seed gives the same bytes on any day
    /// and no record is refused for lying in the future.
    /// </summary>
    public DateTimeOffset Start { get; init; } = new(2025, 1, 6, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Share of the delivered records that are resent copies of earlier ones.</summary>
    public double RetryRate { get; init; } = 0.10;

    /// <summary>Share of the new records that arrive minutes to days after they happened.</summary>
    public double LateRate { get; init; } = 0.05;

    /// <summary>Share of the delivered records that have to be set aside.</summary>
    public double BrokenRate { get; init; } = 0.001;

    /// <summary>Share of the new records that are cycle counts; the opening counts are not in it.</summary>
    public double CountRate { get; init; } = 0.01;

    /// <summary>Share of the new records that retract an earlier one.</summary>
    public double VoidRate { get; init; } = 0.005;

    /// <summary>
    /// Whether records come in all the spellings that the rules allow (quantities as strings, trailing zeros, fields
    /// nobody asked for, copies serialised anew, a void before its target). Benchmarks turn it off.
    /// </summary>
    public bool Variety { get; init; } = true;

    /// <summary>Stock records a day at <see cref="Scale"/> 1, opening counts apart.</summary>
    public const int RecordsPerDayAtScaleOne = 10_000;

    /// <summary>Refuses values no retailer can be made of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; the message names it.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Days, 1, nameof(Days));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Days, 3_660, nameof(Days));
        ArgumentOutOfRangeException.ThrowIfNotEqual(double.IsFinite(Scale) && Scale > 0 && Scale <= 100_000, true, nameof(Scale));
        ArgumentOutOfRangeException.ThrowIfLessThan(Skus, 1, nameof(Skus));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Skus, 10_000_000, nameof(Skus));
        ArgumentOutOfRangeException.ThrowIfLessThan(Locations, 1, nameof(Locations));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Locations, 9_999, nameof(Locations));
        foreach (var (rate, name) in new[]
        {
            (RetryRate, nameof(RetryRate)), (LateRate, nameof(LateRate)), (BrokenRate, nameof(BrokenRate)),
            (CountRate, nameof(CountRate)), (VoidRate, nameof(VoidRate)),
        })
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(double.IsFinite(rate) && rate is >= 0 and <= 0.9, true, name);
        }
    }
}
