namespace RetailFlow.DuckDb;

/// <summary>The families of types that DuckDB has. The numbers are those of <c>duckdb_type</c> in duckdb.h.</summary>
public enum DuckDbTypeKind
{
    /// <summary>BOOLEAN, one byte per row.</summary>
    Boolean = 1,

    /// <summary>TINYINT, <see cref="sbyte"/>.</summary>
    TinyInt = 2,

    /// <summary>SMALLINT, <see cref="short"/>.</summary>
    SmallInt = 3,

    /// <summary>INTEGER, <see cref="int"/>.</summary>
    Integer = 4,

    /// <summary>BIGINT, <see cref="long"/>.</summary>
    BigInt = 5,

    /// <summary>UTINYINT, <see cref="byte"/>.</summary>
    UTinyInt = 6,

    /// <summary>USMALLINT, <see cref="ushort"/>.</summary>
    USmallInt = 7,

    /// <summary>UINTEGER, <see cref="uint"/>.</summary>
    UInteger = 8,

    /// <summary>UBIGINT, <see cref="ulong"/>.</summary>
    UBigInt = 9,

    /// <summary>FLOAT, <see cref="float"/>.</summary>
    Float = 10,

    /// <summary>DOUBLE, <see cref="double"/>.</summary>
    Double = 11,

    /// <summary>TIMESTAMP, microseconds since 1970-01-01 as <see cref="long"/>.</summary>
    Timestamp = 12,

    /// <summary>DATE, days since 1970-01-01 as <see cref="int"/>.</summary>
    Date = 13,

    /// <summary>TIME, microseconds since midnight as <see cref="long"/>.</summary>
    Time = 14,

    /// <summary>INTERVAL, months, days and microseconds.</summary>
    Interval = 15,

    /// <summary>HUGEINT, <see cref="Int128"/>.</summary>
    HugeInt = 16,

    /// <summary>VARCHAR, UTF-8 text.</summary>
    Varchar = 17,

    /// <summary>BLOB, bytes.</summary>
    Blob = 18,

    /// <summary>DECIMAL, an integer of 2, 4, 8 or 16 bytes by its width.</summary>
    Decimal = 19,

    /// <summary>TIMESTAMP_S, seconds since 1970-01-01.</summary>
    TimestampSeconds = 20,

    /// <summary>TIMESTAMP_MS, milliseconds since 1970-01-01.</summary>
    TimestampMilliseconds = 21,

    /// <summary>TIMESTAMP_NS, nanoseconds since 1970-01-01.</summary>
    TimestampNanoseconds = 22,

    /// <summary>ENUM, an index of 1, 2 or 4 bytes into the type's values.</summary>
    Enum = 23,

    /// <summary>A list of any length.</summary>
    List = 24,

    /// <summary>A struct with named fields.</summary>
    Struct = 25,

    /// <summary>A map, stored as a list of key and value.</summary>
    Map = 26,

    /// <summary>UUID.</summary>
    Uuid = 27,

    /// <summary>A union: a tag and one member.</summary>
    Union = 28,

    /// <summary>BIT, a string of bits.</summary>
    Bit = 29,

    /// <summary>TIME WITH TIME ZONE: a time and an offset.</summary>
    TimeTz = 30,

    /// <summary>TIMESTAMP WITH TIME ZONE, microseconds since 1970-01-01 UTC as <see cref="long"/>.</summary>
    TimestampTz = 31,

    /// <summary>UHUGEINT, <see cref="UInt128"/>.</summary>
    UHugeInt = 32,

    /// <summary>A list of a fixed length.</summary>
    Array = 33,

    /// <summary>BIGNUM, an integer of any size.</summary>
    BigNum = 35,

    /// <summary>The type of an untyped NULL.</summary>
    Null = 36,

    /// <summary>TIME_NS, nanoseconds since midnight.</summary>
    TimeNanoseconds = 39,

    /// <summary>GEOMETRY; its values are not readable here, cast it to text or to WKB.</summary>
    Geometry = 40,

    /// <summary>VARIANT; its values are not readable here, cast it to a concrete type or to JSON.</summary>
    Variant = 41,
}
