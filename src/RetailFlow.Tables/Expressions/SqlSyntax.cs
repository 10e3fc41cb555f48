using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>The engine's own syntax tree of a condition, so that what a condition says is never guessed from its text.</summary>
internal static class SqlSyntax
{
    /// <summary>The tree of one expression, or null if the text is not one expression.</summary>
    public static JsonElement? TryParse(DuckDbConnection connection, string expression)
    {
        // Without parentheses: what closes one that it did not open is no expression. What follows an expression shows in the node.
        var json = connection.Scalar<string>($"select cast(json_serialize_sql({SqlText.Literal($"select 1 where {expression}")}) as varchar)");
        var root = JsonElement.Parse(json);
        return root.GetProperty("error").ValueKind == JsonValueKind.False
            && root.GetProperty("statements") is { } statements && statements.GetArrayLength() == 1
            && statements[0].GetProperty("node") is { } node && node.GetProperty("type").GetString() == "SELECT_NODE"
            && node.GetProperty("modifiers").GetArrayLength() == 0
            && node.GetProperty("group_expressions").GetArrayLength() == 0
            && node.GetProperty("having").ValueKind == JsonValueKind.Null
            && node.GetProperty("qualify").ValueKind == JsonValueKind.Null
            && node.GetProperty("sample").ValueKind == JsonValueKind.Null
            && node.GetProperty("from_table").GetProperty("type").GetString() == "EMPTY"
            ? node.GetProperty("where_clause")
            : null;
    }

    /// <summary>The tree of one expression that a caller gave.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="field">What the expression is, for the message.</param>
    /// <param name="expression">Its text.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidInput"/>: the text is not one expression.</exception>
    public static JsonElement Parse(DuckDbConnection connection, string field, string expression) =>
        TryParse(connection, expression) ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"{field}: '{expression}' is not an SQL expression.");

    /// <summary>Class of a node, such as <c>COMPARISON</c>.</summary>
    public static string ClassOf(JsonElement node) => node.GetProperty("class").GetString()!;

    /// <summary>Type of a node, such as <c>COMPARE_EQUAL</c>.</summary>
    public static string TypeOf(JsonElement node) => node.GetProperty("type").GetString()!;

    /// <summary>The parts of a column reference, qualifier first; null for any other node.</summary>
    public static IReadOnlyList<string>? ColumnOf(JsonElement node) =>
        ClassOf(node) == "COLUMN_REF" ? [.. node.GetProperty("column_names").EnumerateArray().Select(n => n.GetString()!)] : null;
}
