namespace RetailFlow.Delta;

/// <summary>Finds the version that was current at a time.</summary>
internal static class CommitTimeline
{
    /// <summary>The newest version not younger than the time.</summary>
    /// <param name="commits">Commits of the log in order.</param>
    /// <param name="time">The time.</param>
    /// <param name="inCommitTimestamp">Reads a commit's in-commit timestamp, null if it has none. Versions that have one follow those that have none.</param>
    /// <param name="table">Path of the table, for messages.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.VersionNotFound"/> when the time is before the first commit.</exception>
    public static async ValueTask<long> FindAsync(
        IReadOnlyList<LogFile> commits, DateTimeOffset time, Func<LogFile, ValueTask<DateTimeOffset?>> inCommitTimestamp, string table)
    {
        var firstTimed = await FirstAsync(commits.Count, async i => await inCommitTimestamp(commits[i]) is not null);
        var after = await FirstAsync(commits.Count - firstTimed, async i => await inCommitTimestamp(commits[firstTimed + i]) > time);
        if (after > 0)
        {
            return commits[firstTimed + after - 1].Version;
        }

        var fileTimes = Monotonic(commits.Take(firstTimed).Select(c => c.LastModified));
        var found = fileTimes.FindLastIndex(t => t <= time);
        if (found >= 0)
        {
            return commits[found].Version;
        }

        var earliest = firstTimed > 0 ? fileTimes[0] : await inCommitTimestamp(commits[0]);
        throw new DeltaException(
            DeltaErrorKind.VersionNotFound,
            $"The table '{table}' has no version as early as {time:O}: the first that can be read is version {commits[0].Version} of {earliest:O}.");
    }

    /// <summary>File times as commit times: a time that is not after its predecessor's becomes one millisecond later than it.</summary>
    public static List<DateTimeOffset> Monotonic(IEnumerable<DateTimeOffset> fileTimes)
    {
        var times = new List<DateTimeOffset>();
        foreach (var time in fileTimes)
        {
            times.Add(times.Count > 0 && time <= times[^1] ? times[^1].AddMilliseconds(1) : time);
        }

        return times;
    }

    // The first index for which a condition holds that, once true, stays true; the count if it never does.
    private static async ValueTask<int> FirstAsync(int count, Func<int, ValueTask<bool>> condition)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await condition(middle))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
