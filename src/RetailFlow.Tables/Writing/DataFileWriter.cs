using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Writes rows of the engine as Parquet data files that a Delta commit can add.</summary>
internal sealed class DataFileWriter(TableEngine engine, IObjectStore store, Func<Guid> newGuid, TimeProvider clock)
{
    private const string PartitionOrdinal = "_partition_ordinal";
    private const string ChangeTypeColumn = "_change_type";

    private static readonly StructField ChangeType = new(ChangeTypeColumn, PrimitiveType.String);

    /// <summary>
    /// Evaluates <paramref name="select"/> and writes its rows, durable when the call returns, as files of a table without partitions
    /// and properties. The columns must be those of <paramref name="schema"/>. Files without rows are not kept.
    /// </summary>
    public ValueTask<IReadOnlyList<AddFile>> WriteAsync(
        DuckDbConnection connection, string select, string tablePath, StructType schema, WriteLayout layout, CancellationToken cancellationToken) =>
        WriteAsync(connection, select, tablePath, TableShape.Of(schema), layout, cancellationToken);

    /// <summary>Evaluates <paramref name="select"/> and writes its rows as files of a table, durable when the call returns.</summary>
    /// <param name="connection">The engine, with what the select refers to.</param>
    /// <param name="select">Rows with the table's logical column names.</param>
    /// <param name="tablePath">Path of the table in the store.</param>
    /// <param name="shape">The table.</param>
    /// <param name="layout">Sizes and order.</param>
    /// <param name="cancellationToken">Ends the work early; files that were written stay behind, unreferenced.</param>
    public async ValueTask<IReadOnlyList<AddFile>> WriteAsync(
        DuckDbConnection connection, string select, string tablePath, TableShape shape, WriteLayout layout, CancellationToken cancellationToken)
    {
        var written = await WriteAsync(connection, select, tablePath, "", shape, [.. shape.Data], layout, cancellationToken);
        var time = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return
        [
            .. written.Select(file => new AddFile
            {
                Path = DeltaPath.Encode(file.Name),
                PartitionValues = file.PartitionValues,
                Size = file.Bytes,
                ModificationTime = time,
                DataChange = true,
                Stats = file.Stats,
            }),
        ];
    }

    /// <summary>Writes row changes for the change data feed: the table's columns and <c>_change_type</c> (protocol section "Change Data Files").</summary>
    public async ValueTask<IReadOnlyList<AddCdcFile>> WriteChangesAsync(
        DuckDbConnection connection, string select, string tablePath, TableShape shape, CancellationToken cancellationToken)
    {
        var written = await WriteAsync(connection, select, tablePath, "_change_data/", shape, [.. shape.Data, ChangeType], WriteLayout.AsTheyCome, cancellationToken);
        return [.. written.Select(file => new AddCdcFile { Path = DeltaPath.Encode(file.Name), PartitionValues = file.PartitionValues, Size = file.Bytes })];
    }

    private async ValueTask<List<DataFile>> WriteAsync(
        DuckDbConnection connection,
        string select,
        string tablePath,
        string folder,
        TableShape shape,
        IReadOnlyList<StructField> fields,
        WriteLayout layout,
        CancellationToken cancellationToken)
    {
        using var stage = engine.Stage();
        using var cancel = connection.CancelWith(cancellationToken);
        var staged = shape.Partition.Count == 0
            ? Copy(connection, $"({select})", "", null, shape, fields, layout, stage.Path)
            : CopyPartitioned(connection, select, shape, fields, layout, stage.Path);
        var files = new List<DataFile>(staged.Count);
        foreach (var (local, values, bytes, stats) in staged)
        {
            var number = files.Count.ToString("D5", CultureInfo.InvariantCulture);
            var name = $"{folder}{PartitionValueText.Folder(values)}{(folder.Length == 0 ? "part" : "cdc")}-{number}-{newGuid():D}.c000.snappy.parquet";
            if (await store.ImportIfAbsentAsync(tablePath.Length == 0 ? name : $"{tablePath}/{name}", local, cancellationToken) != PutOutcome.Created)
            {
                throw new DeltaException(DeltaErrorKind.Conflict, $"Data file {tablePath}/{name} exists already; file names must be unique.");
            }

            files.Add(new DataFile(name, new Dictionary<string, string?>(values, StringComparer.Ordinal), bytes, stats));
        }

        return files;
    }

    private List<StagedFile> CopyPartitioned(
        DuckDbConnection connection, string select, TableShape shape, IReadOnlyList<StructField> fields, WriteLayout layout, string folder)
    {
        // The engine names folders by its own rules; a number per partition leaves names and values to the log.
        var rows = engine.UniqueName("rows");
        var parts = engine.UniqueName("partitions");
        var names = shape.Partition.Select(f => f.Name).ToList();
        connection.Execute($"create temp table {rows} as {select}");
        try
        {
            connection.Execute(
                $"create temp table {parts} as select row_number() over () as {PartitionOrdinal}, * from "
                + $"(select distinct {string.Join(", ", shape.Partition.Select(f => $"cast({SqlText.Name(f.Name)} as {DeltaTypes.ToSql(f.Type)}) as {SqlText.Name(f.Name)}"))} from {rows})");
            var values = new Dictionary<long, KeyValuePair<string, string?>[]>();
            using (var texts = connection.Query($"select {PartitionOrdinal}, {string.Join(", ", shape.Partition.Select(f => PartitionValueText.Expression(f, SqlText.Name(f.Name))))} from {parts}"))
            {
                foreach (var row in texts.Rows())
                {
                    values.Add(
                        Convert.ToInt64(row[0], CultureInfo.InvariantCulture),
                        [.. shape.Partition.Select((f, i) => KeyValuePair.Create(shape.NameOf(f), row[i + 1] as string is { Length: > 0 } text ? text : null))]);
                }
            }

            var source = $"(select r.*, p.{PartitionOrdinal} from {rows} r join {parts} p on {SqlText.SameColumns(names, "r", "p")})";
            return Copy(connection, source, $", {PartitionOrdinal}", values, shape, fields, layout, folder);
        }
        finally
        {
            connection.Execute($"drop table if exists {rows}; drop table if exists {parts}");
        }
    }

    private static List<StagedFile> Copy(
        DuckDbConnection connection,
        string relation,
        string ordinal,
        Dictionary<long, KeyValuePair<string, string?>[]>? partitions,
        TableShape shape,
        IReadOnlyList<StructField> fields,
        WriteLayout layout,
        string folder)
    {
        var columns = string.Join(", ", fields.Select(f => $"{shape.Stored(f, SqlText.Name(f.Name))} as {SqlText.Name(shape.NameOf(f))}"));
        var target = folder + "/out";
        var split = partitions is null
            ? $"APPEND true, FILE_SIZE_BYTES {(layout.FileBytes ?? shape.TargetFileBytes).ToString(CultureInfo.InvariantCulture)}"
            : $"PARTITION_BY ({PartitionOrdinal})";
        var copy = $"COPY (SELECT {columns}{ordinal} FROM {relation}{layout.OrderBy}) TO {SqlText.Literal(target)} "
            + $"(FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 8192, RETURN_STATS, FILENAME_PATTERN 'part-{{uuid}}', {split}{layout.RowGroup}{shape.FieldIds(fields.Where(f => f != ChangeType))})";
        var staged = new List<StagedFile>();
        using var result = connection.Query(copy);
        foreach (var row in result.Rows())
        {
            var rows = Convert.ToInt64(row[1], CultureInfo.InvariantCulture);
            if (rows > 0)
            {
                var file = (string)row[0]!;
                staged.Add(new StagedFile(
                    file,
                    partitions is null ? [] : partitions[OrdinalOf(file)],
                    Convert.ToInt64(row[2], CultureInfo.InvariantCulture),
                    StatisticsBuilder.Build(rows, shape.Schema, [.. shape.Partition.Select(f => f.Name)], EngineStatistics.Read(row[4]), shape.Statistics).ToJson()));
            }
        }

        return staged;
    }

    private static long OrdinalOf(string file)
    {
        var folder = Path.GetFileName(Path.GetDirectoryName(file))!;
        return long.Parse(folder.AsSpan(folder.IndexOf('=', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private sealed record StagedFile(string Local, KeyValuePair<string, string?>[] PartitionValues, long Bytes, string Stats);

    private sealed record DataFile(string Name, IReadOnlyDictionary<string, string?> PartitionValues, long Bytes, string Stats);
}
