using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>
/// Where rows with one of some keys can be: files whose statistics exclude every key need not be read, nor row groups beyond the least and the
/// greatest. Never stronger than the keys themselves: a key of another type than its column says nothing, and a null key is equal to nothing.
/// </summary>
internal sealed class KeyBounds
{
    private const int MostInFilter = 200;

    // More keys than these are told from others by their range alone.
    private const int MostListed = 50_000;

    // So many rows are read in the time in which one key is listed.
    private const int RowsForOneKey = 8;

    private readonly DuckDbConnection _connection;
    private readonly string _keys;
    private readonly List<Part> _parts;

    private KeyBounds(DuckDbConnection connection, string keys, List<Part> parts)
    {
        _connection = connection;
        _keys = keys;
        _parts = parts;
    }

    /// <summary>Looks at keys.</summary>
    /// <param name="connection">The engine.</param>
    /// <param name="keys">A table of the connection with the keys; it must stay as it is.</param>
    /// <param name="names">Its columns that make up a key.</param>
    public static KeyBounds Of(DuckDbConnection connection, string keys, IReadOnlyList<string> names)
    {
        var columns = names.Select(SqlText.Name).Select(c => $"count({c}), min({c}), max({c})");
        using var result = connection.Query($"select {string.Join(", ", columns)} from {keys}");
        var row = result.Rows().Single();
        return new KeyBounds(connection, keys, [.. names.Select((name, i) => new Part(name, (long)row[i * 3]!, Value(row[(i * 3) + 1]), Value(row[(i * 3) + 2])))]);
    }

    /// <summary>The files of a version that may hold a row with one of the keys.</summary>
    /// <param name="table">The version.</param>
    /// <param name="columns">Its columns that hold the key's, in their order.</param>
    public IReadOnlyList<AddFile> Files(Snapshot table, IReadOnlyList<string> columns)
    {
        var known = Known(table, columns).ToList();
        var files = Select(table.Files, known.Select(k => k.Part.Count == 0 ? new FilePredicate.Or([]) : FilePredicate.Between(k.Column, k.Part.Least!.Value, k.Part.Greatest!.Value)));

        var listed = known.Where(k => k.Part.Count is > 0 and <= MostListed && k.Part.Least != k.Part.Greatest).ToList();
        return listed.Count == 0 || files.Sum(f => f.ParsedStatistics?.NumRecords ?? int.MaxValue) <= listed.Max(k => k.Part.Count) * RowsForOneKey
            ? files
            : Select(files, listed.Select(k => new FilePredicate.In(k.Column, Listed(k.Part))));

        List<AddFile> Select(IEnumerable<AddFile> among, IEnumerable<FilePredicate> conditions) =>
            [.. FileSkipper.Select(among, table.Schema, table.Metadata.PartitionColumns, new FilePredicate.And([.. conditions]))];
    }

    /// <summary>A condition in SQL that every row with one of the keys meets, to be added to others; empty if nothing is known.</summary>
    /// <param name="table">The version whose rows are asked.</param>
    /// <param name="columns">Its columns that hold the key's, in their order.</param>
    /// <param name="alias">Name of the rows.</param>
    public string Filter(Snapshot table, IReadOnlyList<string> columns, string alias) =>
        string.Concat(Known(table, columns).Where(k => k.Part.Count > 0).Select(k =>
        {
            var column = $"{alias}.{SqlText.Name(k.Column)}";
            return k.Part.Count <= MostInFilter
                ? $" and {column} in ({string.Join(", ", Listed(k.Part).Select(Sql))})"
                : $" and {column} between {Sql(k.Part.Least!.Value)} and {Sql(k.Part.Greatest!.Value)}";
        }));

    /// <summary>The parts that compare with their column as statistics do.</summary>
    private IEnumerable<(Part Part, string Column)> Known(Snapshot table, IReadOnlyList<string> columns) =>
        _parts.Zip(columns).Where(p => p.First.Count == 0 || (p.First.Least?.Kind, (table.Schema.Find(p.Second)?.Type as PrimitiveType)?.Name) is
            (LiteralKind.Text, "string") or (LiteralKind.Integer, "long" or "integer" or "short" or "byte"));

    private IReadOnlyList<Literal> Listed(Part part)
    {
        if (part.Listed is null)
        {
            var name = SqlText.Name(part.Name);
            using var result = _connection.Query($"select distinct {name} from {_keys} where {name} is not null order by 1");
            part.Listed = [.. result.Rows().Select(row => Value(row[0])!.Value)];
        }

        return part.Listed;
    }

    private static Literal? Value(object? value) => value switch
    {
        string text => Literal.Of(text),
        sbyte or short or int or long => Literal.Of(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        _ => null,
    };

    private static string Sql(Literal value) => value.Kind == LiteralKind.Text ? SqlText.Literal(value.ToString()) : value.ToString();

    /// <param name="Name">Column of the keys.</param>
    /// <param name="Count">How many keys have a value there.</param>
    /// <param name="Least">The least of them; null for none, or of a type that statistics do not tell of in one way.</param>
    /// <param name="Greatest">The greatest of them.</param>
    private sealed record Part(string Name, long Count, Literal? Least, Literal? Greatest)
    {
        public IReadOnlyList<Literal>? Listed { get; set; }
    }
}
