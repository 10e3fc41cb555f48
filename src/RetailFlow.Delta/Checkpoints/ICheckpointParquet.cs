using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>The Parquet files of checkpoints: the only door from the Delta log to an engine. Safe for many threads.</summary>
public interface ICheckpointParquet
{
    /// <summary>
    /// The actions of a checkpoint file or a sidecar, in batches of any size and in any order. Columns and fields that are missing count
    /// as null, unknown ones are ignored, and so is a row without a known action.
    /// </summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/>: the file cannot be read, or an action lacks what it must have.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadActionsAsync(IObjectStore store, string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes the actions as one file, plainly encoded. If the file exists (another writer was faster) it is left as it is: any
    /// checkpoint of a version is as good as another.
    /// </summary>
    ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store,
        string path,
        CheckpointFileKind kind,
        IEnumerable<DeltaAction> actions,
        CancellationToken cancellationToken = default);
}

/// <summary>What a checkpoint file is for, and so which columns it has (protocol section "Checkpoint Specs").</summary>
public enum CheckpointFileKind
{
    /// <summary>All actions, by the V1 specification.</summary>
    Classic,

    /// <summary>Actions that are not about files, the checkpoint's own, and references to sidecars.</summary>
    TopLevel,

    /// <summary>Adds and removes.</summary>
    Sidecar,
}

/// <summary>A checkpoint file that was written.</summary>
/// <param name="SizeInBytes">Length in bytes.</param>
/// <param name="Actions">Number of actions in it.</param>
public readonly record struct CheckpointFileInfo(long SizeInBytes, long Actions);
