using System.Threading.Channels;
using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Reads a checkpoint with all its parts or sidecars (protocol section "Checkpoints").</summary>
internal sealed class CheckpointReader(IObjectStore store, string logPrefix, ICheckpointParquet parquet)
{
    private const int FilesAtOnce = 4;
    private const int BatchesAhead = 16;

    /// <summary>Applies the actions of the checkpoint.</summary>
    /// <param name="files">Its one file, or its parts.</param>
    /// <param name="state">Takes the actions; of no use when the call fails.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> when a part of it is damaged or missing.</exception>
    public async ValueTask ReadAsync(IReadOnlyList<LogFile> files, LogState.Builder state, CancellationToken cancellationToken)
    {
        var head = await ReadTopLevelAsync(files, state.Apply, cancellationToken);
        head.RequireComplete(state);
        if (head.Sidecars.Count == 0)
        {
            return;
        }

        await foreach (var batch in ReadParquetAsync(PathsOf(head.Sidecars), cancellationToken))
        {
            foreach (var action in batch)
            {
                if (action is not (AddFile or RemoveFile))
                {
                    throw DeltaException.Corrupt($"A sidecar of the checkpoint '{files[0].Path}' holds an action that is not about a file.");
                }

                state.Apply(action);
            }
        }
    }

    /// <summary>Paths in the store of the sidecars of one checkpoint file.</summary>
    /// <exception cref="DeltaException">The file cannot be read.</exception>
    public async ValueTask<IReadOnlyList<string>> SidecarsAsync(LogFile file, CancellationToken cancellationToken) =>
        PathsOf((await ReadTopLevelAsync([file], _ => { }, cancellationToken)).Sidecars);

    private List<string> PathsOf(IEnumerable<Sidecar> sidecars)
    {
        var folder = LogFile.SidecarFolder(logPrefix);
        return [.. sidecars.Select(s => StorePath.Of(store, folder, DeltaPath.Decode(s.Path))).Distinct(StringComparer.Ordinal)];
    }

    private async ValueTask<Head> ReadTopLevelAsync(IReadOnlyList<LogFile> files, Action<DeltaAction> apply, CancellationToken cancellationToken)
    {
        var head = new Head(files[0]);
        if (files is [{ Kind: LogFileKind.UuidCheckpoint } only] && only.Path.EndsWith(".json", StringComparison.Ordinal))
        {
            var content = await store.ReadAsync(only.Path, cancellationToken) ?? throw Gone(only.Path, null);
            foreach (var action in CommitFile.Parse(only.Version, content, only.LastModified).Actions)
            {
                head.Take(action);
                apply(action);
            }

            return head;
        }

        await foreach (var batch in ReadParquetAsync([.. files.Select(f => f.Path)], cancellationToken))
        {
            foreach (var action in batch)
            {
                head.Take(action);
                apply(action);
            }
        }

        return head;
    }

    // Files are read side by side, and decoded while the batches before are applied.
    private async IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadParquetAsync(
        IReadOnlyList<string> paths, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batches = Channel.CreateBounded<IReadOnlyList<DeltaAction>>(new BoundedChannelOptions(BatchesAhead) { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = stop.Token };
        var reading = Task.Run(
            async () =>
            {
                try
                {
                    await Parallel.ForEachAsync(paths, options, (path, token) => ReadFileAsync(path, batches.Writer, token));
                    batches.Writer.Complete();
                }
                catch (Exception e)
                {
                    batches.Writer.Complete(e);
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var batch in batches.Reader.ReadAllAsync(cancellationToken))
            {
                yield return batch;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    private async ValueTask ReadFileAsync(string path, ChannelWriter<IReadOnlyList<DeltaAction>> batches, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var batch in parquet.ReadActionsAsync(store, path, cancellationToken).WithCancellation(cancellationToken))
            {
                await batches.WriteAsync(batch, cancellationToken);
            }
        }
        catch (FileNotFoundException e)
        {
            throw Gone(path, e);
        }
        catch (DeltaException e)
        {
            throw new DeltaException(e.Kind, $"Checkpoint file '{path}': {e.Message}", e);
        }
    }

    private static DeltaException Gone(string path, Exception? inner) =>
        new(DeltaErrorKind.Corrupt, $"The checkpoint file '{path}' is missing.", inner) { MayHaveMoved = true };

    /// <summary>What the top-level file of a checkpoint says about the checkpoint itself.</summary>
    private sealed class Head(LogFile file)
    {
        private bool described;

        public List<Sidecar> Sidecars { get; } = [];

        public void Take(DeltaAction action)
        {
            switch (action)
            {
                case Sidecar sidecar:
                    Sidecars.Add(sidecar);
                    break;
                case CheckpointMetadata metadata when metadata.Version != file.Version:
                    throw DeltaException.Corrupt($"The checkpoint '{file.Path}' says that it is of version {metadata.Version}.");
                case CheckpointMetadata:
                    described = true;
                    break;
            }
        }

        /// <summary>A file of the V2 specification that is cut off lacks one of the actions that every such file has.</summary>
        public void RequireComplete(LogState.Builder state)
        {
            if ((file.Kind == LogFileKind.UuidCheckpoint || Sidecars.Count > 0) && !(described && state is { Protocol: not null, Metadata: not null }))
            {
                throw DeltaException.Corrupt($"The checkpoint '{file.Path}' lacks checkpointMetadata, protocol or metaData.");
            }
        }
    }
}
