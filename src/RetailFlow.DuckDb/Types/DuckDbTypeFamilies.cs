namespace RetailFlow.DuckDb;

/// <summary>A named value of a type: a column of a result or table, a field of a struct, a member of a union.</summary>
/// <param name="Name">The name as it stands, not quoted.</param>
/// <param name="Type">The type.</param>
public sealed record DuckDbColumnDefinition(string Name, DuckDbType Type);

/// <summary>A type without parameters.</summary>
public sealed class DuckDbPlainType : DuckDbType
{
    internal DuckDbPlainType(DuckDbTypeKind kind, string sql)
        : base(kind, sql)
    {
    }
}

/// <summary>DECIMAL(precision, scale).</summary>
public sealed class DuckDbDecimalType : DuckDbType
{
    internal DuckDbDecimalType(int precision, int scale)
        : base(DuckDbTypeKind.Decimal, $"DECIMAL({Number(precision)},{Number(scale)})")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(precision, 38);
        ArgumentOutOfRangeException.ThrowIfNegative(scale);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scale, precision);
        Precision = precision;
        Scale = scale;
    }

    /// <summary>Digits in all, 1 to 38.</summary>
    public int Precision { get; }

    /// <summary>Digits after the point.</summary>
    public int Scale { get; }

    /// <summary>Bytes per row in a vector: 2 up to 4 digits, 4 up to 9, 8 up to 18, else 16.</summary>
    internal int StorageSize => Precision switch { <= 4 => 2, <= 9 => 4, <= 18 => 8, _ => 16 };
}

/// <summary>A list of any length.</summary>
public sealed class DuckDbListType : DuckDbType
{
    internal DuckDbListType(DuckDbType element)
        : base(DuckDbTypeKind.List, $"{element}[]") => Element = element;

    /// <summary>The type of the elements.</summary>
    public DuckDbType Element { get; }
}

/// <summary>A list of a fixed length.</summary>
public sealed class DuckDbArrayType : DuckDbType
{
    internal DuckDbArrayType(DuckDbType element, int length)
        : base(DuckDbTypeKind.Array, $"{element}[{Number(length)}]")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        Element = element;
        Length = length;
    }

    /// <summary>The type of the elements.</summary>
    public DuckDbType Element { get; }

    /// <summary>How many elements every value has.</summary>
    public int Length { get; }
}

/// <summary>A struct with named fields.</summary>
public sealed class DuckDbStructType : DuckDbType
{
    internal DuckDbStructType(IReadOnlyList<DuckDbColumnDefinition> fields)
        : base(DuckDbTypeKind.Struct, $"STRUCT({NamedTypes(fields)})") => Fields = [.. fields];

    /// <summary>The fields, in order.</summary>
    public IReadOnlyList<DuckDbColumnDefinition> Fields { get; }
}

/// <summary>A map.</summary>
public sealed class DuckDbMapType : DuckDbType
{
    internal DuckDbMapType(DuckDbType key, DuckDbType value)
        : base(DuckDbTypeKind.Map, $"MAP({key}, {value})")
    {
        Key = key;
        Value = value;
    }

    /// <summary>The type of the keys.</summary>
    public DuckDbType Key { get; }

    /// <summary>The type of the values.</summary>
    public DuckDbType Value { get; }
}

/// <summary>A union.</summary>
public sealed class DuckDbUnionType : DuckDbType
{
    internal DuckDbUnionType(IReadOnlyList<DuckDbColumnDefinition> members)
        : base(DuckDbTypeKind.Union, $"UNION({NamedTypes(members)})") => Members = [.. members];

    /// <summary>The members, in the order of their tags.</summary>
    public IReadOnlyList<DuckDbColumnDefinition> Members { get; }
}

/// <summary>An enumeration of texts.</summary>
public sealed class DuckDbEnumType : DuckDbType
{
    internal DuckDbEnumType(IReadOnlyList<string> values)
        : base(DuckDbTypeKind.Enum, $"ENUM({string.Join(", ", values.Select(DuckDbSql.Literal))})") => Values = [.. values];

    /// <summary>The texts; a row holds the index of its text.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>Bytes per row in a vector: 1 up to 256 texts, 2 up to 65,536, else 4.</summary>
    internal int StorageSize => Values.Count switch { <= 256 => 1, <= 65536 => 2, _ => 4 };
}
