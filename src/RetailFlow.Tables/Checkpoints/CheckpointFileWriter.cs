using System.Buffers;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>Writes a checkpoint file from actions, by way of their JSON (Delta protocol, "Checkpoint Schema").</summary>
internal static class CheckpointFileWriter
{
    private const int FlushBytes = 1 << 20;

    private const string DeletionVector =
        "STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT, maxRowIndex BIGINT)";

    private static readonly (string Name, string Type)[] AboutFiles =
    [
        ("add", "STRUCT(\"path\" VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, "
            + $"stats VARCHAR, tags MAP(VARCHAR, VARCHAR), deletionVector {DeletionVector}, "
            + "baseRowId BIGINT, defaultRowCommitVersion BIGINT, clusteringProvider VARCHAR)"),
        ("remove", "STRUCT(\"path\" VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, "
            + $"partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, deletionVector {DeletionVector}, "
            + "baseRowId BIGINT, defaultRowCommitVersion BIGINT)"),
    ];

    private static readonly (string Name, string Type)[] AboutTheTable =
    [
        ("txn", "STRUCT(appId VARCHAR, \"version\" BIGINT, lastUpdated BIGINT)"),
        ("metaData", "STRUCT(id VARCHAR, \"name\" VARCHAR, description VARCHAR, \"format\" STRUCT(\"provider\" VARCHAR, \"options\" MAP(VARCHAR, VARCHAR)), "
            + "schemaString VARCHAR, partitionColumns VARCHAR[], \"configuration\" MAP(VARCHAR, VARCHAR), createdTime BIGINT)"),
        ("protocol", "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])"),
        ("domainMetadata", "STRUCT(\"domain\" VARCHAR, \"configuration\" VARCHAR, removed BOOLEAN)"),
    ];

    private static readonly (string Name, string Type)[] AboutTheCheckpoint =
    [
        ("checkpointMetadata", "STRUCT(\"version\" BIGINT, tags MAP(VARCHAR, VARCHAR))"),
        ("sidecar", "STRUCT(\"path\" VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT, tags MAP(VARCHAR, VARCHAR))"),
    ];

    /// <summary>Writes the file.</summary>
    public static async ValueTask<CheckpointFileInfo> WriteAsync(
        TableEngine engine, StagingFolder stage, string parquet, CheckpointFileKind kind, IEnumerable<DeltaAction> actions, CancellationToken cancellationToken)
    {
        var lines = Path.Combine(stage.Path, "actions.json");
        var (count, longest) = await WriteLinesAsync(lines, actions, cancellationToken);
        using (var connection = engine.Connect())
        using (connection.CancelWith(cancellationToken))
        {
            // The engine reserves twice this for each thread. Some readers of shared tables take plain pages only, so no dictionaries and no runs.
            var columns = string.Join(", ", Columns(kind).Select(c => $"{SqlText.Name(c.Name)}: {SqlText.Literal(c.Type)}"));
            connection.Execute(
                $"COPY (SELECT * FROM read_json({SqlText.Literal(lines)}, format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = {Math.Max(1 << 20, longest + 1)})) "
                + $"TO {SqlText.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION V1, DICTIONARY_SIZE_LIMIT 0)");
        }

        return new CheckpointFileInfo(new FileInfo(parquet).Length, count);
    }

    private static IEnumerable<(string Name, string Type)> Columns(CheckpointFileKind kind) => kind switch
    {
        CheckpointFileKind.Classic => [.. AboutTheTable, .. AboutFiles],
        CheckpointFileKind.TopLevel => [.. AboutTheTable, .. AboutFiles, .. AboutTheCheckpoint],
        CheckpointFileKind.Sidecar => AboutFiles,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of checkpoint file."),
    };

    private static async ValueTask<(long Count, int Longest)> WriteLinesAsync(string path, IEnumerable<DeltaAction> actions, CancellationToken cancellationToken)
    {
        var (count, longest) = (0L, 0);
        var buffer = new ArrayBufferWriter<byte>();
        await using var file = File.Create(path);
        foreach (var action in actions)
        {
            var start = buffer.WrittenCount;
            DeltaActionJson.Write(buffer, action);
            buffer.Write("\n"u8);
            count++;
            longest = Math.Max(longest, buffer.WrittenCount - start);
            if (buffer.WrittenCount >= FlushBytes)
            {
                await file.WriteAsync(buffer.WrittenMemory, cancellationToken);
                buffer.ResetWrittenCount();
            }
        }

        await file.WriteAsync(buffer.WrittenMemory, cancellationToken);
        return (count, longest);
    }
}
