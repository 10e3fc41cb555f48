using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>
/// The transaction log of one table. Holds no state of its own: snapshots are values that callers keep and
/// <see cref="RefreshAsync"/>. Safe for many threads.
/// </summary>
public sealed class DeltaLog
{
    // Probing for the next version finds nothing when it was cleaned up long ago. Retention is never shorter than an hour,
    // so a snapshot that was seen to be the newest within that time can be trusted to a probe.
    private static readonly TimeSpan ProbeTrust = TimeSpan.FromHours(1);

    private const string NotLoaded = "was not loaded";

    private readonly DeltaLogOptions options;
    private readonly LogReader reader;
    private readonly LogUpkeep upkeep;
    private readonly LogWriter writer;

    /// <summary>The log of the table at a path.</summary>
    /// <param name="store">The store that holds the table.</param>
    /// <param name="tablePath">Path of the table in the store; empty for the store's root.</param>
    /// <param name="parquet">Reads and writes checkpoint files.</param>
    /// <param name="options">Clock, names, limits.</param>
    public DeltaLog(IObjectStore store, string tablePath, ICheckpointParquet parquet, DeltaLogOptions options)
    {
        TablePath = tablePath.TrimEnd('/');
        this.options = options;
        reader = new LogReader(store, TablePath, parquet);
        upkeep = new LogUpkeep(store, parquet, reader, options);
        writer = new LogWriter(store, TablePath, reader, upkeep, options);
    }

    /// <summary>Path of the table in its store.</summary>
    public string TablePath { get; }

    /// <summary>The newest version, or null when there is no table.</summary>
    /// <exception cref="DeltaException">The log is corrupt or needs a feature that is not supported.</exception>
    public ValueTask<Snapshot?> TryLoadAsync(CancellationToken cancellationToken = default) =>
        reader.TryLoadAsync(null, options.Clock.GetUtcNow, cancellationToken).OrUnavailable(TablePath, NotLoaded);

    /// <summary>The newest version.</summary>
    /// <exception cref="DeltaException">There is no table, the log is corrupt or needs a feature that is not supported.</exception>
    public ValueTask<Snapshot> LoadAsync(CancellationToken cancellationToken = default) => LoadAsync(TimeTravel.Latest, cancellationToken);

    /// <summary>A version.</summary>
    /// <exception cref="DeltaException">There is no table or no such version, the log is corrupt or needs a feature that is not supported.</exception>
    public async ValueTask<Snapshot> LoadAsync(TimeTravel at, CancellationToken cancellationToken = default)
    {
        var version = at switch
        {
            TimeTravel.AtLatest => (long?)null,
            TimeTravel.AtVersion { Number: >= 0 } exact => exact.Number,
            TimeTravel.AtVersion exact => throw new DeltaException(DeltaErrorKind.VersionNotFound, $"There is no version {exact.Number}: versions begin at 0."),
            TimeTravel.AtTime time => await VersionAsOfAsync(time.Time, cancellationToken).OrUnavailable(TablePath, NotLoaded),
            _ => throw new InvalidOperationException("Unknown kind of time travel."),
        };
        return await reader.TryLoadAsync(version, options.Clock.GetUtcNow, cancellationToken).OrUnavailable(TablePath, NotLoaded) ?? throw NoTable();
    }

    /// <summary>
    /// The newest version, starting from one that is known. Reads only the commits that followed; returns
    /// <paramref name="previous"/> itself when there are none.
    /// </summary>
    public ValueTask<Snapshot> RefreshAsync(Snapshot previous, CancellationToken cancellationToken = default) =>
        NewestAsync(previous, cancellationToken).OrUnavailable(TablePath, NotLoaded);

    /// <summary>
    /// The newest version, from one that was known once, whatever became of the table since. Reads the commits that followed and the
    /// head of the known one: where that is another's or gone, the table was dropped, replaced or cleaned up, and is loaded anew.
    /// </summary>
    /// <exception cref="DeltaException">There is no table, the log is corrupt or needs a feature that is not supported.</exception>
    public async ValueTask<Snapshot> LatestAsync(Snapshot? known, CancellationToken cancellationToken = default)
    {
        if (known?.LastCommit is null)
        {
            return await LoadAsync(cancellationToken);
        }

        try
        {
            // The head is looked at after the commits, so that none of a table that took this one's place is taken for a successor.
            var latest = await RefreshAsync(known, cancellationToken);
            if (await reader.TryReadInfoAsync(known.Version, cancellationToken).OrUnavailable(TablePath, NotLoaded) is { } info && info.IsOfSameCommit(known.LastCommit))
            {
                return latest;
            }
        }
        catch (DeltaException e) when (e.Kind != DeltaErrorKind.Unavailable)
        {
            // Commits that do not follow on the known version; the whole log tells whether it is at fault.
        }

        return await LoadAsync(cancellationToken);
    }

    /// <summary>The commits after one version, up to and with another.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.VersionNotFound"/> if one of them does not exist (yet, or any more).</exception>
    public async ValueTask<IReadOnlyList<CommitChanges>> ChangesAsync(
        long fromVersionExclusive, long toVersionInclusive, CancellationToken cancellationToken = default)
    {
        if (fromVersionExclusive < -1 || toVersionInclusive < fromVersionExclusive)
        {
            throw new ArgumentOutOfRangeException(nameof(toVersionInclusive), toVersionInclusive, $"There are no versions after {fromVersionExclusive} up to it.");
        }

        if (toVersionInclusive == fromVersionExclusive)
        {
            return [];
        }

        return await CommitsBetweenAsync(fromVersionExclusive + 1, toVersionInclusive, cancellationToken).OrUnavailable(TablePath, "gave no changes");
    }

    /// <summary>The commits of the log, newest first.</summary>
    /// <param name="limit">How many at most; null for all that the log still has.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.TableNotFound"/> if there is no log.</exception>
    public ValueTask<IReadOnlyList<HistoryEntry>> HistoryAsync(int? limit = null, CancellationToken cancellationToken = default) =>
        EntriesAsync(limit, cancellationToken).OrUnavailable(TablePath, "gave no history");

    /// <summary>Replays a version and compares it with the checksum that its writer left.</summary>
    /// <returns>What the checksum says otherwise, one sentence each, empty if all agrees; null if the version has no checksum.</returns>
    /// <exception cref="DeltaException">The version cannot be loaded.</exception>
    public async ValueTask<IReadOnlyList<string>?> VerifyAsync(long version, CancellationToken cancellationToken = default)
    {
        var snapshot = await LoadAsync(TimeTravel.Version(version), cancellationToken);
        if (await reader.ReadChecksumAsync(version, cancellationToken).OrUnavailable(TablePath, "was not verified") is not { } content)
        {
            return null;
        }

        try
        {
            return VersionChecksum.Parse(content).Compare(snapshot);
        }
        catch (DeltaException e)
        {
            return [e.Message];
        }
    }

    /// <summary>
    /// Writes the transaction as the next version. When others were faster, checks that what they did leaves its basis intact and
    /// moves it to the version after theirs. On a snapshot that is the newest this is one put, another for its checksum, and no read.
    /// </summary>
    /// <returns>Committed, or conflicted: then nothing was written.</returns>
    /// <exception cref="DeltaException">
    /// The transaction breaks a rule for writers; or the store failed: <see cref="DeltaErrorKind.Unavailable"/> when nothing was
    /// written, <see cref="DeltaErrorKind.CommitOutcomeUnknown"/> when that cannot be told.
    /// </exception>
    public async ValueTask<CommitResult> CommitAsync(DeltaTransaction transaction, CancellationToken cancellationToken = default)
    {
        if (transaction.ReadSnapshot is { } read && (options.Clock.GetUtcNow() - read.SeenAt).Duration() >= ProbeTrust)
        {
            await RequireReachableAsync(read, cancellationToken).OrUnavailable(TablePath, "was not committed");
        }

        return await writer.CommitAsync(transaction, cancellationToken);
    }

    /// <summary>
    /// Writes a checkpoint of the snapshot, without what has expired, and points <c>_last_checkpoint</c> to it: a classic one, or by
    /// the V2 specification where the table has the feature <c>v2Checkpoint</c> and the property <c>delta.checkpointPolicy</c> asks for it.
    /// </summary>
    public async ValueTask CheckpointAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        await upkeep.CheckpointAsync(snapshot, cancellationToken).OrUnavailable(TablePath, "has no new checkpoint");

    /// <summary>
    /// Deletes the files of the log that only versions past <c>delta.logRetentionDuration</c> need, and sidecars that no checkpoint
    /// refers to. Follows every checkpoint that a commit makes due, unless <c>delta.enableExpiredLogCleanup</c> is false.
    /// </summary>
    /// <param name="snapshot">A recent snapshot of the table, for its properties.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>How many files were deleted.</returns>
    /// <exception cref="DeltaException">The checkpoint on which the rest of the log would stand cannot be read; nothing was deleted.</exception>
    public async ValueTask<int> CleanUpAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        await upkeep.CleanUpAsync(snapshot, cancellationToken).OrUnavailable(TablePath, "was not cleaned up to the end");

    private async ValueTask<Snapshot> NewestAsync(Snapshot previous, CancellationToken cancellationToken)
    {
        var snapshot = previous;
        while (await reader.TryReadCommitAsync(snapshot.Version + 1, cancellationToken) is { } commit)
        {
            snapshot = snapshot.Next(commit, options.Clock.GetUtcNow());
        }

        var now = options.Clock.GetUtcNow();
        if (!ReferenceEquals(snapshot, previous) || (now - previous.SeenAt).Duration() < ProbeTrust)
        {
            return snapshot;
        }

        var newer = await reader.ListAsync(previous.Version + 1, cancellationToken);
        return newer.Count == 0 ? previous.Seen(now) : await LoadAsync(cancellationToken);
    }

    private async ValueTask<IReadOnlyList<HistoryEntry>> EntriesAsync(int? limit, CancellationToken cancellationToken)
    {
        var commits = await CommitsAsync(cancellationToken);
        commits.Reverse();
        var entries = new List<HistoryEntry>();
        await foreach (var entry in reader.ReadHistoryAsync(commits.Take(limit ?? int.MaxValue), cancellationToken))
        {
            entries.Add(entry);
        }

        return entries;
    }

    private async ValueTask<IReadOnlyList<CommitChanges>> CommitsBetweenAsync(long from, long to, CancellationToken cancellationToken)
    {
        var commits = await writer.HeadCommitsAsync(from, to, cancellationToken);
        var changes = new List<CommitChanges>();
        await foreach (var commit in reader.ReadCommitsAsync(commits, cancellationToken))
        {
            changes.Add(commit);
        }

        return changes;
    }

    private async ValueTask RequireReachableAsync(Snapshot read, CancellationToken cancellationToken)
    {
        var newer = (await reader.ListAsync(read.Version + 1, cancellationToken)).Where(f => f.Kind == LogFileKind.Commit).ToList();
        if (newer is [var first, ..] && first.Version != read.Version + 1)
        {
            throw DeltaException.InvalidCommit($"The snapshot of '{TablePath}' at version {read.Version} is older than what its log still holds. Load the table again.");
        }
    }

    private async ValueTask<long> VersionAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var commits = await CommitsAsync(cancellationToken);
        return await CommitTimeline.FindAsync(
            commits,
            time,
            async commit => CommitFile.Millis((await reader.ReadHeadAsync(commit, cancellationToken))?.InCommitTimestamp),
            TablePath);
    }

    private async ValueTask<List<LogFile>> CommitsAsync(CancellationToken cancellationToken)
    {
        var commits = (await reader.ListAsync(0, cancellationToken)).FindAll(f => f.Kind == LogFileKind.Commit);
        return commits.Count > 0 ? commits : throw NoTable();
    }

    private DeltaException NoTable() => new(DeltaErrorKind.TableNotFound, $"There is no Delta table at '{TablePath}': its _delta_log has no commit.");
}
