using System.Globalization;

namespace RetailFlow.Delta;

/// <summary>How columns are found in data files (protocol section "Column Mapping").</summary>
public enum ColumnMappingMode
{
    /// <summary>By their names in the schema.</summary>
    None,

    /// <summary>By their physical names.</summary>
    Name,

    /// <summary>By the field ids in the files.</summary>
    Id,
}

/// <summary>Physical names and ids of columns (protocol section "Column Mapping"). Pure.</summary>
public static class ColumnMapping
{
    internal const string ModeProperty = "delta.columnMapping.mode";
    internal const string MaxIdProperty = "delta.columnMapping.maxColumnId";
    private const string IdKey = "delta.columnMapping.id";
    private const string NameKey = "delta.columnMapping.physicalName";

    /// <summary>The table's mode.</summary>
    /// <exception cref="DeltaException">The property has another value.</exception>
    public static ColumnMappingMode ModeOf(Metadata metadata) => metadata.Configuration.GetValueOrDefault(ModeProperty) switch
    {
        null or "none" => ColumnMappingMode.None,
        "name" => ColumnMappingMode.Name,
        "id" => ColumnMappingMode.Id,
        var other => throw DeltaException.Corrupt($"The table property '{ModeProperty}' has the value '{other}', which is not one of its kind."),
    };

    /// <summary>The schema with the names that data files, partition values and statistics have, at every level; annotations are kept.</summary>
    public static StructType PhysicalSchema(Metadata metadata) =>
        ModeOf(metadata) == ColumnMappingMode.None ? metadata.Schema : (StructType)Physical(metadata.Schema);

    /// <summary>Physical names of the partition columns, in order.</summary>
    public static IReadOnlyList<string> PhysicalPartitionColumns(Metadata metadata) =>
        ModeOf(metadata) == ColumnMappingMode.None
            ? metadata.PartitionColumns
            : [.. metadata.PartitionColumns.Select(p => metadata.Schema.Find(p)?.PhysicalName ?? p)];

    /// <summary>The field's id, which is its <c>field_id</c> in Parquet; null without column mapping.</summary>
    public static int? Id(StructField field) => field.Metadata.Integer(IdKey) is { } id ? checked((int)id) : null;

    /// <summary>The metadata of a new table, whose columns get physical names of their own; nothing to do where the mode is none.</summary>
    public static Metadata ForNewTable(Metadata metadata, Func<Guid> newGuid) =>
        ModeOf(metadata) == ColumnMappingMode.None ? metadata : Assign(metadata, newGuid);

    /// <summary>The metadata of a table that has files already: they keep the names that they have, which become the physical ones.</summary>
    internal static Metadata Enable(Metadata metadata) =>
        Assign(With(metadata, ModeProperty, "name"), newGuid: null);

    /// <summary>A field, and all below it, with ids above the table's highest and physical names.</summary>
    internal static (StructField Field, Metadata Metadata) AssignNew(StructField field, Metadata metadata, Func<Guid> newGuid)
    {
        var max = MaxId(metadata);
        var assigned = Assign(field, ref max, newGuid);
        return (assigned, With(metadata, MaxIdProperty, max.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Why the annotations are not those of a mapped table, or null.</summary>
    internal static string? Malformed(Metadata metadata)
    {
        var ids = new HashSet<long>();
        var max = MaxId(metadata);
        foreach (var field in FeatureUse.Fields(metadata.Schema))
        {
            if (field.Metadata.Text(NameKey) is null or "" || field.Metadata.Integer(IdKey) is not { } id)
            {
                return $"the column '{field.Name}' has no id or no physical name";
            }

            if (!ids.Add(id))
            {
                return $"the id {id} of the column '{field.Name}' is that of another column too";
            }

            if (id > max)
            {
                return $"the id {id} of the column '{field.Name}' is above {MaxIdProperty}";
            }
        }

        return TwicePhysical(metadata.Schema) is { } twice ? $"the physical name '{twice}' is that of two columns" : null;
    }

    internal static Metadata With(Metadata metadata, string key, string value) => metadata with
    {
        Configuration = new Dictionary<string, string>(metadata.Configuration, StringComparer.Ordinal) { [key] = value },
    };

    private static string? TwicePhysical(StructType schema)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return schema.Fields.FirstOrDefault(f => !names.Add(f.PhysicalName)) is { } twice
            ? twice.PhysicalName
            : schema.Fields.SelectMany(f => FeatureUse.Types(f.Type)).OfType<StructType>().Select(TwicePhysical).FirstOrDefault(n => n is not null);
    }

    private static long MaxId(Metadata metadata)
    {
        var highest = FeatureUse.Fields(metadata.Schema).Max(f => f.Metadata.Integer(IdKey)) ?? 0;
        return metadata.Configuration.TryGetValue(MaxIdProperty, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var max)
            ? max
            : highest;
    }

    private static Metadata Assign(Metadata metadata, Func<Guid>? newGuid)
    {
        var max = MaxId(metadata);
        var fields = new List<StructField>();
        foreach (var field in metadata.Schema.Fields)
        {
            fields.Add(Assign(field, ref max, newGuid));
        }

        return With(metadata.WithSchema(new StructType(fields)), MaxIdProperty, max.ToString(CultureInfo.InvariantCulture));
    }

    private static StructField Assign(StructField field, ref long max, Func<Guid>? newGuid)
    {
        var annotations = field.Metadata;
        if (annotations.Integer(IdKey) is null)
        {
            annotations = annotations.With(IdKey, (++max).ToString(CultureInfo.InvariantCulture));
        }

        if (annotations.Text(NameKey) is null)
        {
            var physical = newGuid is null ? field.Name : $"col-{newGuid():D}";
            annotations = annotations.With(NameKey, FieldMetadata.Quote(physical));
        }

        return field with { Metadata = annotations, Type = Assign(field.Type, ref max, newGuid) };
    }

    private static DataType Assign(DataType type, ref long max, Func<Guid>? newGuid)
    {
        switch (type)
        {
            case StructType nested:
                var fields = new List<StructField>();
                foreach (var field in nested.Fields)
                {
                    fields.Add(Assign(field, ref max, newGuid));
                }

                return new StructType(fields);
            case ArrayType array:
                return array with { ElementType = Assign(array.ElementType, ref max, newGuid) };
            case MapType map:
                var key = Assign(map.KeyType, ref max, newGuid);
                return map with { KeyType = key, ValueType = Assign(map.ValueType, ref max, newGuid) };
            case PrimitiveType or DecimalType:
                return type;
            default:
                throw new InvalidOperationException("Unknown type.");
        }
    }

    private static DataType Physical(DataType type) => type switch
    {
        StructType nested => new StructType([.. nested.Fields.Select(f => f with { Name = f.PhysicalName, Type = Physical(f.Type) })]),
        ArrayType array => array with { ElementType = Physical(array.ElementType) },
        MapType map => map with { KeyType = Physical(map.KeyType), ValueType = Physical(map.ValueType) },
        PrimitiveType or DecimalType => type,
        _ => throw new InvalidOperationException("Unknown type."),
    };
}
