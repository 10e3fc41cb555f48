using System.Globalization;

namespace RetailFlow.DuckDb;

/// <summary>
/// A DuckDB type. <see cref="ToString"/> gives its SQL text, which DuckDB reads back to the same type; two types are equal when
/// their texts are.
/// </summary>
public abstract class DuckDbType : IEquatable<DuckDbType>
{
    private readonly string sql;

    private protected DuckDbType(DuckDbTypeKind kind, string sql)
    {
        Kind = kind;
        this.sql = sql;
    }

    /// <summary>The family of the type.</summary>
    public DuckDbTypeKind Kind { get; }

    /// <summary>BOOLEAN.</summary>
    public static DuckDbType Boolean { get; } = new DuckDbPlainType(DuckDbTypeKind.Boolean, "BOOLEAN");

    /// <summary>TINYINT.</summary>
    public static DuckDbType TinyInt { get; } = new DuckDbPlainType(DuckDbTypeKind.TinyInt, "TINYINT");

    /// <summary>SMALLINT.</summary>
    public static DuckDbType SmallInt { get; } = new DuckDbPlainType(DuckDbTypeKind.SmallInt, "SMALLINT");

    /// <summary>INTEGER.</summary>
    public static DuckDbType Integer { get; } = new DuckDbPlainType(DuckDbTypeKind.Integer, "INTEGER");

    /// <summary>BIGINT.</summary>
    public static DuckDbType BigInt { get; } = new DuckDbPlainType(DuckDbTypeKind.BigInt, "BIGINT");

    /// <summary>HUGEINT.</summary>
    public static DuckDbType HugeInt { get; } = new DuckDbPlainType(DuckDbTypeKind.HugeInt, "HUGEINT");

    /// <summary>UTINYINT.</summary>
    public static DuckDbType UTinyInt { get; } = new DuckDbPlainType(DuckDbTypeKind.UTinyInt, "UTINYINT");

    /// <summary>USMALLINT.</summary>
    public static DuckDbType USmallInt { get; } = new DuckDbPlainType(DuckDbTypeKind.USmallInt, "USMALLINT");

    /// <summary>UINTEGER.</summary>
    public static DuckDbType UInteger { get; } = new DuckDbPlainType(DuckDbTypeKind.UInteger, "UINTEGER");

    /// <summary>UBIGINT.</summary>
    public static DuckDbType UBigInt { get; } = new DuckDbPlainType(DuckDbTypeKind.UBigInt, "UBIGINT");

    /// <summary>UHUGEINT.</summary>
    public static DuckDbType UHugeInt { get; } = new DuckDbPlainType(DuckDbTypeKind.UHugeInt, "UHUGEINT");

    /// <summary>FLOAT.</summary>
    public static DuckDbType Float { get; } = new DuckDbPlainType(DuckDbTypeKind.Float, "FLOAT");

    /// <summary>DOUBLE.</summary>
    public static DuckDbType Double { get; } = new DuckDbPlainType(DuckDbTypeKind.Double, "DOUBLE");

    /// <summary>VARCHAR.</summary>
    public static DuckDbType Varchar { get; } = new DuckDbPlainType(DuckDbTypeKind.Varchar, "VARCHAR");

    /// <summary>BLOB.</summary>
    public static DuckDbType Blob { get; } = new DuckDbPlainType(DuckDbTypeKind.Blob, "BLOB");

    /// <summary>BIT.</summary>
    public static DuckDbType Bit { get; } = new DuckDbPlainType(DuckDbTypeKind.Bit, "BIT");

    /// <summary>DATE.</summary>
    public static DuckDbType Date { get; } = new DuckDbPlainType(DuckDbTypeKind.Date, "DATE");

    /// <summary>TIME.</summary>
    public static DuckDbType Time { get; } = new DuckDbPlainType(DuckDbTypeKind.Time, "TIME");

    /// <summary>TIME_NS.</summary>
    public static DuckDbType TimeNanoseconds { get; } = new DuckDbPlainType(DuckDbTypeKind.TimeNanoseconds, "TIME_NS");

    /// <summary>TIME WITH TIME ZONE.</summary>
    public static DuckDbType TimeTz { get; } = new DuckDbPlainType(DuckDbTypeKind.TimeTz, "TIME WITH TIME ZONE");

    /// <summary>TIMESTAMP, in microseconds, without a zone.</summary>
    public static DuckDbType Timestamp { get; } = new DuckDbPlainType(DuckDbTypeKind.Timestamp, "TIMESTAMP");

    /// <summary>TIMESTAMP_S.</summary>
    public static DuckDbType TimestampSeconds { get; } = new DuckDbPlainType(DuckDbTypeKind.TimestampSeconds, "TIMESTAMP_S");

    /// <summary>TIMESTAMP_MS.</summary>
    public static DuckDbType TimestampMilliseconds { get; } = new DuckDbPlainType(DuckDbTypeKind.TimestampMilliseconds, "TIMESTAMP_MS");

    /// <summary>TIMESTAMP_NS.</summary>
    public static DuckDbType TimestampNanoseconds { get; } = new DuckDbPlainType(DuckDbTypeKind.TimestampNanoseconds, "TIMESTAMP_NS");

    /// <summary>TIMESTAMP WITH TIME ZONE: an instant, in microseconds.</summary>
    public static DuckDbType TimestampTz { get; } = new DuckDbPlainType(DuckDbTypeKind.TimestampTz, "TIMESTAMP WITH TIME ZONE");

    /// <summary>INTERVAL.</summary>
    public static DuckDbType Interval { get; } = new DuckDbPlainType(DuckDbTypeKind.Interval, "INTERVAL");

    /// <summary>UUID.</summary>
    public static DuckDbType Uuid { get; } = new DuckDbPlainType(DuckDbTypeKind.Uuid, "UUID");

    /// <summary>BIGNUM.</summary>
    public static DuckDbType BigNum { get; } = new DuckDbPlainType(DuckDbTypeKind.BigNum, "BIGNUM");

    /// <summary>The type of an untyped NULL.</summary>
    public static DuckDbType Null { get; } = new DuckDbPlainType(DuckDbTypeKind.Null, "\"NULL\"");

    /// <summary>GEOMETRY.</summary>
    public static DuckDbType Geometry { get; } = new DuckDbPlainType(DuckDbTypeKind.Geometry, "GEOMETRY");

    /// <summary>VARIANT.</summary>
    public static DuckDbType Variant { get; } = new DuckDbPlainType(DuckDbTypeKind.Variant, "VARIANT");

    /// <summary>DECIMAL(<paramref name="precision"/>, <paramref name="scale"/>).</summary>
    /// <param name="precision">Digits in all, 1 to 38.</param>
    /// <param name="scale">Digits after the point, 0 to <paramref name="precision"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number outside these bounds.</exception>
    public static DuckDbType Decimal(int precision, int scale) => new DuckDbDecimalType(precision, scale);

    /// <summary>A list of <paramref name="element"/>.</summary>
    public static DuckDbType List(DuckDbType element) => new DuckDbListType(element);

    /// <summary>A list of exactly <paramref name="length"/> elements.</summary>
    public static DuckDbType Array(DuckDbType element, int length) => new DuckDbArrayType(element, length);

    /// <summary>A struct with these fields, in order.</summary>
    public static DuckDbType Struct(params IReadOnlyList<DuckDbColumnDefinition> fields) => new DuckDbStructType(fields);

    /// <summary>A map.</summary>
    public static DuckDbType Map(DuckDbType key, DuckDbType value) => new DuckDbMapType(key, value);

    /// <summary>A union of these members.</summary>
    public static DuckDbType Union(params IReadOnlyList<DuckDbColumnDefinition> members) => new DuckDbUnionType(members);

    /// <summary>An enumeration of these texts, in order.</summary>
    public static DuckDbType Enum(params IReadOnlyList<string> values) => new DuckDbEnumType(values);

    /// <inheritdoc/>
    public bool Equals(DuckDbType? other) => other is not null && string.Equals(sql, other.sql, StringComparison.Ordinal);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => obj is DuckDbType other && Equals(other);

    /// <inheritdoc/>
    public sealed override int GetHashCode() => sql.GetHashCode(StringComparison.Ordinal);

    /// <summary>The SQL text of the type, names quoted.</summary>
    public sealed override string ToString() => sql;

    private protected static string NamedTypes(IReadOnlyList<DuckDbColumnDefinition> fields) =>
        string.Join(", ", fields.Select(field => $"{DuckDbSql.Identifier(field.Name)} {field.Type}"));

    private protected static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
