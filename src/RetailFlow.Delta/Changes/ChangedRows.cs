namespace RetailFlow.Delta;

/// <summary>Where changed rows come from, and so what happened to them.</summary>
public enum ChangeSource
{
    /// <summary>A change data file, whose rows say in <c>_change_type</c> what happened.</summary>
    ChangeFile,

    /// <summary>Rows that came.</summary>
    Inserted,

    /// <summary>Rows that left.</summary>
    Deleted,
}

/// <summary>Rows of one file that a commit changed.</summary>
/// <param name="Source">What happened to them.</param>
/// <param name="File">The file, as an add action would tell of it, without its deletion vector.</param>
/// <param name="Within">Only rows that this vector holds; null for all rows of the file.</param>
/// <param name="Without">Not the rows that this vector holds; null for no such rows.</param>
public sealed record ChangedRows(ChangeSource Source, AddFile File, DeletionVectorDescriptor? Within, DeletionVectorDescriptor? Without)
{
    /// <summary>
    /// The rows that a commit changed (protocol section "Change Data Files"). Change data files, where there are any, say all;
    /// otherwise added files are inserts, removed ones are deletes, and where a file is removed and added again with another deletion
    /// vector, the rows in one vector and not in the other.
    /// </summary>
    public static IReadOnlyList<ChangedRows> Of(CommitChanges commit)
    {
        if (commit.ChangeFiles.Count > 0)
        {
            return [.. commit.ChangeFiles.Select(f => new ChangedRows(ChangeSource.ChangeFile, OfChangeFile(f), null, null))];
        }

        var changes = new List<ChangedRows>();
        var removed = commit.Removes.Where(f => f.DataChange).GroupBy(f => f.Key.Path, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        foreach (var add in commit.Adds.Where(f => f.DataChange))
        {
            var file = add with { DeletionVector = null };
            if (!removed.Remove(add.Key.Path, out var before))
            {
                changes.Add(new(ChangeSource.Inserted, file, null, add.DeletionVector));
                continue;
            }

            if (before.DeletionVector?.UniqueId == add.DeletionVector?.UniqueId)
            {
                continue;
            }

            if (add.DeletionVector is { } now)
            {
                changes.Add(new(ChangeSource.Deleted, file, now, before.DeletionVector));
            }

            if (before.DeletionVector is { } then)
            {
                changes.Add(new(ChangeSource.Inserted, file, then, add.DeletionVector));
            }
        }

        changes.AddRange(removed.Values.Select(f => new ChangedRows(ChangeSource.Deleted, OfRemoved(f), null, f.DeletionVector)));
        return changes;
    }

    private static AddFile OfChangeFile(AddCdcFile file) => new()
    {
        Path = file.Path,
        PartitionValues = file.PartitionValues,
        Size = file.Size,
        ModificationTime = 0,
        DataChange = false,
    };

    private static AddFile OfRemoved(RemoveFile file) => new()
    {
        Path = file.Path,
        PartitionValues = file.PartitionValues ?? EmptyMaps.PartitionValues,
        Size = file.Size ?? 0,
        ModificationTime = 0,
    };
}
