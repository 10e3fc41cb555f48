namespace RetailFlow.DuckDb;

/// <summary>Decides a condition for some rows.</summary>
/// <param name="arguments">The arguments, a column each; valid during the call.</param>
/// <param name="result">Where the answers go, one for every row of <paramref name="arguments"/>.</param>
public delegate void DuckDbPredicate(DuckDbChunk arguments, Span<bool> result);
