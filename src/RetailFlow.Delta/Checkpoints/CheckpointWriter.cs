using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Writes checkpoints by the specification that the table asks for (protocol section "Checkpoint Specs").</summary>
internal sealed class CheckpointWriter(IObjectStore store, string logPrefix, ICheckpointParquet parquet, DeltaLogOptions options)
{
    // So many that a reader can share them out, and not so many that it has to open many files.
    private const int ActionsOfSidecar = 100_000;

    // Clients that do not know UUID-named checkpoints recognise this one, find the protocol in it and say why they stop.
    private const int ClassicNameEvery = 10;

    /// <summary>Writes the checkpoint of a version.</summary>
    /// <param name="snapshot">The version.</param>
    /// <param name="state">What the checkpoint holds.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>Length and number of actions of all its files.</returns>
    public ValueTask<CheckpointFileInfo> WriteAsync(Snapshot snapshot, LogState state, CancellationToken cancellationToken) =>
        snapshot.Properties.CheckpointPolicy == "v2" && snapshot.Protocol.ReaderFeatures?.Contains("v2Checkpoint") == true
            ? WriteV2Async(snapshot, state, cancellationToken)
            : parquet.WriteActionsAsync(
                store, LogFile.CheckpointPath(logPrefix, snapshot.Version), CheckpointFileKind.Classic, CheckpointContent.Of(state), cancellationToken);

    private async ValueTask<CheckpointFileInfo> WriteV2Async(Snapshot snapshot, LogState state, CancellationToken cancellationToken)
    {
        var (size, actions) = (0L, 0L);
        var sidecars = new List<Sidecar>();
        foreach (var part in CheckpointContent.AboutFiles(state).Chunk(ActionsOfSidecar))
        {
            var name = $"{options.NewGuid():D}.parquet";
            var written = await parquet.WriteActionsAsync(
                store, $"{LogFile.SidecarFolder(logPrefix)}/{name}", CheckpointFileKind.Sidecar, part, cancellationToken);
            sidecars.Add(new Sidecar(name, written.SizeInBytes, options.Clock.GetUtcNow().ToUnixTimeMilliseconds()));
            size += written.SizeInBytes;
            actions += written.Actions;
        }

        var head = await parquet.WriteActionsAsync(
            store,
            PathOf(snapshot),
            CheckpointFileKind.TopLevel,
            [new CheckpointMetadata(snapshot.Version), .. CheckpointContent.AboutTheTable(state), .. sidecars],
            cancellationToken);
        return new CheckpointFileInfo(size + head.SizeInBytes, actions + head.Actions);
    }

    private string PathOf(Snapshot snapshot)
    {
        var interval = Math.Max(1, snapshot.Properties.CheckpointInterval ?? options.CheckpointInterval);
        return snapshot.Version / interval % ClassicNameEvery == 0
            ? LogFile.CheckpointPath(logPrefix, snapshot.Version)
            : LogFile.UuidCheckpointPath(logPrefix, snapshot.Version, options.NewGuid());
    }
}
