using System.Runtime.CompilerServices;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>Reads and writes checkpoint Parquet files with the embedded engine (Delta protocol, "Checkpoints").</summary>
internal sealed class DuckDbCheckpointParquet(TableEngine engine) : ICheckpointParquet
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadActionsAsync(
        IObjectStore store,
        string path,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stage = engine.Stage();
        var local = await LocalFileAsync(store, path, stage, cancellationToken);
        using var connection = engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        var columns = Guarded(() => CheckpointColumns.Of(connection, local));
        var decoder = new CheckpointDecoder();
        foreach (var (sql, decode) in new (string?, Func<DuckDbChunk, IReadOnlyList<DeltaAction>>)[]
        {
            (columns.RareActions, CheckpointDecoder.RareActions), (columns.Removes, decoder.Removes), (columns.Adds, decoder.Adds),
        })
        {
            if (sql is null)
            {
                continue;
            }

            using var result = Guarded(() => connection.Query(sql));
            while (Guarded(() => result.NextChunk(out var chunk) ? decode(chunk) : null) is { } batch)
            {
                yield return batch;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store,
        string path,
        CheckpointFileKind kind,
        IEnumerable<DeltaAction> actions,
        CancellationToken cancellationToken)
    {
        using var stage = engine.Stage();
        var parquet = Path.Combine(stage.Path, "checkpoint.parquet");
        var written = await CheckpointFileWriter.WriteAsync(engine, stage, parquet, kind, actions, cancellationToken);
        await store.ImportIfAbsentAsync(path, parquet, cancellationToken);
        return written;
    }

    /// <summary>The engine's complaint about a file is the log's: the file is damaged. A lack of memory or a cancellation is not.</summary>
    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DuckDbException e) when (e.Kind is not (DuckDbErrorKind.OutOfMemory or DuckDbErrorKind.Interrupt or DuckDbErrorKind.Connection))
        {
            throw new DeltaException(DeltaErrorKind.Corrupt, $"It cannot be read as a checkpoint: {e.Message}", e);
        }
    }

    private static async ValueTask<string> LocalFileAsync(IObjectStore store, string path, StagingFolder stage, CancellationToken cancellationToken)
    {
        if (store.LocalPath(path) is { } local)
        {
            return File.Exists(local) ? local : throw new FileNotFoundException("There is no such checkpoint file.", path);
        }

        return await stage.CopyAsync(store, path, "checkpoint.parquet", cancellationToken);
    }
}
