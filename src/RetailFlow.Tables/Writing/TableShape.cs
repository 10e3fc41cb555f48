using System.Globalization;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>What a table's metadata says about its data files: columns, partitioning, physical names and ids, statistics.</summary>
internal sealed class TableShape
{
    private const string FieldIdKey = "delta.columnMapping.id";

    private TableShape(StructType schema, IReadOnlyList<string> partitionColumns, bool mapped, StatisticsColumns statistics, long targetFileBytes)
    {
        Schema = schema;
        Mapped = mapped;
        Statistics = statistics;
        TargetFileBytes = targetFileBytes;
        Partition = [.. partitionColumns.Select(name => schema.Find(name) ?? throw new DeltaException(DeltaErrorKind.Corrupt, $"The partition column '{name}' is not in the schema."))];
        Data = [.. schema.Fields.Where(f => !Partition.Contains(f))];
    }

    /// <summary>Columns of the table, partition columns included.</summary>
    public StructType Schema { get; }

    /// <summary>Partition columns, in order.</summary>
    public IReadOnlyList<StructField> Partition { get; }

    /// <summary>Columns that are stored in files.</summary>
    public IReadOnlyList<StructField> Data { get; }

    /// <summary>True when files have physical names and field ids (protocol section "Column Mapping").</summary>
    public bool Mapped { get; }

    /// <summary>Which leaf columns get statistics.</summary>
    public StatisticsColumns Statistics { get; }

    /// <summary>Size in bytes that files shall have.</summary>
    public long TargetFileBytes { get; }

    /// <summary>A table without partitions and properties.</summary>
    public static TableShape Of(StructType schema) => new(schema, [], mapped: false, StatisticsColumns.Default, TableProperties.UsualFileBytes);

    /// <summary>The table that the metadata describes.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="snapshot">The table that it belongs to, for the columns that it is clustered by; null for a new one.</param>
    public static TableShape Of(Metadata metadata, Snapshot? snapshot) => new(
        metadata.Schema,
        metadata.PartitionColumns,
        ColumnMapping.ModeOf(metadata) != ColumnMappingMode.None,
        StatisticsColumns.Of(metadata, snapshot is null ? [] : Clustering.Columns(snapshot)),
        TableProperties.Of(metadata).TargetFileBytes);

    /// <summary>Name of a column in files, partition values and statistics.</summary>
    public string NameOf(StructField field) => Mapped ? field.PhysicalName : field.Name;

    /// <summary>An expression that gives the column's values with the type and the nested names of the files.</summary>
    /// <param name="field">A column.</param>
    /// <param name="expression">Its values with logical names.</param>
    public string Stored(StructField field, string expression)
    {
        var typed = $"cast({expression} as {DeltaTypes.ToSql(field.Type)})";
        return Mapped && HasOtherNames(field.Type) ? Renamed(typed, field.Type, 0) : typed;
    }

    /// <summary>The option by which the engine writes Parquet field ids; empty without column mapping.</summary>
    public string FieldIds(IEnumerable<StructField> fields) => Mapped ? $", FIELD_IDS {{{string.Join(", ", fields.Select(f => $"{SqlText.Name(f.PhysicalName)}: {IdOf(f)}"))}}}" : "";

    private static string IdOf(StructField field)
    {
        var id = field.Metadata.Integer(FieldIdKey)?.ToString(CultureInfo.InvariantCulture)
            ?? throw new DeltaException(DeltaErrorKind.Corrupt, $"The column '{field.Name}' has no {FieldIdKey} although the table has column mapping.");
        var nested = Nested(field.Type);
        return nested.Length == 0 ? id : $"{{__duckdb_field_id: {id}, {nested}}}";
    }

    private static string Nested(DataType type) => type switch
    {
        StructType s => string.Join(", ", s.Fields.Select(f => $"{SqlText.Name(f.PhysicalName)}: {IdOf(f)}")),
        ArrayType a => Group("element", a.ElementType),
        MapType m => string.Join(", ", new[] { Group("key", m.KeyType), Group("value", m.ValueType) }.Where(g => g.Length > 0)),
        _ => "",
    };

    private static string Group(string name, DataType type) => Nested(type) is { Length: > 0 } nested ? $"{name}: {{{nested}}}" : "";

    private static bool HasOtherNames(DataType type) => type switch
    {
        StructType s => s.Fields.Any(f => f.PhysicalName != f.Name || HasOtherNames(f.Type)),
        ArrayType a => HasOtherNames(a.ElementType),
        MapType m => HasOtherNames(m.KeyType) || HasOtherNames(m.ValueType),
        _ => false,
    };

    private static string Renamed(string value, DataType type, int depth)
    {
        var item = string.Create(CultureInfo.InvariantCulture, $"_e{depth}");
        return type switch
        {
            StructType s when HasOtherNames(s) =>
                $"case when {value} is null then null else struct_pack({string.Join(", ", s.Fields.Select(f => $"{SqlText.Name(f.PhysicalName)} := {Renamed($"struct_extract({value}, {SqlText.Literal(f.Name)})", f.Type, depth)}"))}) end",
            ArrayType a when HasOtherNames(a) => $"list_transform({value}, lambda {item}: {Renamed(item, a.ElementType, depth + 1)})",
            MapType m when HasOtherNames(m) =>
                $"map_from_entries(list_transform(map_entries({value}), lambda {item}: struct_pack(k := {Renamed(item + ".key", m.KeyType, depth + 1)}, v := {Renamed(item + ".value", m.ValueType, depth + 1)})))",
            _ => value,
        };
    }
}
