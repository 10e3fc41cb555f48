using System.Globalization;
using System.Text;

namespace RetailFlow.Tables;

/// <summary>Quoting of names and literals; the only place where text becomes SQL.</summary>
internal static class SqlText
{
    /// <summary>A quoted identifier.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A string literal, or NULL.</summary>
    public static string Literal(string? value) =>
        value is null ? "NULL"
        : !value.Contains('\0', StringComparison.Ordinal) ? $"'{value.Replace("'", "''", StringComparison.Ordinal)}'"
        : $"({string.Join(" || chr(0) || ", value.Split('\0').Select(Literal))})"; // a NUL would end the statement

    /// <summary>A list literal of strings.</summary>
    public static string List(IEnumerable<string> values)
    {
        var text = new StringBuilder("[");
        foreach (var value in values)
        {
            if (text.Length > 1)
            {
                text.Append(',');
            }

            text.Append(Literal(value));
        }

        return text.Append(']').ToString();
    }

    /// <summary>A list literal of file paths for a function of the engine, which would take them for patterns otherwise.</summary>
    public static string Files(IEnumerable<string> paths) => List(paths.Select(Path));

    /// <summary>A path with what would make it a pattern taken literally.</summary>
    private static string Path(string path) => path.AsSpan().IndexOfAny("*?[") < 0
        ? path
        : path.Replace("[", "[[]", StringComparison.Ordinal).Replace("*", "[*]", StringComparison.Ordinal).Replace("?", "[?]", StringComparison.Ordinal);

    /// <summary>Quoted names, separated by commas.</summary>
    public static string Names(IEnumerable<string> names, string? qualifier = null) =>
        string.Join(", ", names.Select(name => qualifier is null ? Name(name) : $"{qualifier}.{Name(name)}"));

    /// <summary>Equality of each column of two relations, nulls equal.</summary>
    public static string SameColumns(IEnumerable<string> columns, string left, string right) =>
        string.Join(" and ", columns.Select(column => $"{left}.{Name(column)} is not distinct from {right}.{Name(column)}"));

    /// <summary>Equality of key columns, which are never null.</summary>
    public static string SameKey(IEnumerable<string> columns, string left, string right) =>
        string.Join(" and ", columns.Select(column => $"{left}.{Name(column)} = {right}.{Name(column)}"));

    /// <summary>A TIMESTAMPTZ literal.</summary>
    public static string Instant(DateTimeOffset value) =>
        $"TIMESTAMPTZ '{value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";
}
