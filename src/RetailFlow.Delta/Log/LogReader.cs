using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>The reading edge of the log: listings, commits and checkpoints of one table. What to do with them is decided elsewhere.</summary>
internal sealed class LogReader(IObjectStore store, string tablePath, ICheckpointParquet parquet)
{
    // Enough to hide the latency of a remote store.
    private const int ReadAhead = 8;

    // While we list and read, others commit, write checkpoints and clean up: a view that does not fit together is taken anew.
    private const int LoadAttempts = 3;

    public string LogPrefix { get; } = tablePath.Length == 0 ? "_delta_log/" : tablePath + "/_delta_log/";

    public async ValueTask<CommitChanges?> TryReadCommitAsync(long version, CancellationToken cancellationToken)
    {
        var content = await store.ReadAsync(LogFile.CommitPath(LogPrefix, version), cancellationToken);
        return content is null ? null : CommitFile.Parse(version, content, fileTime: null);
    }

    /// <summary>The files of the log in order, from a version on.</summary>
    public async ValueTask<List<LogFile>> ListAsync(long fromVersion, CancellationToken cancellationToken)
    {
        var files = new List<LogFile>();
        await foreach (var info in store.ListAsync(LogPrefix, LogFile.Before(LogPrefix, fromVersion), cancellationToken))
        {
            if (LogFile.TryParse(info, LogPrefix) is { } file)
            {
                files.Add(file);
            }
        }

        return files;
    }

    /// <summary>Loads a version; null if there is no table.</summary>
    public async ValueTask<Snapshot?> TryLoadAsync(long? version, Func<DateTimeOffset> now, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var seenAt = now();
                return await ChooseAsync(version, cancellationToken) is { } segment
                    ? await ReplayAsync(segment, seenAt, cancellationToken)
                    : null;
            }
            catch (DeltaException e) when (e.MayHaveMoved && attempt < LoadAttempts)
            {
            }
        }
    }

    /// <summary>The first line of a commit, if it is its <c>commitInfo</c>.</summary>
    public async ValueTask<CommitInfo?> ReadHeadAsync(LogFile commit, CancellationToken cancellationToken)
    {
        const int firstRead = 4096;
        var head = await store.ReadRangeAsync(commit.Path, 0, firstRead, cancellationToken);
        if (head.AsSpan().IndexOf((byte)'\n') < 0 && head.Length == firstRead)
        {
            head = await store.ReadAsync(commit.Path, cancellationToken) ?? [];
        }

        var end = head.AsSpan().IndexOf((byte)'\n');
        var line = end < 0 ? head : head[..end];
        return line.AsSpan().Trim(" \t\r"u8).IsEmpty ? null : CommitFile.ParseHead(line);
    }

    /// <summary>Parsed commits in order, read ahead; a file that is gone ends the process with an error.</summary>
    public IAsyncEnumerable<CommitChanges> ReadCommitsAsync(IEnumerable<LogFile> commits, CancellationToken cancellationToken) =>
        ReadAheadAsync(commits, (file, content) => CommitFile.Parse(file.Version, content, file.LastModified), cancellationToken);

    /// <summary>The <c>commitInfo</c> of each commit in order, read ahead.</summary>
    public IAsyncEnumerable<HistoryEntry> ReadHistoryAsync(IEnumerable<LogFile> commits, CancellationToken cancellationToken) =>
        ReadAheadAsync(
            commits,
            (file, content) =>
            {
                var info = CommitFile.FindInfo(content);
                return new HistoryEntry(file.Version, CommitFile.Millis(info?.InCommitTimestamp) ?? file.LastModified, info);
            },
            cancellationToken);

    private async ValueTask<LogSegment?> ChooseAsync(long? version, CancellationToken cancellationToken)
    {
        var hint = LastCheckpoint.TryParse(await store.ReadAsync(LogPrefix + LastCheckpoint.Name, cancellationToken));
        if (hint is { } start && (version is null || start <= version))
        {
            try
            {
                var recent = await ListAsync(start, cancellationToken);
                if (recent.Exists(f => f.Version == start && f.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.MultiPartCheckpoint))
                {
                    return LogSegment.Choose(recent, version, tablePath);
                }
            }
            catch (DeltaException)
            {
                // The hint led to files that do not make a version; the whole log decides.
            }
        }

        var files = await ListAsync(0, cancellationToken);
        return files.Count == 0 ? null : LogSegment.Choose(files, version, tablePath);
    }

    private async ValueTask<Snapshot> ReplayAsync(LogSegment segment, DateTimeOffset seenAt, CancellationToken cancellationToken)
    {
        var state = LogState.Empty.ToBuilder();
        foreach (var file in segment.Checkpoint)
        {
            await foreach (var row in parquet.ReadActionsAsync(store, file.Path, cancellationToken))
            {
                Apply(state, row.Span, file);
            }
        }

        CommitChanges? last = null;
        await foreach (var commit in ReadCommitsAsync(segment.Commits, cancellationToken))
        {
            foreach (var action in commit.Actions)
            {
                state.Apply(action);
            }

            last = commit;
        }

        if (last is null && segment.LastCommit is { } own)
        {
            await foreach (var commit in ReadCommitsAsync([own], cancellationToken))
            {
                last = commit;
            }
        }

        return new Snapshot(tablePath, segment.Version, state.Build(), last?.Timestamp ?? segment.Time, last?.CommitInfo, seenAt);
    }

    private static DeltaException Gone(LogFile file) =>
        new(DeltaErrorKind.VersionNotFound, $"The commit '{file.Path}' was listed but is gone: its log was cleaned up.") { MayHaveMoved = true };

    private static void Apply(LogState.Builder state, ReadOnlySpan<byte> row, LogFile file)
    {
        DeltaAction? action;
        try
        {
            action = DeltaActionJson.Parse(row);
        }
        catch (DeltaException e)
        {
            throw new DeltaException(e.Kind, $"Checkpoint '{file.Path}': {e.Message}", e);
        }

        if (action is Sidecar or CheckpointMetadata)
        {
            throw DeltaException.Unsupported($"The checkpoint '{file.Path}' needs a feature that is not supported: v2Checkpoint.");
        }

        if (action is not null)
        {
            state.Apply(action);
        }
    }

    private async IAsyncEnumerable<T> ReadAheadAsync<T>(
        IEnumerable<LogFile> files,
        Func<LogFile, byte[], T> parse,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new Queue<(LogFile File, Task<byte[]?> Content)>();
        foreach (var file in files)
        {
            pending.Enqueue((file, store.ReadAsync(file.Path, cancellationToken).AsTask()));
            if (pending.Count >= ReadAhead)
            {
                yield return await NextAsync();
            }
        }

        while (pending.Count > 0)
        {
            yield return await NextAsync();
        }

        async ValueTask<T> NextAsync()
        {
            var (file, content) = pending.Dequeue();
            return parse(file, await content ?? throw Gone(file));
        }
    }
}
