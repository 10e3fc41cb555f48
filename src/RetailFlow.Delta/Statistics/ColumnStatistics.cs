namespace RetailFlow.Delta;

/// <summary>What the writer of a file knows about one leaf column, as text in SQL notation.</summary>
/// <param name="Column">Physical names, outermost first.</param>
/// <param name="Min">Smallest value, or a lower bound; null if unknown.</param>
/// <param name="Max">Largest value, or an upper bound; null if unknown. Instants without a zone are UTC.</param>
/// <param name="NullCount">Number of nulls; null if unknown.</param>
/// <param name="HasNaN">True when values may be NaN: then there is no upper bound.</param>
public sealed record ColumnStatistics(ColumnPath Column, string? Min, string? Max, long? NullCount, bool HasNaN = false);
