using System.Runtime.CompilerServices;
using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Reads and writes checkpoint Parquet files with the embedded engine (Delta protocol, "Checkpoints").</summary>
internal sealed class DuckDbCheckpointParquet(TableEngine engine) : ICheckpointParquet
{
    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["txn"] = "STRUCT(appId VARCHAR, \"version\" BIGINT, lastUpdated BIGINT)",
        ["add"] = "STRUCT(\"path\" VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, "
            + "stats VARCHAR, tags MAP(VARCHAR, VARCHAR), "
            + "deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT), "
            + "baseRowId BIGINT, defaultRowCommitVersion BIGINT, clusteringProvider VARCHAR)",
        ["remove"] = "STRUCT(\"path\" VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, "
            + "partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, "
            + "deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT), "
            + "baseRowId BIGINT, defaultRowCommitVersion BIGINT)",
        ["metaData"] = "STRUCT(id VARCHAR, \"name\" VARCHAR, description VARCHAR, \"format\" STRUCT(\"provider\" VARCHAR, \"options\" MAP(VARCHAR, VARCHAR)), "
            + "schemaString VARCHAR, partitionColumns VARCHAR[], \"configuration\" MAP(VARCHAR, VARCHAR), createdTime BIGINT)",
        ["protocol"] = "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])",
        ["domainMetadata"] = "STRUCT(\"domain\" VARCHAR, \"configuration\" VARCHAR, removed BOOLEAN)",
    };

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadActionsAsync(
        IObjectStore store,
        string path,
        [EnumeratorCancellation] CancellationToken ct)
    {
        using var stage = engine.Stage();
        var local = await LocalFileAsync(store, path, stage, ct);
        using var connection = engine.Connect();
        using var cancel = connection.CancelWith(ct);
        var file = SqlText.Literal(local);
        var present = new HashSet<string>(StringComparer.Ordinal);
        using (var columns = connection.Query($"DESCRIBE SELECT * FROM read_parquet({file})"))
        {
            foreach (var row in columns.Rows())
            {
                present.Add((string)row[0]!);
            }
        }

        var names = new[] { "txn", "add", "remove", "metaData", "protocol", "domainMetadata", "sidecar", "checkpointMetadata" };
        var wanted = SqlText.Names(names.Where(present.Contains));
        using var result = connection.Query($"SELECT cast(to_json(a) AS varchar) FROM (SELECT {wanted} FROM read_parquet({file})) a");
        while (result.NextChunk(out var chunk))
        {
            for (var row = 0; row < chunk.RowCount; row++)
            {
                yield return chunk.GetUtf8(0, row).ToArray();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store,
        string path,
        IReadOnlyList<ReadOnlyMemory<byte>> actions,
        CancellationToken ct)
    {
        using var stage = engine.Stage();
        var lines = Path.Combine(stage.Path, "actions.json");
        await using (var file = File.Create(lines))
        {
            foreach (var action in actions)
            {
                await file.WriteAsync(action, ct);
                file.WriteByte((byte)'\n');
            }
        }

        var parquet = Path.Combine(stage.Path, "checkpoint.parquet");
        using (var connection = engine.Connect())
        using (connection.CancelWith(ct))
        {
            // The engine reserves twice this for each thread.
            var longest = Math.Max(1 << 20, actions.Max(a => a.Length) + 1);
            var columns = string.Join(", ", Columns.Select(c => $"{SqlText.Name(c.Key)}: {SqlText.Literal(c.Value)}"));
            connection.Execute(
                $"COPY (SELECT * FROM read_json({SqlText.Literal(lines)}, format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = {longest})) "
                + $"TO {SqlText.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)");
        }

        var size = new FileInfo(parquet).Length;
        await store.ImportIfAbsentAsync(path, parquet, ct);
        return new CheckpointFileInfo(size);
    }

    private static async ValueTask<string> LocalFileAsync(IObjectStore store, string path, StagingFolder stage, CancellationToken ct)
    {
        if (store.LocalPath(path) is { } local)
        {
            return local;
        }

        var copy = Path.Combine(stage.Path, "checkpoint.parquet");
        await using var source = await store.OpenReadAsync(path, ct);
        await using var target = File.Create(copy);
        await source.CopyToAsync(target, ct);
        return copy;
    }
}
