using System.Runtime.CompilerServices;

namespace RetailFlow.DuckDb;

/// <summary>How many bytes a row of a vector takes.</summary>
internal static class VectorLayout
{
    /// <summary>Bytes per row; 0 for types that keep their values in child vectors.</summary>
    public static int Size(DuckDbType type) => type switch
    {
        DuckDbDecimalType number => number.StorageSize,
        DuckDbEnumType enumeration => enumeration.StorageSize,
        _ => type.Kind switch
        {
            DuckDbTypeKind.Boolean or DuckDbTypeKind.TinyInt or DuckDbTypeKind.UTinyInt => 1,
            DuckDbTypeKind.SmallInt or DuckDbTypeKind.USmallInt => 2,
            DuckDbTypeKind.Integer or DuckDbTypeKind.UInteger or DuckDbTypeKind.Float or DuckDbTypeKind.Date => 4,
            DuckDbTypeKind.BigInt or DuckDbTypeKind.UBigInt or DuckDbTypeKind.Double or DuckDbTypeKind.Time or DuckDbTypeKind.TimeNanoseconds
                or DuckDbTypeKind.TimeTz or DuckDbTypeKind.Timestamp or DuckDbTypeKind.TimestampSeconds or DuckDbTypeKind.TimestampMilliseconds
                or DuckDbTypeKind.TimestampNanoseconds or DuckDbTypeKind.TimestampTz => 8,
            DuckDbTypeKind.HugeInt or DuckDbTypeKind.UHugeInt or DuckDbTypeKind.Uuid or DuckDbTypeKind.Interval
                or DuckDbTypeKind.Varchar or DuckDbTypeKind.Blob or DuckDbTypeKind.Bit or DuckDbTypeKind.BigNum
                or DuckDbTypeKind.List or DuckDbTypeKind.Map => 16,
            _ => 0,
        },
    };

    /// <summary>Refuses a managed type of another size than the column's values.</summary>
    public static void Check<T>(DuckDbType type)
        where T : unmanaged
    {
        if (Size(type) != Unsafe.SizeOf<T>())
        {
            throw new ArgumentException($"A column of {type} holds values of {Size(type)} bytes, and {typeof(T).Name} has {Unsafe.SizeOf<T>()}.");
        }
    }
}
