namespace RetailFlow.Delta;

/// <summary>What some commits changed together. Pure.</summary>
public static class NetChanges
{
    /// <summary>
    /// The rows that commits changed, as rows of files: what they say one after the other comes to the same rows as this. Where a file
    /// comes and goes, or loses rows more than once, only the difference between its first and its last state is told. Moves of rows
    /// (<c>dataChange</c> false) are none.
    /// </summary>
    /// <param name="commits">Commits that follow on each other, oldest first.</param>
    /// <remarks>
    /// Change data files are taken for a commit that rewrote files, where they tell the few rows that changed from those that were
    /// copied. Where rows left by deletion vectors alone, the vectors tell the same.
    /// </remarks>
    public static IReadOnlyList<ChangedRows> Of(IReadOnlyList<CommitChanges> commits)
    {
        var changes = new List<ChangedRows>();
        var files = new Dictionary<string, List<Stay>>(StringComparer.Ordinal);
        foreach (var commit in commits)
        {
            var removed = commit.Removes.Where(f => f.DataChange).GroupBy(f => f.Key.Path, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
            var added = commit.Adds.Where(f => f.DataChange).GroupBy(f => f.Key.Path, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
            if (commit.ChangeFiles.Count > 0 && removed.Keys.Any(path => !added.ContainsKey(path)))
            {
                changes.AddRange(ChangedRows.Of(commit));
                continue;
            }

            foreach (var path in removed.Keys.Union(added.Keys, StringComparer.Ordinal))
            {
                Follow(files, path, new Stay(removed.GetValueOrDefault(path), added.GetValueOrDefault(path)));
            }
        }

        // A file has more than one entry when commits in between said nothing of it here; each is a change of its own.
        for (var layer = 0; files.Values.Any(stays => stays.Count > layer); layer++)
        {
            var actions = files.Values.Where(stays => stays.Count > layer).SelectMany(stays => stays[layer].Actions);
            changes.AddRange(ChangedRows.Of(new CommitChanges(commits[^1].Version, [.. actions], commits[^1].Timestamp)));
        }

        return changes;
    }

    private static void Follow(Dictionary<string, List<Stay>> files, string path, Stay next)
    {
        if (!files.TryGetValue(path, out var stays))
        {
            files[path] = stays = [];
        }

        if (stays.Count > 0 && stays[^1].LeadsTo(next))
        {
            stays[^1] = new Stay(stays[^1].Before, next.After);
        }
        else
        {
            stays.Add(next);
        }
    }

    /// <summary>A file over some commits: what it was before, null if it was not there, and what it is after.</summary>
    private readonly record struct Stay(RemoveFile? Before, AddFile? After)
    {
        public IEnumerable<DeltaAction> Actions
        {
            get
            {
                if (Before is not null)
                {
                    yield return Before;
                }

                if (After is not null)
                {
                    yield return After;
                }
            }
        }

        public bool LeadsTo(Stay next) =>
            After is null == next.Before is null && After?.DeletionVector?.UniqueId == next.Before?.DeletionVector?.UniqueId;
    }
}
