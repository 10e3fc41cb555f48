namespace RetailFlow.Delta;

/// <summary>Named fields in order: the schema of a table, or a nested column. Equal when all fields are equal in order.</summary>
/// <param name="Fields">The fields.</param>
public sealed record StructType(IReadOnlyList<StructField> Fields) : DataType
{
    /// <summary>A struct without fields.</summary>
    public static readonly StructType Empty = new([]);

    /// <summary>Parses the JSON of a schema.</summary>
    /// <exception cref="DeltaException">The text is not a schema (<see cref="DeltaErrorKind.Corrupt"/>) or has an unknown type.</exception>
    public static StructType Parse(string json) => SchemaJson.Parse(json);

    /// <summary>The field of that name: exactly, or else the first that differs in case only; null if there is none.</summary>
    public StructField? Find(string name)
    {
        StructField? found = null;
        foreach (var field in Fields)
        {
            if (string.Equals(field.Name, name, StringComparison.Ordinal))
            {
                return field;
            }

            if (string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                found ??= field;
            }
        }

        return found;
    }

    /// <summary>The schema as JSON text.</summary>
    public string ToJson() => SchemaJson.Write(this);

    /// <inheritdoc/>
    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var field in Fields)
        {
            hash.Add(field);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"struct<{string.Join(",", Fields.Select(f => f.Name + ":" + f.Type))}>";
}

/// <summary>One column or nested field.</summary>
/// <param name="Name">Logical name.</param>
/// <param name="Type">Type.</param>
/// <param name="Nullable">Whether values may be null.</param>
/// <param name="Metadata">Annotations.</param>
public sealed record StructField(string Name, DataType Type, bool Nullable, FieldMetadata Metadata)
{
    /// <summary>A field without annotations.</summary>
    public StructField(string name, DataType type, bool nullable = true)
        : this(name, type, nullable, FieldMetadata.Empty)
    {
    }

    /// <summary>Name in data files, partition values and statistics: another than <see cref="Name"/> under column mapping.</summary>
    public string PhysicalName => Metadata.Text("delta.columnMapping.physicalName") ?? Name;
}
