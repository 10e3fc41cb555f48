using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>What changed in a table between two versions, as rows of files: rows that came, and rows that left or were replaced.</summary>
/// <param name="Added">Rows that are new or new again.</param>
/// <param name="Left">Rows that are gone or were replaced; of change data files also the rows in their place.</param>
internal sealed record InputChanges(IReadOnlyList<FileRead> Added, IReadOnlyList<FileRead> Left)
{
    private static readonly InputChanges Unknown = new([], []) { CanBeFollowed = false };

    /// <summary>
    /// False if the changes cannot be told: the columns changed in between, or the log or files that left have been cleaned up. Then only
    /// the table as a whole tells what it holds.
    /// </summary>
    public bool CanBeFollowed { get; private init; } = true;

    /// <summary>True if no row changed.</summary>
    public bool IsEmpty => CanBeFollowed && Added.Count == 0 && Left.Count == 0;

    /// <summary>Rows that came, exactly, where nothing left; null if the log does not say.</summary>
    public long? AddedRows => Left.Count > 0 || !CanBeFollowed ? null : Added.Aggregate((long?)0, (sum, read) => sum + read.RowCount);

    /// <summary>Changes after version <paramref name="from"/> (-1 for all) up to <paramref name="to"/>.</summary>
    public static async ValueTask<InputChanges> BetweenAsync(LakeTable table, long from, Snapshot to, CancellationToken cancellationToken)
    {
        if (from < 0)
        {
            var all = to.Files.Select(f => new ChangedRows(ChangeSource.Inserted, f with { DeletionVector = null }, null, f.DeletionVector)).ToList();
            return new InputChanges([.. (await FileRead.OfAsync(table.Access, all, c => c, cancellationToken)).Select(r => r.Read)], []);
        }

        if (await CommitsAsync(table, from, to, cancellationToken) is not { } commits)
        {
            return Unknown;
        }

        var changes = NetChanges.Of(commits);
        if (!await AreThereAsync(table, to, changes, cancellationToken))
        {
            return Unknown;
        }

        var reads = (await FileRead.OfAsync(table.Access, changes, c => c, cancellationToken)).ToLookup(r => r.Change.Source == ChangeSource.Inserted, r => r.Read);
        return new InputChanges([.. reads[true]], [.. reads[false]]);
    }

    /// <summary>The commits after a version, if the log still has them and rows of all of them are rows of the last schema.</summary>
    private static async ValueTask<IReadOnlyList<CommitChanges>?> CommitsAsync(LakeTable table, long from, Snapshot to, CancellationToken cancellationToken)
    {
        if (from > to.Version)
        {
            return null;
        }

        try
        {
            var commits = await table.Log.ChangesAsync(from, to.Version, cancellationToken);
            var metadata = commits.Select(c => c.Metadata).OfType<Metadata>().ToList();
            if (metadata.Count > 0)
            {
                metadata.Add((await table.Log.LoadAsync(TimeTravel.Version(from), cancellationToken)).Metadata);
            }

            return metadata.TrueForAll(m => HasColumnsOf(m, to.Metadata)) ? commits : null;
        }
        catch (DeltaException e) when (e.Kind == DeltaErrorKind.VersionNotFound)
        {
            return null;
        }
    }

    private static bool HasColumnsOf(Metadata metadata, Metadata last) =>
        (metadata.SchemaString == last.SchemaString || metadata.Schema.Equals(last.Schema))
        && ColumnMapping.ModeOf(metadata) == ColumnMapping.ModeOf(last)
        && metadata.PartitionColumns.SequenceEqual(last.PartitionColumns, StringComparer.Ordinal);

    /// <summary>Whether files that are not in the last version can still be read: VACUUM may have taken them.</summary>
    private static async ValueTask<bool> AreThereAsync(LakeTable table, Snapshot to, IReadOnlyList<ChangedRows> changes, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in changes)
        {
            wanted.Add(change.File.DecodedPath);
            wanted.UnionWith(new[] { change.Within, change.Without }.OfType<DeletionVectorDescriptor>().Select(DeletionVectorFiles.PathOf).OfType<string>());
        }

        if (wanted.Count > 0)
        {
            foreach (var file in to.Files)
            {
                wanted.Remove(file.DecodedPath);
                if (file.DeletionVector is { } vector && DeletionVectorFiles.PathOf(vector) is { } path)
                {
                    wanted.Remove(path);
                }
            }
        }

        foreach (var path in wanted)
        {
            if (await table.Access.Store.HeadAsync(StorePath.Of(table.Access.Store, table.Path, path), cancellationToken) is null)
            {
                return false;
            }
        }

        return true;
    }
}
