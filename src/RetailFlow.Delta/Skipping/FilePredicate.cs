namespace RetailFlow.Delta;

/// <summary>How a column compares with a literal.</summary>
public enum ComparisonOperator
{
    /// <summary>Equal.</summary>
    Equal,

    /// <summary>Not equal.</summary>
    NotEqual,

    /// <summary>Less.</summary>
    Less,

    /// <summary>Less or equal.</summary>
    LessOrEqual,

    /// <summary>Greater.</summary>
    Greater,

    /// <summary>Greater or equal.</summary>
    GreaterOrEqual,
}

/// <summary>
/// A condition on rows, in SQL's three-valued logic, by which whole files can be skipped. It may be weaker than the
/// condition of the query, never stronger.
/// </summary>
public abstract record FilePredicate
{
    /// <summary>Every row matches.</summary>
    public static readonly FilePredicate True = new And([]);

    private FilePredicate()
    {
    }

    /// <summary>All of them; true for an empty list.</summary>
    public sealed record And(IReadOnlyList<FilePredicate> Operands) : FilePredicate;

    /// <summary>Any of them; false for an empty list.</summary>
    public sealed record Or(IReadOnlyList<FilePredicate> Operands) : FilePredicate;

    /// <summary>The opposite; null stays null.</summary>
    public sealed record Not(FilePredicate Operand) : FilePredicate;

    /// <summary>The column compared with a value; null where the column is null.</summary>
    public sealed record Compare(ColumnPath Column, ComparisonOperator Operator, Literal Value) : FilePredicate;

    /// <summary>The column equal to one of the values; null where the column is null.</summary>
    public sealed record In(ColumnPath Column, IReadOnlyList<Literal> Values) : FilePredicate;

    /// <summary>The column is null.</summary>
    public sealed record IsNull(ColumnPath Column) : FilePredicate;

    /// <summary>A condition that nothing is known about: it may hold for any row.</summary>
    public sealed record Unknown : FilePredicate;

    /// <summary>The column equal to the value.</summary>
    public static FilePredicate Equal(ColumnPath column, Literal value) => new Compare(column, ComparisonOperator.Equal, value);

    /// <summary>The column between the two values, both included.</summary>
    public static FilePredicate Between(ColumnPath column, Literal low, Literal high) =>
        new And([new Compare(column, ComparisonOperator.GreaterOrEqual, low), new Compare(column, ComparisonOperator.LessOrEqual, high)]);
}
