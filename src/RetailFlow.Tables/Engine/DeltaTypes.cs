using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Delta types and the engine's types for the same values (Delta protocol, "Schema Serialization Format").</summary>
internal static class DeltaTypes
{
    /// <summary>The engine's type that holds values of a Delta type.</summary>
    public static string ToSql(DataType type) => type switch
    {
        DecimalType d => $"DECIMAL({d.Precision},{d.Scale})",
        PrimitiveType p => PrimitiveToSql(p.Name),
        ArrayType a => $"{ToSql(a.ElementType)}[]",
        MapType m => $"MAP({ToSql(m.KeyType)}, {ToSql(m.ValueType)})",
        StructType s => $"STRUCT({string.Join(", ", s.Fields.Select(f => $"{SqlText.Name(f.Name)} {ToSql(f.Type)}"))})",
        _ => throw new DeltaException(DeltaErrorKind.InvalidInput, $"Type {type} has no counterpart in the engine."),
    };

    /// <summary>The Delta type for a column of the engine, by the name that DESCRIBE prints.</summary>
    /// <exception cref="DeltaException">No Delta type holds such values: the model must cast the column.</exception>
    public static DataType FromSql(string column, string sqlType)
    {
        if (sqlType.EndsWith("[]", StringComparison.Ordinal))
        {
            return new ArrayType(FromSql(column, sqlType[..^2]), true);
        }

        if (sqlType.StartsWith("DECIMAL(", StringComparison.Ordinal))
        {
            var parts = sqlType["DECIMAL(".Length..^1].Split(',');
            return new DecimalType(
                int.Parse(parts[0], CultureInfo.InvariantCulture),
                int.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return PrimitiveType.Find(sqlType switch
        {
            "VARCHAR" or "JSON" => "string",
            "BIGINT" => "long",
            "INTEGER" => "integer",
            "SMALLINT" => "short",
            "TINYINT" => "byte",
            "DOUBLE" => "double",
            "FLOAT" => "float",
            "BOOLEAN" => "boolean",
            "BLOB" => "binary",
            "DATE" => "date",
            "TIMESTAMP WITH TIME ZONE" => "timestamp",
            _ => throw new DeltaException(
                DeltaErrorKind.InvalidInput,
                $"Column {column}: type {sqlType} has no Delta type; cast it to one that has (for example BIGINT or DECIMAL(38,5))."),
        })!;
    }

    /// <summary>The Delta type for values of the engine.</summary>
    /// <exception cref="DeltaException">No Delta type holds such values: they must be cast.</exception>
    public static DataType FromEngine(string column, DuckDbType type) => type switch
    {
        DuckDbStructType s => new StructType([.. s.Fields.Select(f => new StructField(f.Name, FromEngine($"{column}.{f.Name}", f.Type)))]),
        DuckDbListType l => new ArrayType(FromEngine($"{column}.element", l.Element), true),
        DuckDbMapType m => new MapType(FromEngine($"{column}.key", m.Key), FromEngine($"{column}.value", m.Value), true),
        _ when type.Equals(DuckDbType.Timestamp) => PrimitiveType.TimestampNtz,
        _ => FromSql(column, type.ToString()),
    };

    private static string PrimitiveToSql(string name) => name switch
    {
        "string" => "VARCHAR",
        "long" => "BIGINT",
        "integer" => "INTEGER",
        "short" => "SMALLINT",
        "byte" => "TINYINT",
        "double" => "DOUBLE",
        "float" => "FLOAT",
        "boolean" => "BOOLEAN",
        "binary" => "BLOB",
        "date" => "DATE",
        "timestamp" => "TIMESTAMPTZ",
        "timestamp_ntz" => "TIMESTAMP",
        _ => throw new DeltaException(DeltaErrorKind.InvalidInput, $"Delta type {name} is not supported by the engine."),
    };
}
