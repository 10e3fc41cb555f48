using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Whether two relations hold the same rows the same number of times: as typed values, columns by name, nested ones included; floating
/// point bit by bit as far as text tells (NaN is NaN, -0.0 is not 0.0).
/// </summary>
internal static class RowComparison
{
    /// <summary>What differs, in one sentence; null if nothing does.</summary>
    public static string? Difference(DuckDbConnection connection, string actual, string expected)
    {
        var (left, right) = (Columns(connection, actual), Columns(connection, expected));
        if (left.Keys.Except(right.Keys, StringComparer.Ordinal).Concat(right.Keys.Except(left.Keys, StringComparer.Ordinal)).ToList() is { Count: > 0 } others)
        {
            return $"only one side has the columns {string.Join(", ", others)}";
        }

        if (left.Where(c => !SameType(c.Value, right[c.Key])).Select(c => $"{c.Key} is {c.Value} and not {right[c.Key]}").FirstOrDefault() is { } type)
        {
            return "column " + type;
        }

        // INT96 has no zone: what a file says of it is UTC.
        var names = left.Keys.Order(StringComparer.Ordinal).ToList();
        var (a, b) = (Rows(actual, left, names), Rows(expected, left, names));
        var missing = connection.Scalar<long>($"select count(*) from ({b} except all {a})");
        var extra = connection.Scalar<long>($"select count(*) from ({a} except all {b})");
        return missing + extra == 0 ? null : $"{missing} rows are missing and {extra} should not be there";
    }

    private static string Rows(string relation, Dictionary<string, string> types, List<string> names) =>
        $"select {string.Join(", ", names.SelectMany(n => Values(n, types[n])))} from {relation}";

    private static IEnumerable<string> Values(string name, string type)
    {
        yield return $"cast({SqlText.Name(name)} as {type})";
        if (type.Contains("FLOAT", StringComparison.Ordinal) || type.Contains("DOUBLE", StringComparison.Ordinal))
        {
            yield return $"cast(cast({SqlText.Name(name)} as {type}) as varchar)";
        }
    }

    private static bool SameType(string actual, string expected) =>
        actual == expected || actual.Replace(" WITH TIME ZONE", "", StringComparison.Ordinal) == expected.Replace(" WITH TIME ZONE", "", StringComparison.Ordinal);

    private static Dictionary<string, string> Columns(DuckDbConnection connection, string relation)
    {
        using var result = connection.Query($"select * from {relation} limit 0");
        return result.Columns.ToDictionary(c => c.Name, c => c.Type.ToString(), StringComparer.Ordinal);
    }
}
