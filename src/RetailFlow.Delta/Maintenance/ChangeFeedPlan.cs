namespace RetailFlow.Delta;

/// <summary>Where row changes of a version are. The set is closed.</summary>
public abstract record ChangeSource
{
    private ChangeSource()
    {
    }

    /// <summary>A change data file: its rows say themselves what they are, in <c>_change_type</c>.</summary>
    public sealed record ChangeFile(AddCdcFile File) : ChangeSource;

    /// <summary>Every row of the file that its deletion vector leaves was inserted.</summary>
    public sealed record Inserted(AddFile File) : ChangeSource;

    /// <summary>Every row of the file that its deletion vector left was deleted. The file is as the table had it.</summary>
    public sealed record Deleted(AddFile File) : ChangeSource;

    /// <summary>Rows that the new vector has and the old one has not were deleted; those of the old one alone were inserted.</summary>
    /// <param name="File">The file, with the new vector.</param>
    /// <param name="Old">The vector before; null for none.</param>
    /// <param name="New">The vector after; null for none.</param>
    public sealed record RowDifference(AddFile File, DeletionVectorDescriptor? Old, DeletionVectorDescriptor? New) : ChangeSource;
}

/// <summary>The changes of one version.</summary>
/// <param name="Version">Goes to <c>_commit_version</c>.</param>
/// <param name="Timestamp">Goes to <c>_commit_timestamp</c>.</param>
/// <param name="Metadata">The table's metadata as of the version: its schema is that of the rows.</param>
/// <param name="Sources">Where the rows are; empty if no data changed.</param>
public sealed record ChangeVersion(long Version, DateTimeOffset Timestamp, Metadata Metadata, IReadOnlyList<ChangeSource> Sources);

/// <summary>Finds the row-level changes of versions (protocol section "Add CDC File"). Pure.</summary>
public static class ChangeFeedPlan
{
    /// <summary>The changes of consecutive versions.</summary>
    /// <param name="commits">The commits, ascending without gaps.</param>
    /// <param name="before">The table just before the first of them; null if the first is version 0.</param>
    /// <exception cref="DeltaException">
    /// A version at which the table keeps no change data feed (<see cref="DeltaErrorKind.VersionNotFound"/>, naming it); or commits
    /// that do not fit together.
    /// </exception>
    public static IReadOnlyList<ChangeVersion> For(IEnumerable<CommitChanges> commits, Snapshot? before)
    {
        var state = before?.State ?? LogState.Empty;
        var expected = before is null ? 0 : before.Version + 1;
        var versions = new List<ChangeVersion>();
        foreach (var commit in commits)
        {
            if (commit.Version != expected)
            {
                throw DeltaException.Corrupt($"The changes of version {expected} are missing before those of version {commit.Version}.");
            }

            expected++;
            var metadata = commit.Metadata ?? state.Metadata ?? throw DeltaException.Corrupt($"Version {commit.Version} has no metaData, nor has any before it.");
            if (!new TableProperties(metadata.Configuration).ChangeDataFeed)
            {
                throw new DeltaException(
                    DeltaErrorKind.VersionNotFound,
                    $"There is no change data feed of version {commit.Version}: the table did not keep one (delta.enableChangeDataFeed) then.");
            }

            versions.Add(new ChangeVersion(commit.Version, commit.Timestamp, metadata, Sources(commit, state)));
            state = state.Apply(commit.Actions);
        }

        return versions;
    }

    private static IReadOnlyList<ChangeSource> Sources(CommitChanges commit, LogState state)
    {
        if (commit.ChangeFiles.Count > 0)
        {
            return [.. commit.ChangeFiles.Select(f => new ChangeSource.ChangeFile(f))];
        }

        var sources = new List<ChangeSource>();
        var added = new Dictionary<string, AddFile>(StringComparer.Ordinal);
        foreach (var file in commit.Adds.Where(a => a.DataChange))
        {
            added[file.Key.Path] = file;
        }

        foreach (var removed in commit.Removes.Where(r => r.DataChange))
        {
            if (added.Remove(removed.Key.Path, out var with))
            {
                sources.Add(new ChangeSource.RowDifference(with, removed.DeletionVector, with.DeletionVector));
            }
            else
            {
                sources.Add(new ChangeSource.Deleted(state.Files.TryGetValue(removed.Key, out var file) ? file : Known(removed, commit.Version)));
            }
        }

        sources.AddRange(commit.Adds.Where(a => added.ContainsKey(a.Key.Path)).Select(a => new ChangeSource.Inserted(a)));
        return sources;
    }

    private static AddFile Known(RemoveFile removed, long version) => new()
    {
        Path = removed.Path,
        PartitionValues = removed.PartitionValues
            ?? throw DeltaException.Corrupt($"Version {version} removes '{removed.DecodedPath}', which is not in the table, without its partition values."),
        Size = removed.Size ?? 0,
        ModificationTime = 0,
        Stats = removed.Stats,
        DeletionVector = removed.DeletionVector,
        BaseRowId = removed.BaseRowId,
        DefaultRowCommitVersion = removed.DefaultRowCommitVersion,
    };
}
