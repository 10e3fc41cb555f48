using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// The statistics that a checkpoint keeps as a struct, as the JSON text of a commit (Delta protocol, "Per-file Statistics"). Values
/// whose text could say something else than the value are left out: what is not known never makes a reader skip a file wrongly.
/// </summary>
internal static class StructStatistics
{
    /// <summary>An expression for the JSON text; null if the type is no struct of statistics.</summary>
    public static string? ToJson(string statistics, DuckDbType type)
    {
        var members = new List<string>();
        foreach (var field in (type as DuckDbStructType)?.Fields ?? [])
        {
            var value = field.Name is "numRecords" or "tightBounds" or "nullCount" or "minValues" or "maxValues"
                ? Value($"struct_extract({statistics}, {SqlText.Literal(field.Name)})", field.Type)
                : null;
            if (value is not null)
            {
                members.Add($"{SqlText.Name(field.Name)} := {value}");
            }
        }

        return members.Count == 0
            ? null
            : $"CASE WHEN {statistics} IS NOT NULL THEN CAST(to_json(struct_pack({string.Join(", ", members)})) AS VARCHAR) END";
    }

    private static string? Value(string value, DuckDbType type)
    {
        switch (type.Kind)
        {
            case DuckDbTypeKind.Boolean or DuckDbTypeKind.TinyInt or DuckDbTypeKind.SmallInt or DuckDbTypeKind.Integer or DuckDbTypeKind.BigInt
                or DuckDbTypeKind.Varchar:
                return value;
            case DuckDbTypeKind.Date:
                return $"strftime({value}, '%Y-%m-%d')";
            case DuckDbTypeKind.TimestampTz:
                return $"strftime({value} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')";
            case DuckDbTypeKind.Struct:
                var members = ((DuckDbStructType)type).Fields
                    .Select(f => (f.Name, Value: Value($"struct_extract({value}, {SqlText.Literal(f.Name)})", f.Type)))
                    .Where(f => f.Value is not null)
                    .Select(f => $"{SqlText.Name(f.Name)} := {f.Value}")
                    .ToList();
                return members.Count == 0 ? null : $"struct_pack({string.Join(", ", members)})";
            default:
                return null;
        }
    }
}
