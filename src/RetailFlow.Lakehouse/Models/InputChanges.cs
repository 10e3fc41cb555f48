using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>What changed in a table between two versions, as rows of files: rows that came, and rows that left or were replaced.</summary>
/// <param name="Added">Rows that are new or new again.</param>
/// <param name="Left">Rows that are gone or were replaced; of change data files also the rows in their place.</param>
internal sealed record InputChanges(IReadOnlyList<FileRead> Added, IReadOnlyList<FileRead> Left)
{
    private const string SignColumn = "_sign";
    private const string ChangeTypeColumn = "_change_type";

    private static readonly InputChanges Unknown = new([], []) { CanBeFollowed = false };

    /// <summary>
    /// False if the changes cannot be told: the columns changed in between, or the log or files that left have been cleaned up. Then only
    /// the table as a whole tells what it holds.
    /// </summary>
    public bool CanBeFollowed { get; private init; } = true;

    /// <summary>No row changed.</summary>
    public static InputChanges None { get; } = new([], []);

    /// <summary>True if no row changed.</summary>
    public bool IsEmpty => CanBeFollowed && Added.Count == 0 && Left.Count == 0;

    /// <summary>
    /// True if what came is there and what left was there at the beginning. A row that came in one commit and left in a later one is told by both where
    /// its file is not followed from one to the other: change data files tell of both, or the row was moved between them.
    /// </summary>
    private bool AreNet { get; init; } = true;

    /// <summary>Rows that came, exactly, where nothing left; null if the log does not say.</summary>
    public long? AddedRows => Left.Count > 0 || !CanBeFollowed ? null : Added.Aggregate((long?)0, (sum, read) => sum + read.RowCount);

    /// <summary>Changes after version <paramref name="from"/> (-1 for all) up to <paramref name="to"/>.</summary>
    public static async ValueTask<InputChanges> BetweenAsync(LakeTable table, long from, Snapshot to, CancellationToken cancellationToken)
    {
        if (from < 0)
        {
            var all = to.Files.Select(f => new ChangedRows(ChangeSource.Inserted, f with { DeletionVector = null }, null, f.DeletionVector)).ToList();
            return new InputChanges([.. (await FileRead.OfAsync(table.Access, all, c => c, cancellationToken)).Select(Read)], []);
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

        var reads = (await FileRead.OfAsync(table.Access, changes, c => c, cancellationToken)).ToLookup(r => r.Change.Source == ChangeSource.Inserted, Read);
        return new InputChanges([.. reads[true]], [.. reads[false]]) { AreNet = StillThere(to, changes) };
    }

    /// <summary>
    /// The rows that are there and were not, with 1 in a column <c>_sign</c>, and those that were there and are not, with -1. A row that another like it
    /// took the place of may be told with both; one that is there several times may be told once with as much.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="to">The version up to which the changes go.</param>
    /// <param name="open">Keeps the files open.</param>
    /// <param name="connection">Where the relation will be used.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="LakeException">The table has a column of a name that the changes need.</exception>
    public async ValueTask<string> SignedAsync(LakeTable table, Snapshot to, OpenFiles open, DuckDbConnection connection, CancellationToken cancellationToken)
    {
        if (((string[])[SignColumn, ChangeTypeColumn]).FirstOrDefault(name => to.Schema.Find(name) is not null) is { } taken)
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{table.Name}: a fold asks for its changes, which add a column {taken}; the table has one of that name.");
        }

        if (AreNet)
        {
            var came = $"select *, 1 as {SignColumn} from {await table.RelationAsync(open, connection, to, Added, cancellationToken)}";
            return Left.Count == 0 ? $"({came})" : $"({came} union all select *, -1 as {SignColumn} from {await table.RelationAsync(open, connection, to, Left, cancellationToken)})";
        }

        var shape = ScanShape.Of(to) with { PerFile = [(ChangeTypeColumn, "VARCHAR")] };
        var scan = open.Keep(await TableScan.OpenAsync(table.Access, connection, shape, [.. Added, .. Left], ScanOptions.Everything, cancellationToken));
        var names = SqlText.Names(to.Schema.Fields.Select(f => f.Name));
        var sign = $"sum(case when {ChangeTypeColumn} in ('insert', 'update_postimage') then 1 else -1 end)";
        return $"(select {names}, cast({sign} as bigint) as {SignColumn} from {scan.Relation} group by {names} having {sign} <> 0)";
    }

    /// <summary>Whether files tell all changes, and all that came is in the last version as they tell it: then nothing that came left.</summary>
    private static bool StillThere(Snapshot to, IReadOnlyList<ChangedRows> changes)
    {
        var live = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var change in changes)
        {
            if (change.Source == ChangeSource.Inserted && !live.TryAdd(change.File.DecodedPath, change.Without?.UniqueId ?? ""))
            {
                return false;
            }
        }

        foreach (var file in live.Count == 0 ? [] : to.Files)
        {
            if (live.TryGetValue(file.DecodedPath, out var vector) && vector == (file.DeletionVector?.UniqueId ?? ""))
            {
                live.Remove(file.DecodedPath);
            }
        }

        return live.Count == 0 && !changes.Any(c => c.Source == ChangeSource.ChangeFile);
    }

    // Change data files say in a column of that name what became of each row.
    private static FileRead Read((ChangedRows Change, FileRead Read) read) => read.Read with
    {
        Values = [read.Change.Source switch { ChangeSource.Inserted => "'insert'", ChangeSource.Deleted => "'delete'", _ => null }],
    };

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
