using System.Globalization;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>Ids for the rows of added files (protocol section "Row Tracking"). Repeated for every version that is tried. Pure.</summary>
internal static class RowTracking
{
    public const string Domain = "delta.rowTracking";
    public const string PreservedTag = "delta.rowTracking.preserved";
    public const string RowIdColumn = "delta.rowTracking.materializedRowIdColumnName";
    public const string RowVersionColumn = "delta.rowTracking.materializedRowCommitVersionColumnName";

    /// <summary>Whether added files get row ids.</summary>
    public static bool IsOn(Protocol protocol, Metadata metadata) =>
        TableFeature.Supports(protocol, "rowTracking") && !new TableProperties(metadata.Configuration).RowTrackingSuspended;

    /// <summary>The highest row id that was given out; -1 if none was.</summary>
    /// <exception cref="DeltaException">The domain is malformed: going on could give out an id twice.</exception>
    public static long HighWaterMark(IReadOnlyDictionary<string, DomainMetadata>? domains)
    {
        if (domains?.GetValueOrDefault(Domain) is not { } domain)
        {
            return -1;
        }

        try
        {
            using var json = JsonDocument.Parse(domain.Configuration);
            return json.RootElement.GetProperty("rowIdHighWaterMark"u8).GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw DeltaException.Corrupt($"The domain '{Domain}' has no rowIdHighWaterMark.", e);
        }
    }

    /// <summary>The files with row ids and versions, and the new high-water mark if it rose.</summary>
    /// <param name="transaction">What shall be written.</param>
    /// <param name="latest">The version before it; null to create the table.</param>
    /// <param name="version">The version that it becomes.</param>
    public static (IReadOnlyList<AddFile> Adds, DomainMetadata? Mark) Assign(DeltaTransaction transaction, Snapshot? latest, long version)
    {
        var before = HighWaterMark(latest?.DomainMetadata);
        var mark = before;
        var known = transaction.Removes.ToDictionary(r => r.File.Key.Path, r => r.File, StringComparer.Ordinal);
        var adds = new List<AddFile>(transaction.Adds.Count);
        foreach (var file in transaction.Adds)
        {
            // A file that is committed once more keeps what its rows have.
            var (id, since) = known.TryGetValue(file.Key.Path, out var old) && old.BaseRowId is not null
                ? (old.BaseRowId, old.DefaultRowCommitVersion)
                : latest is null || file.BaseRowId <= before ? (file.BaseRowId, file.DefaultRowCommitVersion) : (null, null);
            var rows = file.ParsedStatistics?.NumRecords;
            if (id is null)
            {
                id = mark + 1;
                mark += rows ?? throw DeltaException.InvalidCommit($"'{file.DecodedPath}' needs statistics with numRecords: the table tracks its rows.");
            }
            else
            {
                mark = Math.Max(mark, id.Value + (rows ?? 0) - 1);
            }

            adds.Add(file with { BaseRowId = id, DefaultRowCommitVersion = since ?? version });
        }

        return (adds, mark > before
            ? new DomainMetadata(Domain, string.Create(CultureInfo.InvariantCulture, $"{{\"rowIdHighWaterMark\":{mark}}}"), Removed: false)
            : null);
    }

    /// <summary>True when rows of the transaction were in the table before and are in other files or changed after it.</summary>
    public static bool RewritesRows(DeltaTransaction transaction)
    {
        if (transaction.Removes.Count == 0)
        {
            return false;
        }

        var removed = transaction.Removes.Select(r => r.File.Key.Path).ToHashSet(StringComparer.Ordinal);
        return transaction.Adds.Any(a => !removed.Contains(a.Key.Path));
    }
}
