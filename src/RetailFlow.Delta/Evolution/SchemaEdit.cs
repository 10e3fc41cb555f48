namespace RetailFlow.Delta;

/// <summary>Replaces one place of a schema.</summary>
internal static class SchemaEdit
{
    /// <summary>The schema with the field at the path replaced, or dropped where the edit returns null.</summary>
    public static StructType Field(StructType schema, ColumnPath path, Func<StructField, StructField?> edit) =>
        Siblings(schema, path, fields =>
        {
            var found = new StructType(fields).Find(path.Parts[^1]) ?? throw Missing(path);
            var at = fields.IndexOf(found);
            if (edit(found) is { } replacement)
            {
                fields[at] = replacement;
            }
            else
            {
                fields.RemoveAt(at);
            }
        });

    /// <summary>The schema with the fields beside the one at the path edited; that one need not exist.</summary>
    public static StructType Siblings(StructType schema, ColumnPath path, Action<List<StructField>> edit) =>
        (StructType)Type(schema, path, path.Parts.Count - 1, type =>
        {
            List<StructField> fields = [.. (type as StructType ?? throw Missing(path)).Fields];
            edit(fields);
            return new StructType(fields);
        });

    /// <summary>The type with the one that lies <paramref name="depth"/> names down the path replaced.</summary>
    public static DataType Type(DataType type, ColumnPath path, int depth, Func<DataType, DataType> edit) => At(type, path, 0, depth, edit);

    /// <summary>How many names of the path lead to the last field; the rest leads to an element, key or value in its type.</summary>
    public static int DepthOfField(StructType schema, ColumnPath path)
    {
        DataType type = schema;
        var depth = 0;
        for (var i = 0; i < path.Parts.Count; i++)
        {
            depth = type is StructType ? i + 1 : depth;
            type = (type, path.Parts[i]) switch
            {
                (StructType nested, var name) => (nested.Find(name) ?? throw Missing(path)).Type,
                (ArrayType array, "element") => array.ElementType,
                (MapType map, "key") => map.KeyType,
                (MapType map, "value") => map.ValueType,
                _ => throw Missing(path),
            };
        }

        return depth;
    }

    public static DeltaException Missing(ColumnPath path) => DeltaException.InvalidCommit($"There is no column '{path}'.");

    private static DataType At(DataType type, ColumnPath path, int from, int depth, Func<DataType, DataType> edit)
    {
        if (from == depth)
        {
            return edit(type);
        }

        switch (type, path.Parts[from])
        {
            case (StructType nested, var name):
                var found = nested.Find(name) ?? throw Missing(path);
                return new StructType([.. nested.Fields.Select(f => ReferenceEquals(f, found) ? f with { Type = At(f.Type, path, from + 1, depth, edit) } : f)]);
            case (ArrayType array, "element"):
                return array with { ElementType = At(array.ElementType, path, from + 1, depth, edit) };
            case (MapType map, "key"):
                return map with { KeyType = At(map.KeyType, path, from + 1, depth, edit) };
            case (MapType map, "value"):
                return map with { ValueType = At(map.ValueType, path, from + 1, depth, edit) };
            default:
                throw Missing(path);
        }
    }
}
