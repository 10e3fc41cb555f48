using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// The rows that changed in some versions of a table, as a relation: the columns of the last of these versions, then
/// <c>_change_type</c> (insert, delete, update_preimage, update_postimage), <c>_commit_version</c> and <c>_commit_timestamp</c>
/// (Delta protocol, "Change Data Files").
/// </summary>
internal sealed class ChangeFeed : IDisposable
{
    private static readonly (string Name, string Type)[] Added =
        [("_change_type", "VARCHAR"), ("_commit_version", "BIGINT"), ("_commit_timestamp", "TIMESTAMPTZ")];

    private readonly TableScan _scan;

    private ChangeFeed(TableScan scan, Snapshot end)
    {
        _scan = scan;
        End = end;
    }

    /// <summary>The last of the versions.</summary>
    public Snapshot End { get; }

    /// <summary>The relation, in parentheses. It must not be used after this is disposed.</summary>
    public string Relation => _scan.Relation;

    /// <summary>Opens the feed.</summary>
    /// <param name="access">The table.</param>
    /// <param name="log">Its log.</param>
    /// <param name="connection">Where the relation will be used.</param>
    /// <param name="from">The first version.</param>
    /// <param name="to">The last version; null for the newest.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.InvalidInput"/> when the feed is not on in a version or the schema changed in a way that no one schema
    /// tells of; <see cref="DeltaErrorKind.VersionNotFound"/>; or a file is missing or damaged.
    /// </exception>
    public static async ValueTask<ChangeFeed> OpenAsync(
        TableAccess access, DeltaLog log, DuckDbConnection connection, long from, long? to, CancellationToken cancellationToken)
    {
        var end = await log.LoadAsync(to is { } last ? TimeTravel.Version(last) : TimeTravel.Latest, cancellationToken);
        if (from < 0 || from > end.Version)
        {
            throw new DeltaException(
                DeltaErrorKind.VersionNotFound, $"There are no changes of '{access.Path}' from version {from} to version {end.Version}: the first must not come after the last.");
        }

        var start = from == end.Version ? end : await log.LoadAsync(TimeTravel.Version(from), cancellationToken);
        var commits = await log.ChangesAsync(from - 1, end.Version, cancellationToken);
        ChangeFeedRules.Require(await BeforeAsync(log, start, commits[0], cancellationToken), commits, end.Metadata, access.Path);
        var reads = await ReadsAsync(access, commits, cancellationToken);
        var shape = ScanShape.Of(end) with { PerFile = Added };
        foreach (var (name, _) in Added)
        {
            if (shape.Schema.Find(name) is not null)
            {
                throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table '{access.Path}' has a column {name}, which the change data feed adds.");
            }
        }

        return new ChangeFeed(await TableScan.OpenAsync(access, connection, shape, reads, ScanOptions.Everything, cancellationToken), end);
    }

    /// <inheritdoc/>
    public void Dispose() => _scan.Dispose();

    // Rows that the first version removes while it changes the schema are of the schema before it.
    private static async ValueTask<Metadata> BeforeAsync(DeltaLog log, Snapshot start, CommitChanges first, CancellationToken cancellationToken)
    {
        if (first.Version == 0 || first.Metadata is null || !ChangeFeedRules.RemovesRows(first))
        {
            return start.Metadata;
        }

        try
        {
            return (await log.LoadAsync(TimeTravel.Version(first.Version - 1), cancellationToken)).Metadata;
        }
        catch (DeltaException e) when (e.Kind == DeltaErrorKind.VersionNotFound)
        {
            return start.Metadata;
        }
    }

    private static async ValueTask<IReadOnlyList<FileRead>> ReadsAsync(TableAccess access, IReadOnlyList<CommitChanges> commits, CancellationToken cancellationToken)
    {
        var changes = commits.SelectMany(commit => ChangedRows.Of(commit).Select(change => (commit, change))).ToList();
        var reads = await FileRead.OfAsync(access, changes, c => c.change, cancellationToken);
        return
        [
            .. reads.Select(r => r.Read with
            {
                Values =
                [
                    r.Change.change.Source switch
                    {
                        ChangeSource.Inserted => "'insert'",
                        ChangeSource.Deleted => "'delete'",
                        _ => null,
                    },
                    $"cast({r.Change.commit.Version.ToString(CultureInfo.InvariantCulture)} as bigint)",
                    SqlText.Instant(DateTimeOffset.FromUnixTimeMilliseconds(r.Change.commit.Timestamp.ToUnixTimeMilliseconds())),
                ],
            }),
        ];
    }
}
