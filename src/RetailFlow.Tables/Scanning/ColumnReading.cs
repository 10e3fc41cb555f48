using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Expressions that make the table's columns of a file's: fields found by name, physical name or id, those that a file lacks null,
/// every level of nesting included (protocol section "Column Mapping").
/// </summary>
internal sealed class ColumnReading(ColumnMappingMode mappingMode)
{
    /// <summary>The name of a column in partition values, statistics and files.</summary>
    public string PhysicalName(StructField field) => mappingMode == ColumnMappingMode.None ? field.Name : field.PhysicalName;

    /// <summary>The file's field for a field of the table, or null.</summary>
    public FileField? Find(IReadOnlyList<FileField> fields, StructField wanted, string column)
    {
        if (mappingMode == ColumnMappingMode.Id)
        {
            var id = ColumnMapping.Id(wanted)
                ?? throw new DeltaException(DeltaErrorKind.Corrupt, $"Column {column} has no delta.columnMapping.id, which the column mapping by id needs.");
            return fields.FirstOrDefault(f => f.Id == id);
        }

        var name = PhysicalName(wanted);
        return fields.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.Ordinal))
            ?? fields.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A field of the table from the field of a file that <paramref name="value"/> gives.</summary>
    public string Read(string value, FileField file, DataType to, string column, int depth = 0)
    {
        switch (to)
        {
            case PrimitiveType p when p == PrimitiveType.Void:
                return ReadTypes.Null(to);
            case StructType record when file.Type is DuckDbStructType:
                return Struct(value, file, record, column, depth);
            case ArrayType array when file.Type is DuckDbListType:
                var item = $"x{depth}";
                var element = Read(item, file.Children[0], array.ElementType, $"{column}.element", depth + 1);
                return element == item ? value : $"list_transform({value}, lambda {item}: {element})";
            case MapType map when file.Type is DuckDbMapType:
                var entry = $"x{depth}";
                var (keyOf, valueOf) = ($"{entry}.\"key\"", $"{entry}.\"value\"");
                var key = Read(keyOf, file.Children[0], map.KeyType, $"{column}.key", depth + 1);
                var mapped = Read(valueOf, file.Children[1], map.ValueType, $"{column}.value", depth + 1);
                return key == keyOf && mapped == valueOf
                    ? value
                    : $"map_from_entries(list_transform(map_entries({value}), lambda {entry}: struct_pack(\"key\" := {key}, \"value\" := {mapped})))";
            default:
                return ReadTypes.Convert(value, file.Type, to, column);
        }
    }

    private string Struct(string value, FileField file, StructType to, string column, int depth)
    {
        var same = file.Children.Count == to.Fields.Count;
        var fields = new List<string>(to.Fields.Count);
        for (var i = 0; i < to.Fields.Count; i++)
        {
            var field = to.Fields[i];
            var path = $"{column}.{field.Name}";
            if (Find(file.Children, field, path) is not { } found)
            {
                same = false;
                fields.Add($"{SqlText.Name(field.Name)} := {ReadTypes.Null(field.Type)}");
                continue;
            }

            var part = $"struct_extract({value}, {SqlText.Literal(found.Name)})";
            var read = Read(part, found, field.Type, path, depth);
            same = same && read == part && ReferenceEquals(found, file.Children[i]) && found.Name == field.Name;
            fields.Add(string.Create(CultureInfo.InvariantCulture, $"{SqlText.Name(field.Name)} := {read}"));
        }

        return same ? value : $"case when {value} is null then null else struct_pack({string.Join(", ", fields)}) end";
    }
}
