using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>
/// The Parquet files of checkpoints, as JSON actions: the only door from the Delta log to an engine.
/// </summary>
public interface ICheckpointParquet
{
    /// <summary>
    /// Every row of a checkpoint file as one UTF-8 JSON object of the shape of a commit line (<c>{"add":{...}}</c>). Members may be
    /// null, which means absent; maps are JSON objects; <c>stats</c> is a string. The memory is valid until the next row.
    /// </summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadActionsAsync(IObjectStore store, string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes the actions as one classic checkpoint file. If the file exists (another writer was faster) it is left as it is: any
    /// checkpoint of a version is as good as another.
    /// </summary>
    ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store,
        string path,
        IReadOnlyList<ReadOnlyMemory<byte>> actions,
        CancellationToken cancellationToken = default);
}

/// <summary>A checkpoint file that was written.</summary>
/// <param name="SizeInBytes">Length in bytes.</param>
public readonly record struct CheckpointFileInfo(long SizeInBytes);
