using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>The reading edge of the log: listings, commits and checkpoints of one table. What to do with them is decided elsewhere.</summary>
internal sealed class LogReader(IObjectStore store, string tablePath, ICheckpointParquet parquet)
{
    // Enough to hide the latency of a remote store.
    private const int ReadAhead = 8;

    // While we list and read, others commit, write checkpoints and clean up: a view that does not fit together is taken anew.
    private const int LoadAttempts = 3;

    private readonly CheckpointReader checkpoints = new(store, PrefixOf(tablePath), parquet);

    public string LogPrefix { get; } = PrefixOf(tablePath);

    public async ValueTask<CommitChanges?> TryReadCommitAsync(long version, CancellationToken cancellationToken)
    {
        var content = await store.ReadAsync(LogFile.CommitPath(LogPrefix, version), cancellationToken);
        return content is null ? null : CommitFile.Parse(version, content, fileTime: null);
    }

    /// <summary>The content of the version's checksum file, or null.</summary>
    public ValueTask<byte[]?> ReadChecksumAsync(long version, CancellationToken cancellationToken) =>
        store.ReadAsync(LogFile.ChecksumPath(LogPrefix, version), cancellationToken);

    /// <summary>The files in order, from a version on, that make versions: commits, compactions, checkpoints.</summary>
    public async ValueTask<List<LogFile>> ListAsync(long fromVersion, CancellationToken cancellationToken)
    {
        var files = await ListAllAsync(cancellationToken, fromVersion);
        files.RemoveAll(f => f.Kind == LogFileKind.Checksum);
        return files;
    }

    /// <summary>All files of the log in order, from a version on.</summary>
    public async ValueTask<List<LogFile>> ListAllAsync(CancellationToken cancellationToken, long fromVersion = 0)
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

    /// <summary>Reads a checkpoint to see that it can be read, and that it describes a table.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> if not.</exception>
    public async ValueTask RequireReadableAsync(IReadOnlyList<LogFile> checkpoint, CancellationToken cancellationToken)
    {
        var state = LogState.Empty.ToBuilder();
        await checkpoints.ReadAsync(checkpoint, state, cancellationToken);
        if (state is not { Protocol: not null, Metadata: not null })
        {
            throw DeltaException.Corrupt($"The checkpoint '{checkpoint[0].Path}' has no protocol or no metaData.");
        }
    }

    /// <summary>Paths in the store of the sidecars to which checkpoints refer.</summary>
    /// <exception cref="DeltaException">A checkpoint cannot be read.</exception>
    public async ValueTask<IReadOnlySet<string>> ReferencedSidecarsAsync(IReadOnlyList<LogFile> files, CancellationToken cancellationToken)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            paths.UnionWith(await checkpoints.SidecarsAsync(file, cancellationToken));
        }

        return paths;
    }

    /// <summary>Loads a version; null if there is no table.</summary>
    public async ValueTask<Snapshot?> TryLoadAsync(long? version, Func<DateTimeOffset> now, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryLoadOnceAsync(version, now(), cancellationToken);
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

    /// <summary>The <c>commitInfo</c> of a version; null if it has none, or its commit is gone.</summary>
    public async ValueTask<CommitInfo?> TryReadInfoAsync(long version, CancellationToken cancellationToken)
    {
        var path = LogFile.CommitPath(LogPrefix, version);
        try
        {
            return await ReadHeadAsync(LogFile.Commit(path, version, default), cancellationToken)
                ?? CommitFile.FindInfo(await store.ReadAsync(path, cancellationToken) ?? []);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
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

    private static string PrefixOf(string tablePath) => tablePath.Length == 0 ? "_delta_log/" : tablePath + "/_delta_log/";

    // A checkpoint or a compaction only shortens the way: where one is damaged or gone, another way leads to the same state.
    private async ValueTask<Snapshot?> TryLoadOnceAsync(long? version, DateTimeOffset seenAt, CancellationToken cancellationToken)
    {
        var unusable = new HashSet<string>(StringComparer.Ordinal);
        DeltaException? first = null;
        while (true)
        {
            LogSegment? segment;
            try
            {
                segment = await ChooseAsync(version, unusable, cancellationToken);
            }
            catch (DeltaException) when (first is not null)
            {
                throw first;
            }

            if (segment is null)
            {
                return null;
            }

            var (snapshot, failure) = await TryReplayAsync(segment, unusable, seenAt, cancellationToken);
            if (snapshot is not null)
            {
                return snapshot;
            }

            first ??= failure;
        }
    }

    private async ValueTask<LogSegment?> ChooseAsync(long? version, HashSet<string> unusable, CancellationToken cancellationToken)
    {
        long? hint = unusable.Count > 0 ? null : LastCheckpoint.TryParse(await store.ReadAsync(LogPrefix + LastCheckpoint.Name, cancellationToken));
        if (hint is { } start && (version is null || start <= version))
        {
            try
            {
                var recent = await ListAsync(start, cancellationToken);
                if (recent.Exists(f => f.Version == start && f.IsCheckpoint))
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
        return files.Count == 0 ? null : LogSegment.Choose(files, version, tablePath, unusable);
    }

    private async ValueTask<(Snapshot? Snapshot, DeltaException? Failure)> TryReplayAsync(
        LogSegment segment, HashSet<string> unusable, DateTimeOffset seenAt, CancellationToken cancellationToken)
    {
        var state = LogState.Empty.ToBuilder();
        try
        {
            if (segment.Checkpoint.Count > 0)
            {
                await checkpoints.ReadAsync(segment.Checkpoint, state, cancellationToken);
            }
        }
        catch (DeltaException e) when (e.Kind is DeltaErrorKind.Corrupt or DeltaErrorKind.UnsupportedFeature)
        {
            unusable.UnionWith(segment.Checkpoint.Select(f => f.Path));
            return (null, e);
        }

        CommitChanges? last = null;
        try
        {
            await foreach (var commit in ReadCommitsAsync(segment.Commits, cancellationToken))
            {
                foreach (var action in commit.Actions)
                {
                    state.Apply(action);
                }

                last = commit;
            }
        }
        catch (DeltaException e) when (segment.Commits.Any(f => f.Kind == LogFileKind.Compaction))
        {
            unusable.UnionWith(segment.Commits.Where(f => f.Kind == LogFileKind.Compaction).Select(f => f.Path));
            return (null, e);
        }

        // A checkpoint or a compaction does not tell who committed its last version.
        if (last?.Version != segment.Version || segment.Commits is [.., { Kind: LogFileKind.Compaction }])
        {
            last = null;
            await foreach (var commit in ReadCommitsAsync(segment.LastCommit is { } own ? [own] : [], cancellationToken))
            {
                last = commit;
            }
        }

        return (new Snapshot(tablePath, segment.Version, state.Build(), last?.Timestamp ?? segment.Time, last?.CommitInfo, seenAt), null);
    }

    private static DeltaException Gone(LogFile file) =>
        new(DeltaErrorKind.VersionNotFound, $"The commit '{file.Path}' was listed but is gone: its log was cleaned up.") { MayHaveMoved = true };

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
