using RetailFlow.Delta;

namespace RetailFlow.Tables;

public sealed partial class DeltaTable
{
    /// <summary>Deletes the files below the table's folder that no version within the retention needs.</summary>
    /// <param name="retention">How long files that left the table are kept; null for the table's <c>delta.deletedFileRetentionDuration</c>, a week by default.</param>
    /// <param name="force">Allows a shorter retention than the table's: time travel, and readers and writers at work, may then fail.</param>
    /// <param name="dryRun">Only tells what would be deleted.</param>
    /// <param name="cancellationToken">Ends the work between two files.</param>
    /// <exception cref="DeltaException">The retention is too short, or the table needs a writer feature that is not supported; nothing was deleted.</exception>
    public ValueTask<VacuumReport> VacuumAsync(TimeSpan? retention = null, bool force = false, bool dryRun = false, CancellationToken cancellationToken = default) =>
        TableVacuum.RunAsync(_session.Store, Log, _session.Options.Clock, retention, force, dryRun, cancellationToken);

    /// <summary>Brings the table back to an earlier version: a new version with its rows, schema and properties.</summary>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.VersionNotFound"/> if there is no such version; <see cref="DeltaErrorKind.InvalidInput"/> if a file of it
    /// is missing, by its name; nothing was changed.
    /// </exception>
    public ValueTask<RestoreReport> RestoreAsync(TimeTravel at, CancellationToken cancellationToken = default) =>
        TableRestore.RunAsync(_session.Store, Log, at, cancellationToken);

    /// <summary>
    /// Rewrites files so that fewer are read; no row changes, apart from its row id where the table tracks rows. Without columns small
    /// files and files with many deleted rows are gathered, and a clustered table is ordered by its clustering columns. With columns all
    /// rows of a partition are ordered along a Morton curve. Planned again when another writer changed rows of the files.
    /// </summary>
    /// <param name="zorder">Columns to order by together; null or empty for none.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">A column does not exist or is a partition column, the table is clustered by others, or others were faster each time.</exception>
    public async ValueTask<OptimizeOutcome> OptimizeAsync(IReadOnlyList<string>? zorder = null, CancellationToken cancellationToken = default)
    {
        using var connection = _session.Engine.Connect();
        var optimize = new TableOptimize(Access, Writer, zorder ?? []);
        var result = await Log.CommitWithRetryAsync((snapshot, token) => optimize.PlanAsync(connection, snapshot, token), await LatestAsync(cancellationToken), cancellationToken: cancellationToken);
        return result is null ? optimize.Outcome : optimize.Outcome with { Version = Committed(result).Version };
    }

    /// <summary>Creates another table over this one's files. They stay this table's: its vacuum does not know the clone.</summary>
    /// <param name="target">A table that does not exist yet, in the same store or one that reaches the files.</param>
    /// <param name="at">The version to clone; null for the newest.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <returns>The clone.</returns>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.Conflict"/> if the target exists; <see cref="DeltaErrorKind.UnsupportedFeature"/> if the files cannot be
    /// named from there.
    /// </exception>
    public async ValueTask<Snapshot> CloneShallowAsync(DeltaTable target, TimeTravel? at = null, CancellationToken cancellationToken = default)
    {
        var (there, options) = (target._session.Store, target._session.Options);
        return await TableClone.RunAsync(_session.Store, await LoadAsync(at, cancellationToken), there, target.Log, options.NewGuid, options.Clock, cancellationToken);
    }

    /// <summary>Writes a checkpoint of the newest version, so that readers need no earlier part of the log.</summary>
    /// <returns>The version.</returns>
    public async ValueTask<long> CheckpointAsync(CancellationToken cancellationToken = default)
    {
        var snapshot = await LatestAsync(cancellationToken);
        await Log.CheckpointAsync(snapshot, cancellationToken);
        return snapshot.Version;
    }

    /// <summary>The commits of the table, newest first.</summary>
    /// <param name="limit">How many at most; null for all that the log still has.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    public ValueTask<IReadOnlyList<HistoryEntry>> HistoryAsync(int? limit = null, CancellationToken cancellationToken = default) =>
        Log.HistoryAsync(limit, cancellationToken);
}
