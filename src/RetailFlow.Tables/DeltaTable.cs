using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>One Delta table. Every call sees its newest version; of the log it reads what the session does not know yet. Safe for many threads.</summary>
public sealed partial class DeltaTable
{
    private readonly DeltaTables _session;

    private DeltaTable(DeltaTables session, string path)
    {
        _session = session;
        Path = path.Trim('/');
        Log = session.OpenLog(Path);
    }

    /// <summary>Path of the table in its store.</summary>
    public string Path { get; }

    /// <summary>The table's log.</summary>
    public DeltaLog Log { get; }

    internal TableAccess Access => new(_session.Engine, _session.Store, Path);

    /// <summary>The table at a path of the session's store. Nothing is read yet.</summary>
    public static DeltaTable Open(DeltaTables session, string path) => new(session, path);

    /// <summary>The table at a version or time: its schema, files, properties.</summary>
    /// <exception cref="DeltaException">There is no such table or version, or it cannot be read.</exception>
    public ValueTask<Snapshot> LoadAsync(TimeTravel? at = null, CancellationToken cancellationToken = default) =>
        at is null or TimeTravel.AtLatest ? LatestAsync(cancellationToken) : Log.LoadAsync(at, cancellationToken);

    /// <summary>Rows of the table.</summary>
    /// <param name="at">The version; null for the newest.</param>
    /// <param name="columns">The columns wanted, in this order; null for all.</param>
    /// <param name="where">A condition in SQL over the table's columns; null for all rows. Files without such a row are not read. It is trusted text.</param>
    /// <param name="cancellationToken">Ends the work, the streaming of the rows included.</param>
    /// <exception cref="DeltaException">There is no such table, version or column, or it cannot be read.</exception>
    /// <exception cref="DuckDbException">The condition is wrong.</exception>
    public ValueTask<DeltaRows> ReadAsync(
        TimeTravel? at = null, IReadOnlyList<string>? columns = null, string? where = null, CancellationToken cancellationToken = default) =>
        StreamAsync(at, new ScanOptions { Columns = columns, Where = where }, "select * from {table}", cancellationToken);

    /// <summary>Rows of a query over the table, which it names <c>{table}</c>. The query is trusted text.</summary>
    /// <param name="sql">One query, with <c>{table}</c> wherever the table is meant.</param>
    /// <param name="at">The version; null for the newest.</param>
    /// <param name="where">
    /// A condition in SQL over the table's columns that chooses the rows which the query sees; null for all. Files without such a row are
    /// not read, which the query's own conditions do not bring about. It is trusted text.
    /// </param>
    /// <param name="cancellationToken">Ends the work, the streaming of the rows included.</param>
    /// <exception cref="DeltaException">There is no such table or version, or it cannot be read.</exception>
    /// <exception cref="DuckDbException">The query or the condition is wrong.</exception>
    public ValueTask<DeltaRows> QueryAsync(string sql, TimeTravel? at = null, string? where = null, CancellationToken cancellationToken = default) =>
        StreamAsync(at, new ScanOptions { Where = where }, sql, cancellationToken);

    /// <summary>Writes the rows of the table as one Parquet file with the table's types; the file appears when it is whole.</summary>
    /// <param name="localFile">The file, replaced if it exists.</param>
    /// <param name="at">The version; null for the newest.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>How many rows.</returns>
    /// <exception cref="DeltaException">There is no such table or version, or it cannot be read.</exception>
    public async ValueTask<long> ExportAsync(string localFile, TimeTravel? at = null, CancellationToken cancellationToken = default)
    {
        var snapshot = await LoadAsync(at, cancellationToken);
        using var connection = _session.Engine.Connect();
        using var scan = await TableScan.OpenAsync(Access, connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, cancellationToken);
        return Write(connection, scan.Relation, localFile, cancellationToken);
    }

    /// <summary>
    /// The rows that changed from one version to another, both included: the columns of the last version, then <c>_change_type</c>
    /// (insert, delete, update_preimage, update_postimage), <c>_commit_version</c> and <c>_commit_timestamp</c>.
    /// </summary>
    /// <param name="from">The first version.</param>
    /// <param name="to">The last version; null for the newest.</param>
    /// <param name="cancellationToken">Ends the work, the streaming of the rows included.</param>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.InvalidInput"/> when the feed is not on in one of the versions, or the schema changed too much between them.
    /// </exception>
    public async ValueTask<DeltaRows> ChangesAsync(long from, long? to = null, CancellationToken cancellationToken = default)
    {
        var connection = _session.Engine.Connect();
        ChangeFeed? feed = null;
        try
        {
            feed = await ChangeFeed.OpenAsync(Access, Log, connection, from, to, cancellationToken);
            var cancel = connection.CancelWith(cancellationToken);
            return new DeltaRows(feed.End.Version, connection.Query($"select * from {feed.Relation}"), cancel, feed, connection);
        }
        catch
        {
            feed?.Dispose();
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Writes what <see cref="ChangesAsync"/> gives as one Parquet file; the file appears when it is whole.</summary>
    /// <returns>How many rows.</returns>
    /// <inheritdoc cref="ChangesAsync"/>
    public async ValueTask<long> ExportChangesAsync(string localFile, long from, long? to = null, CancellationToken cancellationToken = default)
    {
        using var connection = _session.Engine.Connect();
        using var feed = await ChangeFeed.OpenAsync(Access, Log, connection, from, to, cancellationToken);
        return Write(connection, feed.Relation, localFile, cancellationToken);
    }

    private async ValueTask<Snapshot> LatestAsync(CancellationToken cancellationToken)
    {
        var known = _session.Snapshots.Find(Path);
        try
        {
            var latest = await Log.LatestAsync(known, cancellationToken);
            _session.Snapshots.Keep(latest, known);
            return latest;
        }
        catch (DeltaException e) when (e.Kind == DeltaErrorKind.TableNotFound)
        {
            _session.Snapshots.Forget(Path);
            throw;
        }
    }

    private static long Write(DuckDbConnection connection, string relation, string localFile, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        var temporary = localFile + ".tmp";
        long rows;
        using (var result = connection.Query($"copy (select * from {relation}) to {SqlText.Literal(temporary)} (format parquet, compression snappy)"))
        {
            rows = Convert.ToInt64(result.Rows().Single()[0], CultureInfo.InvariantCulture);
        }

        LocalDurability.Replace(temporary, localFile);
        return rows;
    }

    private async ValueTask<DeltaRows> StreamAsync(TimeTravel? at, ScanOptions options, string sql, CancellationToken cancellationToken)
    {
        var snapshot = await LoadAsync(at, cancellationToken);
        var connection = _session.Engine.Connect();
        TableScan? scan = null;
        try
        {
            var files = options.Where is { } where
                ? FileSkipper.Select(snapshot, FilePredicateReader.Read(connection, snapshot.Schema, where, alias: ""))
                : snapshot.Files;
            scan = await TableScan.OpenAsync(Access, connection, snapshot, [.. files], options, cancellationToken);
            var cancel = connection.CancelWith(cancellationToken);
            return new DeltaRows(snapshot.Version, connection.Query(sql.Replace("{table}", scan.Relation, StringComparison.Ordinal)), cancel, scan, connection);
        }
        catch
        {
            scan?.Dispose();
            connection.Dispose();
            throw;
        }
    }
}
