namespace RetailFlow.DuckDb;

/// <summary>Quotes names and texts for the few places where SQL takes no parameters: names of tables and columns, files of COPY.</summary>
public static class DuckDbSql
{
    /// <summary>A quoted identifier.</summary>
    /// <exception cref="ArgumentException">The name is empty or holds a zero character, which DuckDB cannot parse.</exception>
    public static string Identifier(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return $"\"{WithoutZero(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A quoted text literal.</summary>
    /// <exception cref="ArgumentException">The text holds a zero character, which DuckDB cannot parse.</exception>
    public static string Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return $"'{WithoutZero(text).Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private static string WithoutZero(string text) =>
        text.Contains('\0', StringComparison.Ordinal) ? throw new ArgumentException("SQL text cannot hold a zero character.", nameof(text)) : text;
}
