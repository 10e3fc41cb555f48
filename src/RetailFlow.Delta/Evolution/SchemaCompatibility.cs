using System.Globalization;

namespace RetailFlow.Delta;

/// <summary>Whether files that were written under one schema are read rightly under another. Pure.</summary>
internal static class SchemaCompatibility
{
    /// <summary>Why they would not be, or null.</summary>
    public static string? Break(Metadata previous, Metadata next)
    {
        var (before, after) = (ColumnMapping.ModeOf(previous), ColumnMapping.ModeOf(next));
        if (before != after && (before, after) is not (ColumnMappingMode.None, ColumnMappingMode.Name))
        {
            return $"the column mapping mode cannot go from {Text(before)} to {Text(after)}";
        }

        if (before != ColumnMappingMode.None && MaxId(next) < MaxId(previous))
        {
            return $"{ColumnMapping.MaxIdProperty} may not be lowered";
        }

        if (!ColumnMapping.PhysicalPartitionColumns(previous).SequenceEqual(ColumnMapping.PhysicalPartitionColumns(next), StringComparer.Ordinal))
        {
            return "its files are partitioned by other columns";
        }

        return Break(previous.Schema, next.Schema, "", after != ColumnMappingMode.None);
    }

    private static string? Break(StructType previous, StructType next, string parent, bool mapped)
    {
        var byName = next.Fields.ToDictionary(f => f.PhysicalName, StringComparer.Ordinal);
        foreach (var field in previous.Fields)
        {
            if (!byName.Remove(field.PhysicalName, out var kept))
            {
                if (mapped)
                {
                    continue;
                }

                return $"the column '{parent}{field.Name}' is gone, which needs column mapping";
            }

            if (!mapped && kept.Name != field.Name)
            {
                return $"the column '{parent}{field.Name}' is renamed, which needs column mapping";
            }

            if (field.Nullable && !kept.Nullable)
            {
                return $"the column '{parent}{field.Name}' becomes required, and its files may have nulls";
            }

            if (Break(field.Type, kept.Type, kept, "", parent + field.Name, mapped) is { } reason)
            {
                return reason;
            }
        }

        return byName.Values.FirstOrDefault(f => !f.Nullable) is { } required
            ? $"the new column '{parent}{required.Name}' is required, and its files do not have it"
            : null;
    }

    private static string? Break(DataType previous, DataType next, StructField field, string path, string name, bool mapped)
    {
        switch (previous, next)
        {
            case (StructType a, StructType b):
                return Break(a, b, name + Suffix(path) + ".", mapped);
            case (ArrayType a, ArrayType b):
                return a.ContainsNull && !b.ContainsNull
                    ? $"the elements of '{name}' become required"
                    : Break(a.ElementType, b.ElementType, field, Join(path, "element"), name, mapped);
            case (MapType a, MapType b):
                return a.ValueContainsNull && !b.ValueContainsNull
                    ? $"the values of '{name}' become required"
                    : Break(a.KeyType, b.KeyType, field, Join(path, "key"), name, mapped)
                        ?? Break(a.ValueType, b.ValueType, field, Join(path, "value"), name, mapped);
            default:
                if (previous == next || previous == PrimitiveType.Void)
                {
                    return null;
                }

                if (!TypeWidening.IsAllowed(previous, next))
                {
                    return $"the column '{name}{Suffix(path)}' cannot go from {previous} to {next}";
                }

                return TypeWidening.Changes(field.Metadata).Any(c => c.Path == path && c.To == next.ToString())
                    ? null
                    : $"the column '{name}{Suffix(path)}' goes from {previous} to {next}, which must be recorded in {TypeWidening.Key}";
        }
    }

    private static string Suffix(string path) => path.Length == 0 ? "" : "." + path;

    private static string Join(string path, string part) => path.Length == 0 ? part : path + "." + part;

    private static string Text(ColumnMappingMode mode) => mode switch
    {
        ColumnMappingMode.None => "none",
        ColumnMappingMode.Name => "name",
        ColumnMappingMode.Id => "id",
        _ => throw new InvalidOperationException("Unknown mode."),
    };

    private static long MaxId(Metadata metadata) =>
        long.TryParse(metadata.Configuration.GetValueOrDefault(ColumnMapping.MaxIdProperty), CultureInfo.InvariantCulture, out var max) ? max : 0;
}
