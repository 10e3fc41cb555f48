using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Expressions in a table's metadata (CHECK constraints, invariants, generated columns, defaults) are Spark SQL. Those whose meaning
/// is the same in the engine are translated; every other one is refused by its text, because a constraint that is checked wrongly is
/// worse than a table that cannot be written.
/// </summary>
internal static class SparkExpression
{
    // Same name, same meaning, nulls included. concat, floor, ceil, round, date_format and hash differ.
    private static readonly FrozenSet<string> Functions = FrozenSet.Create(
        StringComparer.Ordinal,
        "+", "-", "*", "/", "%", "||", "~~", "!~~", "length", "char_length", "character_length", "lower", "upper", "trim", "ltrim", "rtrim", "abs",
        "year", "month", "day", "hour", "minute", "second", "date_trunc", "greatest", "least", "nullif", "startswith", "endswith", "contains", "substring", "substr");

    private static readonly FrozenSet<string> Operators = FrozenSet.Create(
        StringComparer.Ordinal, "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "COMPARE_IN", "COMPARE_NOT_IN");

    private static readonly FrozenSet<string> CastTypes = FrozenSet.Create(
        StringComparer.Ordinal, "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "DATE", "DOUBLE", "FLOAT", "DECIMAL", "TIMESTAMP WITH TIME ZONE");

    /// <summary>The expression for the engine.</summary>
    /// <param name="connection">The engine, which parses.</param>
    /// <param name="schema">Columns that it may name.</param>
    /// <param name="role">What the expression is, for the message: <c>CHECK constraint positive</c>.</param>
    /// <param name="expression">Spark SQL.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.UnsupportedFeature"/>: it cannot be evaluated with certainty.</exception>
    public static string Translate(DuckDbConnection connection, StructType schema, string role, string expression)
    {
        var text = Requote(expression, schema);
        if (SqlSyntax.TryParse(connection, text) is not { } tree)
        {
            throw Refused(role, expression, "the engine cannot parse it");
        }

        if (Foreign(tree, schema) is { } reason)
        {
            throw Refused(role, expression, reason);
        }

        return text;
    }

    // Spark quotes names with backticks, and texts with either quote; a backslash escapes within a text.
    // Names of columns are quoted always, since some are words of the engine's language but not of Spark's.
    private static string Requote(string expression, StructType schema)
    {
        var result = new StringBuilder(expression.Length);
        var previous = "";
        for (var i = 0; i < expression.Length; i++)
        {
            var quote = expression[i];
            if (char.IsAsciiLetter(quote) || quote == '_')
            {
                var end = i;
                while (end < expression.Length && (char.IsAsciiLetterOrDigit(expression[end]) || expression[end] == '_'))
                {
                    end++;
                }

                var word = expression[i..end];
                var next = expression.AsSpan(end).TrimStart();
                var isColumn = schema.Find(word) is not null
                    && !string.Equals(previous, "as", StringComparison.OrdinalIgnoreCase)
                    && !(next.Length > 0 && next[0] is '(' or '\'' or '"');
                result.Append(isColumn ? SqlText.Name(word) : word);
                previous = word;
                i = end - 1;
                continue;
            }

            if (quote is not ('`' or '"' or '\''))
            {
                result.Append(quote);
                continue;
            }

            var target = quote == '`' ? '"' : '\'';
            result.Append(target);
            for (i++; i < expression.Length; i++)
            {
                var c = expression[i];
                if (c == quote && !(i + 1 < expression.Length && expression[i + 1] == quote))
                {
                    break;
                }

                if (c == quote || (c == '\\' && quote != '`' && i + 1 < expression.Length))
                {
                    c = expression[++i];
                }

                result.Append(c);
                if (c == target)
                {
                    result.Append(c);
                }
            }

            result.Append(target);
        }

        return result.ToString();
    }

    private static string? Foreign(JsonElement node, StructType schema)
    {
        var own = (SqlSyntax.ClassOf(node), SqlSyntax.TypeOf(node)) switch
        {
            ("CONSTANT", _) or ("CONJUNCTION", _) or ("CASE", _) or ("BETWEEN", _) => null,
            ("COMPARISON", "COMPARE_EQUAL" or "COMPARE_NOTEQUAL" or "COMPARE_LESSTHAN" or "COMPARE_LESSTHANOREQUALTO" or "COMPARE_GREATERTHAN" or "COMPARE_GREATERTHANOREQUALTO") => null,
            ("COMPARISON", "COMPARE_DISTINCT_FROM" or "COMPARE_NOT_DISTINCT_FROM") => null,
            ("OPERATOR", var type) => Operators.Contains(type) ? null : $"operator {type} may differ",
            ("COLUMN_REF", _) => Resolve(node, schema) is null ? $"there is no column {string.Join('.', SqlSyntax.ColumnOf(node)!)}" : null,
            ("CAST", _) => node.GetProperty("cast_type").GetProperty("id").GetString() is { } type && CastTypes.Contains(type) ? null : "its cast may differ",
            ("FUNCTION", _) => node.GetProperty("function_name").GetString() is { } name && Functions.Contains(name) ? null : $"function {node.GetProperty("function_name").GetString()} may differ",
            (var other, _) => $"{other} may differ",
        };
        return own ?? Children(node).Select(child => Foreign(child, schema)).FirstOrDefault(reason => reason is not null);
    }

    private static StructField? Resolve(JsonElement node, StructType schema)
    {
        StructField? found = null;
        foreach (var part in SqlSyntax.ColumnOf(node)!)
        {
            found = (found is null ? schema : found.Type as StructType)?.Find(part);
            if (found is null)
            {
                return null;
            }
        }

        return found;
    }

    private static IEnumerable<JsonElement> Children(JsonElement node)
    {
        foreach (var member in node.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("class", out _))
            {
                yield return member.Value;
            }
            else if (member.Value.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in member.Value.EnumerateArray())
                {
                    if (item.ValueKind != JsonValueKind.Object)
                    {
                        continue;
                    }

                    if (item.TryGetProperty("class", out _))
                    {
                        yield return item;
                    }
                    else if (member.Name == "case_checks")
                    {
                        yield return item.GetProperty("when_expr");
                        yield return item.GetProperty("then_expr");
                    }
                }
            }
        }
    }

    private static DeltaException Refused(string role, string expression, string reason) =>
        new(DeltaErrorKind.UnsupportedFeature, $"The {role} '{expression}' cannot be enforced: {reason}.");
}
