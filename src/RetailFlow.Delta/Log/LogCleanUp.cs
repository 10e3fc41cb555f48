using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Which files of a log have expired (protocol section "Metadata Cleanup"). Pure.</summary>
internal static class LogCleanUp
{
    // Snapshots are trusted to find the commits after them for this long.
    private static readonly TimeSpan ShortestRetention = TimeSpan.FromHours(1);

    private static readonly TimeSpan SidecarRetention = TimeSpan.FromDays(1);

    /// <summary>Plans the clean-up.</summary>
    /// <param name="files">All files of the log.</param>
    /// <param name="now">The clock.</param>
    /// <param name="retention">How long versions stay readable.</param>
    public static LogCleanUpPlan Plan(IReadOnlyList<LogFile> files, DateTimeOffset now, TimeSpan retention)
    {
        var cutoff = Midnight(now - (retention > ShortestRetention ? retention : ShortestRetention));
        var commits = files.Where(f => f.Kind == LogFileKind.Commit).OrderBy(f => f.Version).ToList();
        var last = CommitTimeline.Monotonic(commits.Select(c => c.LastModified)).FindLastIndex(time => time <= cutoff);
        if (last < 0)
        {
            return LogCleanUpPlan.Nothing;
        }

        // Everything from this checkpoint on stays, its own commit included: a checkpoint does not tell who committed.
        if (LogSegment.NewestCheckpoint(files, commits[last].Version, unusable: null) is not [var first, ..] checkpoint)
        {
            return LogCleanUpPlan.Nothing;
        }

        // In the order of the versions: wherever a clean-up ends early, what is left is the end of the log.
        return new LogCleanUpPlan(
            checkpoint,
            [.. files.Where(f => f.Kind == LogFileKind.Compaction ? f.Version <= first.Version : f.Version < first.Version).OrderBy(f => f.Version)]);
    }

    /// <summary>Whether a sidecar is old enough not to belong to a checkpoint in the making.</summary>
    public static bool MayBeAbandoned(ObjectInfo sidecar, DateTimeOffset now) => sidecar.LastModified < Midnight(now - SidecarRetention);

    private static DateTimeOffset Midnight(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);
}

/// <summary>What a clean-up deletes.</summary>
/// <param name="Checkpoint">Files of the checkpoint on which the rest of the log stands; empty if nothing is deleted.</param>
/// <param name="Delete">Files to delete, in order.</param>
internal sealed record LogCleanUpPlan(IReadOnlyList<LogFile> Checkpoint, IReadOnlyList<LogFile> Delete)
{
    public static readonly LogCleanUpPlan Nothing = new([], []);
}
