namespace RetailFlow.Delta;

/// <summary>The table's identity, schema, partitioning and configuration (action <c>metaData</c>).</summary>
public sealed record Metadata : DeltaAction
{
    private StructType? schema;

    /// <summary>Identity of the table, normally a GUID.</summary>
    public required string Id { get; init; }

    /// <summary>Name for people, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Description for people, or null.</summary>
    public string? Description { get; init; }

    /// <summary>Format of the data files; <c>parquet</c>.</summary>
    public string FormatProvider { get; init; } = "parquet";

    /// <summary>Options of the format.</summary>
    public IReadOnlyDictionary<string, string> FormatOptions { get; init; } = EmptyMaps.Text;

    /// <summary>Schema as JSON text, or null where the log has none (then <see cref="Schema"/> has no fields).</summary>
    public string? SchemaString
    {
        get;
        init
        {
            field = value;
            schema = null;
        }
    }

    /// <summary>The parsed <see cref="SchemaString"/>.</summary>
    /// <exception cref="DeltaException">The text is not a schema, or has a type that is not supported.</exception>
    public StructType Schema => schema ??= SchemaString is { } text ? StructType.Parse(text) : StructType.Empty;

    /// <summary>Names of the partition columns, in order.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>Table properties.</summary>
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = EmptyMaps.Text;

    /// <summary>Milliseconds since 1970 UTC at which the table was created; null if unknown.</summary>
    public long? CreatedTime { get; init; }

    /// <summary>Metadata of a table to be created.</summary>
    /// <param name="id">Identity of the table.</param>
    /// <param name="schema">Columns, partition columns included.</param>
    /// <param name="partitionColumns">Names of the partition columns, in order.</param>
    /// <param name="configuration">Table properties.</param>
    /// <param name="createdTime">Milliseconds since 1970 UTC.</param>
    public static Metadata Create(
        Guid id,
        StructType schema,
        IReadOnlyList<string>? partitionColumns = null,
        IReadOnlyDictionary<string, string>? configuration = null,
        long? createdTime = null) => new()
        {
            Id = id.ToString("D"),
            SchemaString = schema.ToJson(),
            PartitionColumns = partitionColumns ?? [],
            Configuration = configuration ?? EmptyMaps.Text,
            CreatedTime = createdTime,
        };

    /// <summary>This table with another schema.</summary>
    public Metadata WithSchema(StructType newSchema) => this with { SchemaString = newSchema.ToJson() };
}
