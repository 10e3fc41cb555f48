using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// From the type that a file has to the type of the table. Only what keeps every value is done, a value that does not fit is an error
/// of the engine, and everything else is refused (protocol section "Type Widening").
/// </summary>
internal static class ReadTypes
{
    /// <summary>The engine's type for a column that is read; a void column, which is always null, gets one that files can hold.</summary>
    public static string Sql(DataType type) => type switch
    {
        PrimitiveType p when p == PrimitiveType.Void => "INTEGER",
        PrimitiveType p when p == PrimitiveType.Variant => throw Unsupported("The schema has a column of the type 'variant': the feature variantType is not supported."),
        ArrayType a => $"{Sql(a.ElementType)}[]",
        MapType m => $"MAP({Sql(m.KeyType)}, {Sql(m.ValueType)})",
        StructType s => $"STRUCT({string.Join(", ", s.Fields.Select(f => $"{SqlText.Name(f.Name)} {Sql(f.Type)}"))})",
        _ => DeltaTypes.ToSql(type),
    };

    /// <summary>A NULL of the type.</summary>
    public static string Null(DataType type) => $"cast(null as {Sql(type)})";

    /// <summary>The value <paramref name="value"/> of a file as the table's type.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>: the file's type is none that the table's type can come from.</exception>
    public static string Convert(string value, DuckDbType from, DataType to, string column) => to switch
    {
        DecimalType d => Decimal(value, from, d, column),
        PrimitiveType p => Primitive(value, from, p, column),
        _ => throw Mismatch(column, from, to),
    };

    /// <summary>Refuses a schema that says of a column that it had a type from which this reader does not know the way.</summary>
    public static void RequireKnownChanges(StructType schema)
    {
        foreach (var field in schema.Fields)
        {
            RequireKnownChanges(field, field.Name);
        }
    }

    /// <summary>What cannot be read, by the file and the table.</summary>
    public static DeltaException Mismatch(string column, DuckDbType from, DataType to) =>
        Unsupported($"Column {column}: a data file has the type {from} where the table has {to}; there is no conversion that keeps every value.");

    private static string Decimal(string value, DuckDbType from, DecimalType to, string column) => from switch
    {
        DuckDbDecimalType f when f.Precision == to.Precision && f.Scale == to.Scale => value,
        DuckDbDecimalType f when f.Scale <= to.Scale => Cast(value, to),
        _ when from.Kind is DuckDbTypeKind.TinyInt or DuckDbTypeKind.SmallInt or DuckDbTypeKind.Integer or DuckDbTypeKind.BigInt => Cast(value, to),
        _ => throw Mismatch(column, from, to),
    };

    private static string Primitive(string value, DuckDbType from, PrimitiveType to, string column)
    {
        if (from.ToString() == Sql(to))
        {
            return value;
        }

        var kind = from.Kind;
        return to.Name switch
        {
            "byte" or "short" or "integer" or "long" when IsInteger(kind) => Cast(value, to),
            "double" when kind is DuckDbTypeKind.Float or DuckDbTypeKind.TinyInt or DuckDbTypeKind.SmallInt or DuckDbTypeKind.Integer => Cast(value, to),
            "string" when kind is DuckDbTypeKind.Blob => $"decode({value})",
            "binary" when kind is DuckDbTypeKind.Varchar => $"encode({value})",
            "timestamp" when from == DuckDbType.TimestampTz => value,
            "timestamp" or "timestamp_ntz" when IsTimestamp(kind) => Cast(value, to),
            "timestamp_ntz" when kind is DuckDbTypeKind.Date => Cast(value, to),
            _ => throw Mismatch(column, from, to),
        };
    }

    private static bool IsInteger(DuckDbTypeKind kind) => kind is DuckDbTypeKind.TinyInt or DuckDbTypeKind.SmallInt or DuckDbTypeKind.Integer or DuckDbTypeKind.BigInt
        or DuckDbTypeKind.UTinyInt or DuckDbTypeKind.USmallInt or DuckDbTypeKind.UInteger or DuckDbTypeKind.UBigInt;

    private static bool IsTimestamp(DuckDbTypeKind kind) => kind is DuckDbTypeKind.Timestamp or DuckDbTypeKind.TimestampTz
        or DuckDbTypeKind.TimestampMilliseconds or DuckDbTypeKind.TimestampSeconds or DuckDbTypeKind.TimestampNanoseconds;

    private static string Cast(string value, DataType to) => $"cast({value} as {Sql(to)})";

    private static void RequireKnownChanges(StructField field, string column)
    {
        foreach (var (from, to, _) in TypeWidening.Changes(field.Metadata))
        {
            if (Parse(from) is not { } before || Parse(to) is not { } after || (before != after && !TypeWidening.IsAllowed(before, after)))
            {
                throw Unsupported($"Column {column}: the feature typeWidening is supported, but not the change of its type from {from} to {to}.");
            }
        }

        Inside(field.Type, column);

        static void Inside(DataType type, string column)
        {
            switch (type)
            {
                case StructType nested:
                    foreach (var field in nested.Fields)
                    {
                        RequireKnownChanges(field, $"{column}.{field.Name}");
                    }

                    break;
                case ArrayType array:
                    Inside(array.ElementType, column);
                    break;
                case MapType map:
                    Inside(map.KeyType, column);
                    Inside(map.ValueType, column);
                    break;
                case PrimitiveType or DecimalType:
                    break;
            }
        }
    }

    private static DataType? Parse(string name)
    {
        try
        {
            return StructType.Parse("{\"type\":\"struct\",\"fields\":[{\"name\":\"t\",\"type\":" + JsonSerializer.Serialize(name) + "}]}").Fields[0].Type;
        }
        catch (DeltaException)
        {
            return null;
        }
    }

    private static DeltaException Unsupported(string message) => new(DeltaErrorKind.UnsupportedFeature, message);
}
