using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// What a table demands of every row that is written: NOT NULL, invariants, CHECK constraints, generated columns; and what it gives
/// where a row says nothing: defaults (protocol sections "Column Invariants", "CHECK Constraints", "Generated Columns", "Default Columns").
/// </summary>
internal sealed class RowRules
{
    private const string Marker = "RetailFlow constraint: ";
    private const string ConstraintPrefix = "delta.constraints.";
    private readonly StructType _schema;
    private readonly List<(string Name, string Condition)> _conditions = [];
    private readonly Dictionary<string, string> _generated = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _defaults = new(StringComparer.Ordinal);

    private RowRules(StructType schema) => _schema = schema;

    /// <summary>The rules of a table.</summary>
    /// <exception cref="DeltaException">A rule cannot be enforced here: then the table must not be written.</exception>
    public static RowRules Of(DuckDbConnection connection, Metadata metadata)
    {
        var rules = new RowRules(metadata.Schema);
        foreach (var field in metadata.Schema.Fields)
        {
            rules.AddNotNull(field, SqlText.Name(field.Name), field.Name, "");
            if (Invariant(field) is { } invariant)
            {
                rules._conditions.Add(($"invariant of column {field.Name}", SparkExpression.Translate(connection, metadata.Schema, $"invariant of column {field.Name}", invariant)));
            }

            if (field.Metadata.Text("delta.generationExpression") is { } generation)
            {
                var value = $"cast(({SparkExpression.Translate(connection, metadata.Schema, $"generated column {field.Name}", generation)}) as {DeltaTypes.ToSql(field.Type)})";
                rules._generated[field.Name] = value;
                rules._conditions.Add(($"generated column {field.Name}", $"{SqlText.Name(field.Name)} is not distinct from {value}"));
            }

            if (field.Metadata.Text("CURRENT_DEFAULT") is { } fallback)
            {
                rules._defaults[field.Name] = SparkExpression.Translate(connection, StructType.Empty, $"default of column {field.Name}", fallback);
            }
        }

        foreach (var (key, expression) in metadata.Configuration)
        {
            if (key.StartsWith(ConstraintPrefix, StringComparison.Ordinal))
            {
                var name = $"CHECK constraint {key[ConstraintPrefix.Length..]}";
                rules._conditions.Add((name, SparkExpression.Translate(connection, metadata.Schema, name, expression)));
            }
        }

        return rules;
    }

    /// <summary>
    /// A select of complete rows in the schema's order from rows that have only <paramref name="given"/> of the columns:
    /// defaults and generated values fill in.
    /// </summary>
    /// <param name="relation">Rows.</param>
    /// <param name="given">Names of the columns that they have.</param>
    /// <param name="also">Further columns of the rows to keep behind the others, as SQL; null for none.</param>
    public string Complete(string relation, IReadOnlyCollection<string> given, string? also = null)
    {
        var columns = new List<string>();
        var generated = new List<string>();
        foreach (var field in _schema.Fields)
        {
            var name = SqlText.Name(field.Name);
            var type = DeltaTypes.ToSql(field.Type);
            if (given.Contains(field.Name))
            {
                columns.Add($"cast({name} as {type}) as {name}");
            }
            else if (_generated.ContainsKey(field.Name))
            {
                generated.Add(field.Name);
                columns.Add($"cast(null as {type}) as {name}");
            }
            else
            {
                columns.Add($"cast({(_defaults.TryGetValue(field.Name, out var value) ? $"({value})" : "null")} as {type}) as {name}");
            }
        }

        if (also is not null)
        {
            columns.Add(also);
        }

        var rows = $"(select {string.Join(", ", columns)} from {relation})";
        return generated.Count == 0
            ? rows
            : $"(select * replace ({string.Join(", ", generated.Select(g => $"{_generated[g]} as {SqlText.Name(g)}"))}) from {rows})";
    }

    /// <summary>The expression of a generated column, or null.</summary>
    public string? Generated(StructField field) => _generated.GetValueOrDefault(field.Name);

    /// <summary>A select of the same rows that fails at the first one that breaks a rule.</summary>
    /// <param name="relation">Complete rows.</param>
    public string Checked(string relation)
    {
        if (_conditions.Count == 0)
        {
            return $"select * from {relation}";
        }

        var checks = _conditions.Select(rule =>
            $"case when ({rule.Condition}) is true then true else error({SqlText.Literal(Marker + rule.Name)} || ' is violated by the row ' || left(cast(to_json(r) as varchar), 300)) end");
        return $"select * from (select * from {relation}) r where {string.Join(" and ", checks)}";
    }

    /// <summary>The failure as a constraint's, if it is one.</summary>
    public static DeltaException? Violation(DuckDbException failure, string table)
    {
        var at = failure.Message.IndexOf(Marker, StringComparison.Ordinal);
        return at < 0
            ? null
            : new DeltaException(DeltaErrorKind.ConstraintViolated, $"'{table}' was not written: the {failure.Message[(at + Marker.Length)..].Split('\n')[0]}.", failure);
    }

    private static string? Invariant(StructField field)
    {
        if (field.Metadata.Text("delta.invariants") is not { } json)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(json).GetProperty("expression").GetProperty("expression").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DeltaException(DeltaErrorKind.Corrupt, $"The invariant of the column '{field.Name}' is malformed: {json}.", e);
        }
    }

    /// <summary>A field that is not nullable must have a value wherever its parent has one.</summary>
    private void AddNotNull(StructField field, string value, string name, string parent)
    {
        if (!field.Nullable)
        {
            _conditions.Add(($"NOT NULL of column {name}", parent.Length == 0 ? $"{value} is not null" : $"{parent} is null or {value} is not null"));
        }

        switch (field.Type)
        {
            case StructType nested:
                foreach (var child in nested.Fields)
                {
                    AddNotNull(child, $"struct_extract({value}, {SqlText.Literal(child.Name)})", $"{name}.{child.Name}", value);
                }

                break;
            case ArrayType { ContainsNull: false }:
                _conditions.Add(($"NOT NULL of the elements of column {name}", $"{value} is null or list_count({value}) = len({value})"));
                break;
            case MapType { ValueContainsNull: false }:
                _conditions.Add(($"NOT NULL of the values of column {name}", $"{value} is null or list_count(map_values({value})) = len(map_values({value}))"));
                break;
        }
    }
}
