namespace RetailFlow.Delta;

/// <summary>The files from which one version is replayed: at most one complete checkpoint, then every commit after it.</summary>
/// <param name="Version">The version.</param>
/// <param name="Checkpoint">Files of the checkpoint in order; empty to begin with version 0.</param>
/// <param name="Commits">The commits after the checkpoint, in order without a gap.</param>
/// <param name="LastCommit">The commit of <paramref name="Version"/> itself, if its file is there.</param>
/// <param name="Time">Time of the file of that commit, or else of the checkpoint.</param>
internal sealed record LogSegment(
    long Version,
    IReadOnlyList<LogFile> Checkpoint,
    IReadOnlyList<LogFile> Commits,
    LogFile? LastCommit,
    DateTimeOffset Time)
{
    /// <summary>Chooses the files. Pure.</summary>
    /// <param name="files">The files of the log in order, from the beginning or from some version on.</param>
    /// <param name="target">The version wanted; null for the newest.</param>
    /// <param name="table">Path of the table, for messages.</param>
    /// <exception cref="DeltaException">The version does not exist, no longer exists, or the log has a gap.</exception>
    public static LogSegment Choose(IReadOnlyList<LogFile> files, long? target, string table)
    {
        if (files.Count == 0)
        {
            throw new DeltaException(DeltaErrorKind.TableNotFound, $"There is no Delta table at '{table}': its _delta_log has no commit.");
        }

        var newest = Math.Max(
            files.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).DefaultIfEmpty(-1).Max(),
            NewestCheckpoint(files, long.MaxValue) is [var complete, ..] ? complete.Version : -1);
        if (newest < 0)
        {
            throw Missing(files, [], 0, 0, target, table);
        }

        if (target > newest)
        {
            throw new DeltaException(DeltaErrorKind.VersionNotFound, $"The table '{table}' has no version {target}: the newest is {newest}.");
        }

        var version = target ?? newest;
        var commits = new SortedDictionary<long, LogFile>();
        foreach (var file in files)
        {
            if (file.Kind == LogFileKind.Commit && file.Version <= version)
            {
                commits[file.Version] = file;
            }
        }

        var checkpoint = NewestCheckpoint(files, version);
        var first = checkpoint is [var head, ..] ? head.Version + 1 : 0;
        var replayed = new List<LogFile>();
        for (var v = first; v <= version; v++)
        {
            if (!commits.TryGetValue(v, out var commit))
            {
                throw Missing(files, commits, v, version, target, table);
            }

            replayed.Add(commit);
        }

        LogFile? last = commits.TryGetValue(version, out var own) ? own : null;
        return new LogSegment(version, checkpoint, replayed, last, last?.LastModified ?? checkpoint[0].LastModified);
    }

    private static List<LogFile> NewestCheckpoint(IReadOnlyList<LogFile> files, long version)
    {
        var candidates = files
            .Where(f => f.Version <= version && f.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.MultiPartCheckpoint)
            .GroupBy(f => (f.Version, f.Kind, f.Parts))
            .OrderByDescending(g => g.Key.Version)
            .ThenBy(g => g.Key.Kind);
        foreach (var candidate in candidates)
        {
            // A multi-part checkpoint of which a part is missing was never finished.
            var parts = candidate.OrderBy(f => f.Part).ToList();
            if (parts.Count == candidate.Key.Parts)
            {
                return parts;
            }
        }

        return [];
    }

    private static DeltaException Missing(
        IReadOnlyList<LogFile> files, SortedDictionary<long, LogFile> commits, long missing, long version, long? target, string table)
    {
        if (files.Any(f => f.Kind == LogFileKind.UuidCheckpoint))
        {
            return DeltaException.Unsupported($"The table '{table}' cannot be read without the feature v2Checkpoint: version {missing} is only in such a checkpoint.");
        }

        // Commits that end before the first one kept were cleaned up behind a checkpoint; one that is missing in between is damage.
        var cleanedUp = target is not null && commits.Keys.All(v => v > missing);
        return cleanedUp
            ? new DeltaException(DeltaErrorKind.VersionNotFound, $"The table '{table}' can no longer show version {version}: its log was cleaned up.")
            : new DeltaException(DeltaErrorKind.Corrupt, $"The log of '{table}' is not contiguous: version {missing} is missing before version {version}.") { MayHaveMoved = true };
    }
}
