using System.Globalization;
using RetailFlow.NaiveDelta;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>
/// What a table should hold: columns, and rows as the texts of their values in the columns' order. Changes make another one, so that
/// every version can be kept.
/// </summary>
internal sealed record ModelTable(IReadOnlyList<(string Name, string Type)> Columns, IReadOnlyList<string?[]> Rows)
{
    public int Of(string column) => Columns.Select((c, i) => (c.Name, i)).First(c => c.Name == column).i;

    public bool Has(string column) => Columns.Any(c => c.Name == column);

    public static long? Number(string? text) => text is null ? null : long.Parse(text, CultureInfo.InvariantCulture);

    public long Id(string?[] row) => Number(row[Of("id")])!.Value;

    public ModelTable With(IEnumerable<string?[]> rows) => this with { Rows = [.. rows] };

    /// <summary>Rows for which a condition holds go.</summary>
    public ModelTable Delete(Func<string?[], bool> where) => With(Rows.Where(r => !where(r)));

    /// <summary>Rows for which a condition holds get another value.</summary>
    public ModelTable Update(string column, Func<string?, string?> value, Func<string?[], bool> where) =>
        With(Rows.Select(r => where(r) ? Set(r, Of(column), value(r[Of(column)])) : r));

    public ModelTable AddColumn(string name, string type) => new([.. Columns, (name, type)], [.. Rows.Select(r => (string?[])[.. r, null])]);

    public ModelTable DropColumn(string name)
    {
        var at = Of(name);
        return new([.. Columns.Where((_, i) => i != at)], [.. Rows.Select(r => r.Where((_, i) => i != at).ToArray())]);
    }

    public ModelTable ChangeColumn(string name, string newName, string newType) =>
        this with { Columns = [.. Columns.Select(c => c.Name == name ? (newName, newType) : c)] };

    /// <summary>A select of rows with the table's columns.</summary>
    public string Select(IEnumerable<string?[]> rows) =>
        $"select * from (values {string.Join(", ", rows.Select(r => $"({string.Join(", ", r.Select((v, i) => $"cast({(v is null ? "null" : "'" + v.Replace("'", "''", StringComparison.Ordinal) + "'")} as {Columns[i].Type})"))})"))}) v({string.Join(", ", Columns.Select(c => $"\"{c.Name}\""))})";

    /// <summary>The rows as both readers give them.</summary>
    public NaiveRows ToRows() => new(string.Join(", ", Columns.Select(c => $"{c.Name} {c.Type}")), Texts(Rows));

    public static List<string> Texts(IEnumerable<string?[]> rows) => [.. rows.Select(r => string.Join('|', r.Select(v => v ?? "~"))).Order(StringComparer.Ordinal)];

    private static string?[] Set(string?[] row, int at, string? value)
    {
        string?[] copy = [.. row];
        copy[at] = value;
        return copy;
    }
}
