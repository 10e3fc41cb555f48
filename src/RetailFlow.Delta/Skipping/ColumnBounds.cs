namespace RetailFlow.Delta;

/// <summary>What is known about the values of one column in one file.</summary>
internal struct ColumnBounds
{
    /// <summary>No non-null value is below it; null when unknown.</summary>
    public Literal? Low;

    /// <summary>No non-null value is above it, NaN apart; null when unknown.</summary>
    public Literal? High;

    /// <summary>Number of nulls; null when unknown.</summary>
    public long? Nulls;

    /// <summary>True when the text of <see cref="High"/> may be cut off, so that values that start with it may follow it.</summary>
    public bool HighIsPrefix;

    /// <summary>True when values may be NaN, which engines order above every number and which no bound covers.</summary>
    public bool MayBeNaN;

    /// <summary>Some row may be null.</summary>
    public bool MayBeNull;

    /// <summary>Some row may have a value.</summary>
    public bool MayHaveValue;

    public static ColumnBounds Unknown => new() { MayBeNull = true, MayHaveValue = true, MayBeNaN = true };

    public static ColumnBounds Exactly(Literal value) => new() { Low = value, High = value, MayHaveValue = true };

    public static ColumnBounds OnlyNull => new() { MayBeNull = true };

    /// <summary>Whether some row may make the comparison true, and whether some row may make it false.</summary>
    public readonly Verdict Compare(ComparisonOperator comparison, Literal value)
    {
        if (!MayHaveValue)
        {
            return Verdict.Neither;
        }

        var low = Low is { } l ? Literal.Compare(l, value) : null;
        var high = High is { } h ? Literal.Compare(h, value) : null;

        // Unknown sides count as beyond the value on both sides.
        var someLess = low is null or < 0;
        var someGreater = MayBeNaN || high is null or > 0 || (high <= 0 && MayExtend(value));
        var someEqual = low is null or <= 0 && (high is null or >= 0 || MayExtend(value));
        var someOther = someLess || someGreater;
        return comparison switch
        {
            ComparisonOperator.Equal => new(someEqual, someOther),
            ComparisonOperator.NotEqual => new(someOther, someEqual),
            ComparisonOperator.Less => new(someLess, someEqual || someGreater),
            ComparisonOperator.LessOrEqual => new(someLess || someEqual, someGreater),
            ComparisonOperator.Greater => new(someGreater, someLess || someEqual),
            ComparisonOperator.GreaterOrEqual => new(someGreater || someEqual, someLess),
            _ => Verdict.Either,
        };
    }

    private readonly bool MayExtend(Literal value) =>
        HighIsPrefix && High is { } high && value.TextValue.StartsWith(high.TextValue, StringComparison.Ordinal);
}

/// <summary>What a condition may be for the rows of a file; neither means null for all of them, or no rows.</summary>
/// <param name="MayBeTrue">Some row may match.</param>
/// <param name="MayBeFalse">Some row may fail to match.</param>
internal readonly record struct Verdict(bool MayBeTrue, bool MayBeFalse)
{
    public static Verdict Either => new(true, true);

    public static Verdict Neither => new(false, false);
}
