namespace RetailFlow.Delta;

/// <summary>
/// Which leaf columns of a table get statistics: those that <c>delta.dataSkippingStatsColumns</c> names, else as many as
/// <c>delta.dataSkippingNumIndexedCols</c> says in the schema's order; and in any case those that the table is clustered by.
/// </summary>
public sealed class StatisticsColumns
{
    /// <summary>The first 32 leaf columns.</summary>
    public static readonly StatisticsColumns Default = FirstOf(StatisticsBuilder.DefaultIndexedColumns);

    private readonly int limit;
    private readonly IReadOnlyList<ColumnPath>? named;
    private readonly IReadOnlyList<ColumnPath> always;

    private StatisticsColumns(int limit, IReadOnlyList<ColumnPath>? named, IReadOnlyList<ColumnPath> always)
    {
        this.limit = limit;
        this.named = named;
        this.always = always;
    }

    /// <summary>The first leaf columns.</summary>
    /// <param name="count">How many; negative for all.</param>
    public static StatisticsColumns FirstOf(int count) => new(count < 0 ? int.MaxValue : count, null, []);

    /// <summary>The columns of a table.</summary>
    public static StatisticsColumns Of(Snapshot snapshot) => Of(snapshot.Metadata, Clustering.Columns(snapshot));

    /// <summary>The columns of a table.</summary>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="clustering">Physical names of the columns that it is clustered by.</param>
    public static StatisticsColumns Of(Metadata metadata, IReadOnlyList<ColumnPath> clustering)
    {
        var properties = new TableProperties(metadata.Configuration);
        var names = properties.StatisticsColumns is { } list ? Parse(list).Select(p => Physical(metadata.Schema, p)).OfType<ColumnPath>().ToList() : null;
        return new(properties.IndexedColumns < 0 ? int.MaxValue : properties.IndexedColumns, names, clustering);
    }

    /// <summary>Whether a leaf column gets statistics.</summary>
    /// <param name="physical">Its physical names, outermost first.</param>
    /// <param name="position">Its place among the leaf columns that are no partition columns, from 0.</param>
    internal bool Includes(ReadOnlySpan<string> physical, int position) =>
        (named is null ? position < limit : Covers(named, physical)) || Covers(always, physical);

    private static bool Covers(IReadOnlyList<ColumnPath> columns, ReadOnlySpan<string> leaf)
    {
        foreach (var column in columns)
        {
            if (column.Parts.Count <= leaf.Length && column.Parts.SequenceEqual(leaf[..column.Parts.Count].ToArray(), StringComparer.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    // Names between commas, their parts between dots; backticks keep commas and dots in a name.
    private static IEnumerable<List<string>> Parse(string list)
    {
        var path = new List<string>();
        var name = new System.Text.StringBuilder();
        var quoted = false;
        for (var i = 0; i <= list.Length; i++)
        {
            var c = i < list.Length ? list[i] : ',';
            if (c == '`' && i < list.Length)
            {
                quoted = !quoted;
                if (quoted && i > 0 && list[i - 1] == '`')
                {
                    name.Append('`');
                }
            }
            else if (c is ',' or '.' && (!quoted || i == list.Length))
            {
                path.Add(name.ToString());
                name.Clear();
                if (c == ',')
                {
                    yield return path;
                    path = [];
                }
            }
            else if (quoted || !char.IsWhiteSpace(c))
            {
                name.Append(c);
            }
        }
    }

    private static ColumnPath? Physical(StructType schema, List<string> logical)
    {
        var names = new List<string>();
        DataType type = schema;
        foreach (var part in logical)
        {
            if ((type as StructType)?.Find(part) is not { } field)
            {
                return null;
            }

            names.Add(field.PhysicalName);
            type = field.Type;
        }

        return ColumnPath.Of([.. names]);
    }
}
