using System.Globalization;
using System.Numerics;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>The condition on files that follows from the keys of a source: where no key can be, no row can match.</summary>
internal static class MergePruning
{
    private const int MostListedKeys = 1_000;

    /// <summary>The condition; true if nothing is known.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="schema">Columns of the table.</param>
    /// <param name="keys">Columns that must be equal, with the expressions over <paramref name="source"/>, which is named <c>s</c>.</param>
    /// <param name="source">A relation.</param>
    public static FilePredicate Of(DuckDbConnection connection, StructType schema, IReadOnlyList<MergeKey> keys, string source)
    {
        var conditions = new List<FilePredicate>();
        foreach (var key in keys)
        {
            var field = schema.Find(key.Column)!;
            var value = $"cast({key.Source} as {DeltaTypes.ToSql(field.Type)})";
            if (!IsOrdered(field.Type))
            {
                continue;
            }

            var distinct = connection.Scalar<long>($"select count(*) from (select distinct {value} as v from {source} s where {value} is not null limit {MostListedKeys + 1})");
            if (distinct is > 0 and <= MostListedKeys)
            {
                using var result = connection.Query($"select distinct {Text(field.Type, value)} from {source} s where {value} is not null");
                conditions.Add(new FilePredicate.In(field.Name, [.. result.Rows().Select(row => LiteralOf(field.Type, row[0]!))]));
            }
            else if (distinct > 0)
            {
                using var result = connection.Query($"select {Text(field.Type, $"min({value})")}, {Text(field.Type, $"max({value})")} from {source} s");
                var row = result.Rows().Single();
                conditions.Add(FilePredicate.Between(field.Name, LiteralOf(field.Type, row[0]!), LiteralOf(field.Type, row[1]!)));
            }
            else
            {
                // Only nulls, or no rows: nothing can be equal.
                conditions.Add(new FilePredicate.Or([]));
            }
        }

        return new FilePredicate.And(conditions);
    }

    /// <summary>Whether equal values of a type are alike to the last bit and ordered in statistics: floating point, with its zeros and NaN, is not.</summary>
    public static bool IsOrdered(DataType type) => type is DecimalType || (type is PrimitiveType p && p.Name is "string" or "long" or "integer" or "short" or "byte" or "date" or "timestamp");

    private static string Text(DataType type, string value) => type switch
    {
        DecimalType => $"cast({value} as varchar)",
        PrimitiveType { Name: "string" } => value,
        PrimitiveType { Name: "date" } => $"cast(date_diff('day', date '1970-01-01', {value}) as bigint)",
        PrimitiveType { Name: "timestamp" } => $"epoch_us({value})",
        _ => $"cast({value} as bigint)",
    };

    private static Literal LiteralOf(DataType type, object value) => type switch
    {
        DecimalType d => Literal.Of(BigInteger.Parse(((string)value).Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), d.Scale),
        PrimitiveType { Name: "string" } => Literal.Of((string)value),
        PrimitiveType { Name: "date" } => Literal.Of(DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)(long)value)),
        PrimitiveType { Name: "timestamp" } => Literal.Of(DateTimeOffset.UnixEpoch.AddMicroseconds((long)value)),
        _ => Literal.Of(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
    };
}
