using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Writes rows of the engine as Parquet data files that a Delta commit can add.</summary>
internal sealed class DataFileWriter(TableEngine engine, IObjectStore store, Func<Guid> newGuid, TimeProvider clock)
{
    /// <summary>Files are closed when they pass this size.</summary>
    public const long TargetFileBytes = 128L << 20;

    /// <summary>
    /// Evaluates <paramref name="select"/> and writes its rows, durable when the call returns. The columns must be those of
    /// <paramref name="schema"/>, in order. Files without rows are not kept.
    /// </summary>
    public async ValueTask<IReadOnlyList<AddFile>> WriteAsync(
        DuckDbConnection connection,
        string select,
        string tablePath,
        StructType schema,
        WriteLayout layout,
        CancellationToken cancellationToken)
    {
        using var stage = engine.Stage();
        var columns = string.Join(", ", schema.Fields.Select(f => $"cast({SqlText.Name(f.Name)} as {DeltaTypes.ToSql(f.Type)}) as {SqlText.Name(f.Name)}"));
        var target = stage.Path + "/out";
        var copy = $"COPY (SELECT {columns} FROM ({select}){layout.OrderBy}) TO {SqlText.Literal(target)} "
            + "(FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 8192, RETURN_STATS, APPEND true, FILENAME_PATTERN 'part-{uuid}', "
            + $"FILE_SIZE_BYTES {layout.FileBytes.ToString(CultureInfo.InvariantCulture)}{layout.RowGroup})";
        var written = new List<(string File, long Rows, long Bytes, string Stats)>();
        using (connection.CancelWith(cancellationToken))
        using (var result = connection.Query(copy))
        {
            foreach (var row in result.Rows())
            {
                var rows = Convert.ToInt64(row[1], CultureInfo.InvariantCulture);
                if (rows > 0)
                {
                    written.Add((
                        (string)row[0]!,
                        rows,
                        Convert.ToInt64(row[2], CultureInfo.InvariantCulture),
                        StatisticsBuilder.Build(rows, schema, [], Statistics(schema, row[4])).ToJson()));
                }
            }
        }

        var files = new List<AddFile>(written.Count);
        foreach (var (file, _, bytes, stats) in written)
        {
            var name = $"part-{files.Count.ToString("D5", CultureInfo.InvariantCulture)}-{newGuid():D}-c000.snappy.parquet";
            if (await store.ImportIfAbsentAsync($"{tablePath}/{name}", file, cancellationToken) != PutOutcome.Created)
            {
                throw new DeltaException(DeltaErrorKind.Conflict, $"Data file {tablePath}/{name} exists already; file names must be unique.");
            }

            files.Add(new AddFile
            {
                Path = name,
                PartitionValues = new Dictionary<string, string?>(),
                Size = bytes,
                ModificationTime = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                DataChange = true,
                Stats = stats,
            });
        }

        return files;
    }

    /// <summary>The engine's statistics of top-level columns; it names a column in quotes.</summary>
    private static IEnumerable<ColumnStatistics> Statistics(StructType schema, object? value)
    {
        var columns = schema.Fields.ToDictionary(f => SqlText.Name(f.Name), f => f.Name, StringComparer.Ordinal);
        foreach (var (quoted, statistics) in Entries(value))
        {
            if (!columns.TryGetValue(quoted, out var column))
            {
                continue;
            }

            var byName = Entries(statistics).ToDictionary(s => s.Key, s => s.Value as string, StringComparer.Ordinal);
            yield return new ColumnStatistics(
                column,
                byName.GetValueOrDefault("min"),
                byName.GetValueOrDefault("max"),
                byName.GetValueOrDefault("null_count") is { } nulls ? long.Parse(nulls, CultureInfo.InvariantCulture) : null,
                byName.GetValueOrDefault("has_nan") == "true");
        }
    }

    private static IEnumerable<(string Key, object? Value)> Entries(object? map)
    {
        foreach (var pair in (IEnumerable<KeyValuePair<object, object?>>)(map ?? throw new DeltaException(DeltaErrorKind.Unavailable, "The engine returned no column statistics.")))
        {
            yield return ((string)pair.Key, pair.Value);
        }
    }
}

/// <summary>How rows are laid out over files.</summary>
internal sealed record WriteLayout
{
    /// <summary>Rows as they come, in files of the usual size.</summary>
    public static WriteLayout AsTheyCome { get; } = new();

    /// <summary>A file is closed when it passes this many bytes.</summary>
    public long FileBytes { get; init; } = DataFileWriter.TargetFileBytes;

    /// <summary>Rows of a row group, or null for the engine's default.</summary>
    public int? RowGroupRows { get; init; }

    /// <summary>Expressions to sort by, or null.</summary>
    public string? SortBy { get; init; }

    internal string OrderBy => SortBy is null ? "" : $" ORDER BY {SortBy}";

    internal string RowGroup => RowGroupRows is { } rows ? $", ROW_GROUP_SIZE {rows.ToString(CultureInfo.InvariantCulture)}" : "";
}
