using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>What follows commits and is no part of them: version checksums, checkpoints, clean-up of the log.</summary>
internal sealed class LogUpkeep(IObjectStore store, ICheckpointParquet parquet, LogReader reader, DeltaLogOptions options)
{
    private readonly CheckpointWriter checkpoints = new(store, reader.LogPrefix, parquet, options);

    /// <summary>Does what is due after a commit. None of it can undo the commit.</summary>
    public async ValueTask<CommitResult.Committed> AfterCommitAsync(Snapshot committed)
    {
        var result = new CommitResult.Committed(committed.Version, committed);
        await WriteChecksumAsync(committed);
        var interval = committed.Properties.CheckpointInterval ?? options.CheckpointInterval;
        if (interval <= 0 || committed.Version == 0 || committed.Version % interval != 0)
        {
            return result;
        }

        try
        {
            result = result with { Snapshot = await CheckpointAsync(committed, CancellationToken.None) };
        }
        catch (Exception e)
        {
            // A checkpoint only makes the next load faster, and the next one that is due makes up for it.
            return result with { CheckpointFailure = e };
        }

        try
        {
            if (committed.Properties.ExpiredLogCleanUp)
            {
                await CleanUpAsync(committed, CancellationToken.None);
            }

            return result;
        }
        catch (Exception e)
        {
            return result with { CleanUpFailure = e };
        }
    }

    /// <summary>Writes a checkpoint; returns the snapshot without what has expired.</summary>
    public async ValueTask<Snapshot> CheckpointAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var state = CheckpointContent.Unexpired(snapshot, options.Clock.GetUtcNow());
        var written = await checkpoints.WriteAsync(snapshot, state, cancellationToken);

        // A hint that goes back would only make readers replay more, but there is no need to.
        var hintPath = reader.LogPrefix + LastCheckpoint.Name;
        if (!(LastCheckpoint.TryParse(await store.ReadAsync(hintPath, cancellationToken)) > snapshot.Version))
        {
            var hint = LastCheckpoint.Write(snapshot.Version, written.Actions, written.SizeInBytes, state.Files.Count);
            await store.PutAsync(hintPath, hint, cancellationToken);
        }

        return snapshot.With(state);
    }

    /// <summary>Deletes what has expired; returns the number of files.</summary>
    public async ValueTask<int> CleanUpAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var now = options.Clock.GetUtcNow();
        var files = await reader.ListAllAsync(cancellationToken);
        var plan = LogCleanUp.Plan(files, now, snapshot.Properties.LogRetention);
        if (plan.Delete.Count > 0)
        {
            // What comes before a checkpoint is only superfluous if the checkpoint is sound.
            await reader.RequireReadableAsync(plan.Checkpoint, cancellationToken);
        }

        foreach (var file in plan.Delete)
        {
            await store.DeleteAsync(file.Path, cancellationToken);
        }

        return plan.Delete.Count + await CleanUpSidecarsAsync(files.Except(plan.Delete), now, cancellationToken);
    }

    private async ValueTask<int> CleanUpSidecarsAsync(IEnumerable<LogFile> kept, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var old = new List<string>();
        await foreach (var sidecar in store.ListAsync(LogFile.SidecarFolder(reader.LogPrefix) + "/", cancellationToken: cancellationToken))
        {
            if (LogCleanUp.MayBeAbandoned(sidecar, now))
            {
                old.Add(sidecar.Path);
            }
        }

        if (old.Count == 0)
        {
            return 0;
        }

        // Throws where a checkpoint cannot be read: then nobody knows what it refers to.
        var referenced = await reader.ReferencedSidecarsAsync([.. kept.Where(f => f.IsCheckpoint)], cancellationToken);
        old.RemoveAll(referenced.Contains);
        foreach (var path in old)
        {
            await store.DeleteAsync(path, cancellationToken);
        }

        return old.Count;
    }

    private async ValueTask WriteChecksumAsync(Snapshot committed)
    {
        if (!options.WriteVersionChecksums)
        {
            return;
        }

        try
        {
            var content = VersionChecksum.Of(committed).Write();
            await store.PutIfAbsentAsync(LogFile.ChecksumPath(reader.LogPrefix, committed.Version), content, CancellationToken.None);
        }
        catch (Exception)
        {
            // A version without a checksum is a version all the same.
        }
    }
}
