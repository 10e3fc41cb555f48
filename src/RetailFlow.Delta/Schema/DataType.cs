using System.Globalization;

namespace RetailFlow.Delta;

/// <summary>A type of the Delta schema (protocol section "Schema Serialization Format"). The set is closed.</summary>
public abstract record DataType
{
    private protected DataType()
    {
    }
}

/// <summary>A type without parameters. Instances are shared: compare with <c>==</c> or <c>is</c> against the statics.</summary>
public sealed record PrimitiveType : DataType
{
    /// <summary>UTF-8 text.</summary>
    public static readonly PrimitiveType String = new("string");

    /// <summary>64-bit signed integer.</summary>
    public static readonly PrimitiveType Long = new("long");

    /// <summary>32-bit signed integer.</summary>
    public static readonly PrimitiveType Integer = new("integer");

    /// <summary>16-bit signed integer.</summary>
    public static readonly PrimitiveType Short = new("short");

    /// <summary>8-bit signed integer.</summary>
    public static readonly PrimitiveType Byte = new("byte");

    /// <summary>32-bit floating point.</summary>
    public static readonly PrimitiveType Float = new("float");

    /// <summary>64-bit floating point.</summary>
    public static readonly PrimitiveType Double = new("double");

    /// <summary>True or false.</summary>
    public static readonly PrimitiveType Boolean = new("boolean");

    /// <summary>Bytes.</summary>
    public static readonly PrimitiveType Binary = new("binary");

    /// <summary>A day of the proleptic Gregorian calendar.</summary>
    public static readonly PrimitiveType Date = new("date");

    /// <summary>An instant in microseconds.</summary>
    public static readonly PrimitiveType Timestamp = new("timestamp");

    /// <summary>A wall-clock time in microseconds, without a zone.</summary>
    public static readonly PrimitiveType TimestampNtz = new("timestamp_ntz");

    /// <summary>A semi-structured value.</summary>
    public static readonly PrimitiveType Variant = new("variant");

    /// <summary>A column that is always null and not stored.</summary>
    public static readonly PrimitiveType Void = new("void");

    private static readonly Dictionary<string, PrimitiveType> ByName = new(StringComparer.Ordinal)
    {
        ["string"] = String,
        ["long"] = Long,
        ["integer"] = Integer,
        ["short"] = Short,
        ["byte"] = Byte,
        ["float"] = Float,
        ["double"] = Double,
        ["boolean"] = Boolean,
        ["binary"] = Binary,
        ["date"] = Date,
        ["timestamp"] = Timestamp,
        ["timestamp_ntz"] = TimestampNtz,
        ["variant"] = Variant,
        ["void"] = Void,
    };

    private PrimitiveType(string name) => Name = name;

    /// <summary>Name in the schema's JSON.</summary>
    public string Name { get; }

    /// <summary>The type of that name, or null.</summary>
    public static PrimitiveType? Find(string name) => ByName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An exact number of up to 38 digits.</summary>
/// <param name="Precision">Number of digits, 1 to 38.</param>
/// <param name="Scale">Digits after the point, 0 to <paramref name="Precision"/>.</param>
public sealed record DecimalType(int Precision, int Scale) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})");
}

/// <summary>A list.</summary>
/// <param name="ElementType">Type of the elements.</param>
/// <param name="ContainsNull">Whether elements may be null.</param>
public sealed record ArrayType(DataType ElementType, bool ContainsNull) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => $"array<{ElementType}>";
}

/// <summary>A map.</summary>
/// <param name="KeyType">Type of the keys.</param>
/// <param name="ValueType">Type of the values.</param>
/// <param name="ValueContainsNull">Whether values may be null.</param>
public sealed record MapType(DataType KeyType, DataType ValueType, bool ValueContainsNull) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => $"map<{KeyType},{ValueType}>";
}
