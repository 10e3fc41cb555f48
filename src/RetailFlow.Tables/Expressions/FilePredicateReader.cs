using System.Globalization;
using System.Numerics;
using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Turns an SQL condition on a table's rows into the condition by which files are skipped. What has no counterpart counts as
/// unknown, so the result is never stronger than the condition.
/// </summary>
internal static class FilePredicateReader
{
    private static readonly FilePredicate.Unknown Unknown = new();

    /// <summary>The condition for files.</summary>
    /// <param name="connection">The engine, which parses.</param>
    /// <param name="schema">Columns of the table.</param>
    /// <param name="condition">SQL over the table's columns, qualified by <paramref name="alias"/> or not.</param>
    /// <param name="alias">Name of the table in the condition.</param>
    public static FilePredicate Read(DuckDbConnection connection, StructType schema, string condition, string alias) =>
        SqlSyntax.TryParse(connection, condition) is { } tree ? new Reader(schema, alias).Read(tree) : Unknown;

    private sealed class Reader(StructType schema, string alias)
    {
        public FilePredicate Read(JsonElement node) => (SqlSyntax.ClassOf(node), SqlSyntax.TypeOf(node)) switch
        {
            ("CONJUNCTION", "CONJUNCTION_AND") => new FilePredicate.And(Children(node)),
            ("CONJUNCTION", "CONJUNCTION_OR") => new FilePredicate.Or(Children(node)),
            ("OPERATOR", "OPERATOR_NOT") => new FilePredicate.Not(Children(node)[0]),
            ("OPERATOR", "OPERATOR_IS_NULL") => ColumnOf(node.GetProperty("children")[0]) is { } column ? new FilePredicate.IsNull(column) : Unknown,
            ("OPERATOR", "OPERATOR_IS_NOT_NULL") => ColumnOf(node.GetProperty("children")[0]) is { } column
                ? new FilePredicate.Not(new FilePredicate.IsNull(column))
                : Unknown,
            ("OPERATOR", "COMPARE_IN") => In(node),
            ("OPERATOR", "COMPARE_NOT_IN") => new FilePredicate.Not(In(node)),
            ("BETWEEN", "COMPARE_BETWEEN") => Between(node),
            ("COMPARISON", var type) => Compare(node, type),
            _ => Unknown,
        };

        private List<FilePredicate> Children(JsonElement node) => [.. node.GetProperty("children").EnumerateArray().Select(Read)];

        private FilePredicate In(JsonElement node)
        {
            var children = node.GetProperty("children").EnumerateArray().ToList();
            var values = children.Skip(1).Select(LiteralOf).ToList();
            return ColumnOf(children[0]) is { } column && values.TrueForAll(v => v is not null)
                ? new FilePredicate.In(column, [.. values.Select(v => v!.Value)])
                : Unknown;
        }

        private FilePredicate Between(JsonElement node) =>
            ColumnOf(node.GetProperty("input")) is { } column && LiteralOf(node.GetProperty("lower")) is { } low && LiteralOf(node.GetProperty("upper")) is { } high
                ? FilePredicate.Between(column, low, high)
                : Unknown;

        private FilePredicate Compare(JsonElement node, string type)
        {
            if (OperatorOf(type) is not { } comparison)
            {
                return Unknown;
            }

            var (left, right) = (node.GetProperty("left"), node.GetProperty("right"));
            if (ColumnOf(left) is { } column && LiteralOf(right) is { } value)
            {
                return new FilePredicate.Compare(column, comparison, value);
            }

            return ColumnOf(right) is { } other && LiteralOf(left) is { } literal ? new FilePredicate.Compare(other, Mirrored(comparison), literal) : Unknown;
        }

        private ColumnPath? ColumnOf(JsonElement node)
        {
            var parts = SqlSyntax.ColumnOf(node);
            if (parts is [var first, _, ..] && string.Equals(first, alias, StringComparison.OrdinalIgnoreCase))
            {
                parts = [.. parts.Skip(1)];
            }

            // A name with a dot might be a field of a struct or another table's column: only plain columns are certain.
            return parts is [var name] && schema.Find(name) is { } field ? ColumnPath.Of(field.Name) : null;
        }
    }

    private static ComparisonOperator? OperatorOf(string type) => type switch
    {
        "COMPARE_EQUAL" => ComparisonOperator.Equal,
        "COMPARE_NOTEQUAL" => ComparisonOperator.NotEqual,
        "COMPARE_LESSTHAN" => ComparisonOperator.Less,
        "COMPARE_LESSTHANOREQUALTO" => ComparisonOperator.LessOrEqual,
        "COMPARE_GREATERTHAN" => ComparisonOperator.Greater,
        "COMPARE_GREATERTHANOREQUALTO" => ComparisonOperator.GreaterOrEqual,
        _ => null,
    };

    private static ComparisonOperator Mirrored(ComparisonOperator comparison) => comparison switch
    {
        ComparisonOperator.Less => ComparisonOperator.Greater,
        ComparisonOperator.LessOrEqual => ComparisonOperator.GreaterOrEqual,
        ComparisonOperator.Greater => ComparisonOperator.Less,
        ComparisonOperator.GreaterOrEqual => ComparisonOperator.LessOrEqual,
        ComparisonOperator.Equal => ComparisonOperator.Equal,
        ComparisonOperator.NotEqual => ComparisonOperator.NotEqual,
        _ => throw new ArgumentOutOfRangeException(nameof(comparison), comparison, "Not a comparison."),
    };

    private static Literal? LiteralOf(JsonElement node)
    {
        if (SqlSyntax.ClassOf(node) == "CAST")
        {
            return CastOf(node);
        }

        if (SqlSyntax.ClassOf(node) != "CONSTANT")
        {
            return null;
        }

        var constant = node.GetProperty("value");
        if (constant.GetProperty("is_null").GetBoolean())
        {
            return null;
        }

        var type = constant.GetProperty("type");
        var value = constant.GetProperty("value");
        return type.GetProperty("id").GetString() switch
        {
            "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" when value.TryGetInt64(out var integer) => Literal.Of(integer),
            "DECIMAL" when value.ValueKind == JsonValueKind.Number => Literal.Of(
                BigInteger.Parse(value.GetRawText(), CultureInfo.InvariantCulture),
                type.GetProperty("type_info").GetProperty("scale").GetInt32()),
            "DOUBLE" when value.TryGetDouble(out var number) => Literal.Of(number),
            "VARCHAR" => Literal.Of(value.GetString()!),
            "BOOLEAN" => Literal.Of(value.GetBoolean()),
            _ => null,
        };
    }

    private static Literal? CastOf(JsonElement node)
    {
        if (LiteralOf(node.GetProperty("child")) is not { Kind: LiteralKind.Text } text)
        {
            return null;
        }

        var written = text.ToString();
        return node.GetProperty("cast_type").GetProperty("id").GetString() switch
        {
            "BOOLEAN" => written switch { "t" or "true" => Literal.Of(true), "f" or "false" => Literal.Of(false), _ => null },
            "DATE" => DateOnly.TryParseExact(written, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? Literal.Of(date) : null,
            "TIMESTAMP WITH TIME ZONE" => DateTimeOffset.TryParseExact(
                written.Replace('T', ' '),
                ["yyyy-MM-dd HH:mm:sszz", "yyyy-MM-dd HH:mm:ss.FFFFFFzz", "yyyy-MM-dd HH:mm:sszzz", "yyyy-MM-dd HH:mm:ss.FFFFFFzzz", "yyyy-MM-dd HH:mm:ss.FFFFFFK"],
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var instant) ? Literal.Of(instant) : null,
            _ => null,
        };
    }
}
