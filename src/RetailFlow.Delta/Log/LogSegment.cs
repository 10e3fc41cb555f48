namespace RetailFlow.Delta;

/// <summary>The files from which one version is replayed: at most one complete checkpoint, then every version after it.</summary>
/// <param name="Version">The version.</param>
/// <param name="Checkpoint">Files of the checkpoint in order; empty to begin with version 0.</param>
/// <param name="Commits">The commits after the checkpoint, some of them compacted, in order without a gap.</param>
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
    /// <param name="unusable">Paths of checkpoints and compactions that turned out to be damaged or gone; null for none.</param>
    /// <exception cref="DeltaException">The version does not exist, no longer exists, or the log has a gap.</exception>
    public static LogSegment Choose(IReadOnlyList<LogFile> files, long? target, string table, IReadOnlySet<string>? unusable = null)
    {
        if (files.Count == 0)
        {
            throw new DeltaException(DeltaErrorKind.TableNotFound, $"There is no Delta table at '{table}': its _delta_log has no commit.");
        }

        // A checkpoint that cannot be used proves all the same that there is its version.
        var newest = Math.Max(
            files.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).DefaultIfEmpty(-1).Max(),
            NewestCheckpoint(files, long.MaxValue, unusable: null) is [var complete, ..] ? complete.Version : -1);
        if (newest < 0)
        {
            throw Missing([], 0, 0, target, table);
        }

        if (target > newest)
        {
            throw new DeltaException(DeltaErrorKind.VersionNotFound, $"The table '{table}' has no version {target}: the newest is {newest}.");
        }

        var version = target ?? newest;
        var commits = new SortedDictionary<long, LogFile>();
        var compactions = new Dictionary<long, LogFile>();
        foreach (var file in files)
        {
            if (file.Kind == LogFileKind.Commit && file.Version <= version)
            {
                commits[file.Version] = file;
            }
            else if (file.Kind == LogFileKind.Compaction && file.LastVersion <= version && unusable?.Contains(file.Path) != true
                && !(compactions.TryGetValue(file.Version, out var other) && other.LastVersion > file.LastVersion))
            {
                compactions[file.Version] = file;
            }
        }

        var checkpoint = NewestCheckpoint(files, version, unusable);
        var replayed = new List<LogFile>();
        for (var v = checkpoint is [var head, ..] ? head.Version + 1 : 0; v <= version;)
        {
            if (!compactions.TryGetValue(v, out var next) && !commits.TryGetValue(v, out next))
            {
                throw Missing(commits, v, version, target, table);
            }

            replayed.Add(next);
            v = next.LastVersion + 1;
        }

        LogFile? last = commits.TryGetValue(version, out var own) ? own : null;
        return new LogSegment(version, checkpoint, replayed, last, (last ?? replayed.LastOrDefault(checkpoint.FirstOrDefault())).LastModified);
    }

    /// <summary>The files of the newest complete checkpoint up to a version; empty if there is none.</summary>
    public static List<LogFile> NewestCheckpoint(IReadOnlyList<LogFile> files, long version, IReadOnlySet<string>? unusable)
    {
        // Each file by itself is a checkpoint, apart from the parts of one that was split.
        var candidates = files
            .Where(f => f.Version <= version && f.IsCheckpoint)
            .GroupBy(f => (f.Version, f.Kind, f.Parts, Path: f.Kind == LogFileKind.MultiPartCheckpoint ? "" : f.Path))
            .OrderByDescending(g => g.Key.Version)
            .ThenBy(g => g.Key.Kind);
        foreach (var candidate in candidates)
        {
            // A multi-part checkpoint of which a part is missing was never finished.
            var parts = candidate.OrderBy(f => f.Part).ToList();
            if (parts.Count == candidate.Key.Parts && !(unusable is not null && parts.Exists(p => unusable.Contains(p.Path))))
            {
                return parts;
            }
        }

        return [];
    }

    private static DeltaException Missing(SortedDictionary<long, LogFile> commits, long missing, long version, long? target, string table)
    {
        // Commits that end before the first one kept were cleaned up behind a checkpoint; one that is missing in between is damage.
        var cleanedUp = target is not null && commits.Keys.All(v => v > missing);
        return cleanedUp
            ? new DeltaException(DeltaErrorKind.VersionNotFound, $"The table '{table}' can no longer show version {version}: its log was cleaned up.")
            : new DeltaException(DeltaErrorKind.Corrupt, $"The log of '{table}' is not contiguous: version {missing} is missing before version {version}.") { MayHaveMoved = true };
    }
}
