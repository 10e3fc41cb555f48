using System.Globalization;
using System.Text.Json;
using RetailFlow.DuckDb;

namespace RetailFlow.NaiveDelta;

/// <summary>A node of a Parquet file's schema.</summary>
internal sealed record NaiveNode(string Name, List<NaiveNode> Children)
{
    public NaiveNode? Find(string name) => Children.FirstOrDefault(c => c.Name == name);

    /// <summary>The schema of a file as the file tells it.</summary>
    public static NaiveNode Of(DuckDbConnection sql, string file)
    {
        using var result = sql.Query($"select name, num_children from parquet_schema({NaiveSchema.Literal(file)})");
        var rows = new Queue<object?[]>(result.Rows());
        return Take(rows);
    }

    private static NaiveNode Take(Queue<object?[]> rows)
    {
        var row = rows.Dequeue();
        var children = row[1] is null ? 0 : Convert.ToInt32(row[1], CultureInfo.InvariantCulture);
        var node = new NaiveNode((string)row[0]!, []);
        for (var i = 0; i < children; i++)
        {
            node.Children.Add(Take(rows));
        }

        return node;
    }
}

/// <summary>Delta's types in SQL, and SQL for a column's values as a file has them.</summary>
internal static class NaiveSchema
{
    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    public static string Quoted(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public static JsonElement Fields(NaiveState state) => JsonElement.Parse(state.Metadata!.Value.GetProperty("schemaString").GetString()!).GetProperty("fields");

    public static string Name(JsonElement field) => field.GetProperty("name").GetString()!;

    /// <summary>The name that files, statistics and partition values have for a field.</summary>
    public static string Physical(NaiveState state, JsonElement field) =>
        state.Property("delta.columnMapping.mode") is "name" or "id" ? field.GetProperty("metadata").GetProperty("delta.columnMapping.physicalName").GetString()! : Name(field);

    public static string SqlType(JsonElement type) => Kind(type) switch
    {
        "struct" => "STRUCT(" + string.Join(", ", type.GetProperty("fields").EnumerateArray().Select(f => Quoted(Name(f)) + " " + SqlType(f.GetProperty("type")))) + ")",
        "array" => SqlType(type.GetProperty("elementType")) + "[]",
        "map" => $"MAP({SqlType(type.GetProperty("keyType"))}, {SqlType(type.GetProperty("valueType"))})",
        "string" => "VARCHAR",
        "long" => "BIGINT",
        "integer" => "INTEGER",
        "short" => "SMALLINT",
        "byte" => "TINYINT",
        "binary" => "BLOB",
        "timestamp" => "TIMESTAMP WITH TIME ZONE",
        "timestamp_ntz" => "TIMESTAMP",
        "double" or "float" or "boolean" or "date" => Kind(type).ToUpperInvariant(),
        var text when text.StartsWith("decimal", StringComparison.Ordinal) => text.ToUpperInvariant(),
        var other => throw new NaiveException($"The type '{other}'."),
    };

    /// <summary>A partition value's SQL.</summary>
    public static string PartitionValue(JsonElement type, string? text) =>
        string.IsNullOrEmpty(text) ? $"cast(null as {SqlType(type)})"
        : Kind(type) == "binary" ? $"encode({Literal(text)})"
        : $"cast({Literal(text)} as {SqlType(type)})";

    /// <summary>The values of a column or field from a file, in the table's type; null where the file has none.</summary>
    public static string Value(NaiveState state, string source, JsonElement type, NaiveNode? node, int depth = 0)
    {
        if (node is null)
        {
            return $"cast(null as {SqlType(type)})";
        }

        var item = $"x{depth}";
        switch (Kind(type))
        {
            case "struct":
                var fields = type.GetProperty("fields").EnumerateArray().Select(f =>
                {
                    var stored = Physical(state, f);
                    return $"{Quoted(Name(f))} := {Value(state, $"struct_extract({source}, {Literal(stored)})", f.GetProperty("type"), node.Find(stored), depth)}";
                });
                return $"case when {source} is null then null else struct_pack({string.Join(", ", fields)}) end";
            case "array" when Holds(type, "struct"):
                return $"list_transform({source}, lambda {item}: {Value(state, item, type.GetProperty("elementType"), node.Children[0].Children[0], depth + 1)})";
            case "map" when Holds(type, "struct"):
                var entry = node.Children[0];
                return $"map_from_entries(list_transform(map_entries({source}), lambda {item}: struct_pack("
                    + $"k := {Value(state, item + ".key", type.GetProperty("keyType"), entry.Children[0], depth + 1)}, "
                    + $"v := {Value(state, item + ".value", type.GetProperty("valueType"), entry.Children[1], depth + 1)})))";
            default:
                return $"cast({source} as {SqlType(type)})";
        }
    }

    public static string Kind(JsonElement type) => type.ValueKind == JsonValueKind.String ? type.GetString()! : type.GetProperty("type").GetString()!;

    private static bool Holds(JsonElement type, string kind) => type.GetRawText().Contains($"\"{kind}\"", StringComparison.Ordinal);
}
