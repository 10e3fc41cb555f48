using System.Numerics;
using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Maintenance;

/// <summary>Layout of tables, what they keep on disk, and the way back to earlier versions.</summary>
public sealed class TableMaintenance
{
    private const int FilesBeforeCompaction = 40;
    private const int FilesOfLikeSize = 4;

    private readonly Lake _lake;

    internal TableMaintenance(Lake lake) => _lake = lake;

    /// <summary>
    /// Without columns: gathers files that are small for the table, and those of which a tenth of the rows is deleted, into larger ones.
    /// With columns: sorts the whole table along a Morton curve over the ranks of their values, so that rows with like values lie in few files.
    /// </summary>
    /// <exception cref="LakeException">There is no such table or column, or another writer removed what was being moved.</exception>
    public ValueTask<OptimizeReport> OptimizeAsync(string table, IReadOnlyList<string> zorder, CancellationToken cancellationToken) =>
        OptimizeAsync(table, zorder, snapshot => null, cancellationToken);

    private async ValueTask<OptimizeReport> OptimizeAsync(
        string table, IReadOnlyList<string> zorder, Func<Snapshot, IReadOnlyList<AddFile>?> among, CancellationToken cancellationToken)
    {
        var found = _lake.Tables[table];
        using var rewriting = await found.RewriteAsync(cancellationToken);
        var snapshot = await found.LatestAsync(cancellationToken);
        foreach (var column in zorder)
        {
            if (snapshot.Schema.Find(column) is null)
            {
                throw new LakeException(LakeErrorKind.InvalidInput, $"Table {table} has no column '{column}' to order by.");
            }
        }

        using var connection = _lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        var optimize = new TableOptimize(new TableAccess(_lake.Engine, _lake.Store, found.Path), _lake.Tables.Writer, zorder)
        {
            Among = among(snapshot),
            Rewriting = files => _lake.Options.Progress?.Invoke(new LakeProgress(table, $"rewriting {files} files", null)),
        };
        if (await optimize.PlanAsync(connection, snapshot, cancellationToken) is not { } transaction)
        {
            return new OptimizeReport(table, null, 0, 0, 0, 0, NothingToDo: true);
        }

        await _lake.Indexes.AnnounceAsync(found, connection, snapshot, transaction.Adds, cancellationToken);
        if (await found.CommitAsync(transaction, cancellationToken) is not CommitResult.Committed committed)
        {
            throw new LakeException(LakeErrorKind.Conflict, $"{table}: another writer changed the files that were being rewritten; try again.");
        }

        var done = optimize.Outcome;
        return new OptimizeReport(table, committed.Version, done.FilesRemoved, done.FilesAdded, done.BytesRemoved, done.BytesAdded, NothingToDo: false)
        {
            Lookup = zorder.Count > 0 ? await LookupAsync(connection, found, snapshot, committed.Snapshot, zorder[0], cancellationToken) : null,
        };
    }

    /// <summary>Deletes the files of a table that no version within the retention needs.</summary>
    /// <param name="table">Table.</param>
    /// <param name="retention">How long files that left the table are kept; null for the table's own, a week by default.</param>
    /// <param name="force">Allows a shorter retention than the table's: time travel, and whoever reads or is behind, may then fail.</param>
    /// <param name="dryRun">Only tells what would be deleted.</param>
    /// <param name="cancellationToken">Ends the work between two files.</param>
    /// <exception cref="LakeException">There is no such table.</exception>
    /// <exception cref="DeltaException">The retention is too short; nothing was deleted.</exception>
    public async ValueTask<VacuumReport> VacuumAsync(string table, TimeSpan? retention, bool force, bool dryRun, CancellationToken cancellationToken)
    {
        var found = _lake.Tables[table];
        await found.LatestAsync(cancellationToken);
        return await TableVacuum.RunAsync(_lake.Store, found.Log, _lake.Options.Clock, retention, force, dryRun, cancellationToken);
    }

    /// <summary>
    /// Brings a table back to an earlier version, as a new version. Its progress through its inputs stays what it was, so that rows
    /// that it built since do not come again before a full refresh. Key indexes follow: they go by the files of the version that is asked.
    /// </summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    /// <exception cref="DeltaException">There is no such version, or a file of it is missing, by its name; nothing was changed.</exception>
    public async ValueTask<RestoreReport> RestoreAsync(string table, long version, CancellationToken cancellationToken)
    {
        var found = _lake.Tables[table];
        await found.LatestAsync(cancellationToken);
        return await TableRestore.RunAsync(_lake.Store, found.Log, TimeTravel.Version(version), cancellationToken);
    }

    /// <summary>
    /// Creates a table over the files of another: nothing is copied. Writes to either leave the other as it is. A vacuum of the source does
    /// not know the clone and may take files that it needs; a vacuum of the clone takes none of the source's.
    /// </summary>
    /// <param name="source">Table.</param>
    /// <param name="target">The new table.</param>
    /// <param name="version">The version of the source; null for the newest.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="LakeException">There is no source, or the new name is none.</exception>
    /// <exception cref="DeltaException">There is no such version, or the new table exists.</exception>
    public async ValueTask<CloneReport> CloneAsync(string source, string target, long? version, CancellationToken cancellationToken)
    {
        var (from, to) = (_lake.Tables[source], _lake.Tables[target]);
        var name = to.Path[(to.Path.IndexOf('/', StringComparison.Ordinal) + 1)..];
        if (name.Contains('/', StringComparison.Ordinal) || !ObjectPath.IsValid(name))
        {
            throw new LakeException(LakeErrorKind.InvalidInput, $"Table {target}: '{name}' cannot be a table's name; it must be one name of a folder.");
        }

        var snapshot = await from.LatestAsync(cancellationToken);
        if (version is { } number)
        {
            snapshot = await from.Log.LoadAsync(TimeTravel.Version(number), cancellationToken);
        }

        var clone = await TableClone.RunAsync(_lake.Store, snapshot, _lake.Store, to.Log, _lake.Options.NewGuid, _lake.Options.Clock, cancellationToken);
        return new CloneReport(target, clone.Version, source, snapshot.Version, clone.FileCount);
    }

    /// <summary>How many files a query for one value of a column reads before and after, as their statistics tell; mean of 100 values.</summary>
    private static async ValueTask<LookupEffect> LookupAsync(
        DuckDb.DuckDbConnection connection, LakeTable table, Snapshot before, Snapshot after, string column, CancellationToken cancellationToken)
    {
        var name = SqlText.Name(column);
        using var scan = await table.ScanAsync(connection, after, cancellationToken);
        using var result = connection.Query($"select cast({name} as varchar) from (select distinct {name} from {scan.Relation} where {name} is not null) order by hash({name}) limit 100");
        var values = result.Rows().Select(row => (string)row[0]!).ToList();
        return new LookupEffect(column, before.FileCount, Mean(before), after.FileCount, Mean(after));

        double Mean(Snapshot snapshot) => values.Count == 0
            ? 0
            : values.Average(value => (double)FileSkipper.Select(
                snapshot.Files,
                snapshot.Schema,
                snapshot.Metadata.PartitionColumns,
                FilePredicate.Equal(column, Literal.Of(value))).Count());
    }

    /// <summary>
    /// Gathers the files of tables that have collected many small ones, as streams of small commits do, or in which much is deleted.
    /// A table that another writer changes meanwhile stays as that one left it; the next call finds the files again.
    /// </summary>
    /// <param name="tables">Names of tables; one that does not exist has nothing to gather.</param>
    /// <param name="cancellationToken">Ends the work before the commit of a table; files that were written for it stay behind.</param>
    public async ValueTask CompactAsync(IEnumerable<string> tables, CancellationToken cancellationToken)
    {
        foreach (var name in tables)
        {
            if (await _lake.Tables[name].TryLatestAsync(cancellationToken) is { } snapshot && IsDue(snapshot))
            {
                try
                {
                    await OptimizeAsync(name, [], OfLikeSize, cancellationToken);
                }
                catch (LakeException e) when (e.Kind == LakeErrorKind.Conflict)
                {
                    // Nothing was committed.
                }
            }
        }
    }

    /// <summary>
    /// What is worth moving now: of small files those of the largest size of which there are some, and all that are smaller. What was gathered before is
    /// not moved again each time, but only together with its like, so that each row moves a few times and most rewrites are small.
    /// </summary>
    private static IReadOnlyList<AddFile>? OfLikeSize(Snapshot snapshot)
    {
        var target = snapshot.Properties.TargetFileBytes;
        var small = snapshot.Files.Where(f => f.Size < target / 2 || OptimizePlan.HasManyDeleted(f)).ToList();
        var sizes = small.GroupBy(SizeClass).Where(g => g.Count() >= FilesOfLikeSize).Select(g => g.Key).ToList();

        // Files of different partitions are never gathered, so that there may be none to move among those of one size.
        return sizes.Count == 0 || snapshot.Metadata.PartitionColumns.Count > 0 || small.Exists(OptimizePlan.HasManyDeleted)
            ? null
            : small.FindAll(f => SizeClass(f) <= sizes.Max());
    }

    // Powers of four.
    private static int SizeClass(AddFile file) => BitOperations.Log2((ulong)Math.Max(1, file.Size)) / 2;

    // Deletions in small files wait for the others; in files that make up a whole one they are worth a rewrite by themselves.
    private static bool IsDue(Snapshot snapshot)
    {
        var target = snapshot.Properties.TargetFileBytes;
        var plan = OptimizePlan.For(snapshot.Files, target);
        return plan.FileCount >= FilesBeforeCompaction
            || plan.Bins.SelectMany(b => b.Files).Where(OptimizePlan.HasManyDeleted).Sum(f => f.Size) >= target / 2;
    }
}

/// <summary>What a rewrite did.</summary>
/// <param name="Table">Table.</param>
/// <param name="Version">Version committed, or null.</param>
/// <param name="FilesRemoved">Files that left.</param>
/// <param name="FilesAdded">Files that came.</param>
/// <param name="BytesRemoved">Bytes that left.</param>
/// <param name="BytesAdded">Bytes that came.</param>
/// <param name="NothingToDo">True if the layout was good already.</param>
public sealed record OptimizeReport(string Table, long? Version, int FilesRemoved, int FilesAdded, long BytesRemoved, long BytesAdded, bool NothingToDo)
{
    /// <summary>What the order does for a query for one value of the first column it was made for; null without columns.</summary>
    public LookupEffect? Lookup { get; init; }
}

/// <summary>How many files a query for one value of a column reads.</summary>
/// <param name="Column">The column.</param>
/// <param name="FilesBefore">Files of the table before.</param>
/// <param name="ReadBefore">Of them read, on average over up to 100 values.</param>
/// <param name="FilesAfter">Files of the table after.</param>
/// <param name="ReadAfter">Of them read, on average over the same values.</param>
public sealed record LookupEffect(string Column, int FilesBefore, double ReadBefore, int FilesAfter, double ReadAfter);

/// <summary>What cloning a table made.</summary>
/// <param name="Table">The new table.</param>
/// <param name="Version">Its version.</param>
/// <param name="Source">The table whose files it has.</param>
/// <param name="SourceVersion">The source's version.</param>
/// <param name="Files">How many files.</param>
public sealed record CloneReport(string Table, long Version, string Source, long SourceVersion, long Files);
