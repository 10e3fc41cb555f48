using RetailFlow.Delta;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>What the lake holds.</summary>
public sealed class Catalog
{
    private readonly Lake _lake;

    internal Catalog(Lake lake) => _lake = lake;

    /// <summary>Every table that exists.</summary>
    public async ValueTask<IReadOnlyList<TableSummary>> TablesAsync(CancellationToken cancellationToken)
    {
        var summaries = new List<TableSummary>();
        foreach (var name in await _lake.Tables.ExistingAsync(cancellationToken))
        {
            summaries.Add(Summary(name, await _lake.Tables[name].LatestAsync(cancellationToken)));
        }

        return summaries;
    }

    /// <summary>Schema, protocol, properties and positions of one table.</summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    public async ValueTask<TableDescription> DescribeAsync(string table, CancellationToken cancellationToken)
    {
        var found = _lake.Tables[table];
        var snapshot = await found.LatestAsync(cancellationToken);
        return new TableDescription(
            Summary(table, snapshot),
            found.Path,
            snapshot.Protocol.MinReaderVersion,
            snapshot.Protocol.MinWriterVersion,
            [.. snapshot.Schema.Fields.Select(f => new ColumnDescription(f.Name, f.Type.ToString(), f.Nullable, f.Metadata.Text("comment")))],
            snapshot.Metadata.PartitionColumns,
            snapshot.Metadata.Configuration,
            snapshot.Transactions.Values.ToDictionary(t => t.AppId, t => t.Version, StringComparer.Ordinal));
    }

    /// <summary>Versions of one table, newest first.</summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    public async ValueTask<IReadOnlyList<TableVersion>> HistoryAsync(string table, int? limit, CancellationToken cancellationToken)
    {
        var found = _lake.Tables[table];
        await found.LatestAsync(cancellationToken);
        return [.. (await found.Log.HistoryAsync(limit, cancellationToken)).Select(entry => new TableVersion(
            entry.Version,
            entry.Timestamp,
            entry.CommitInfo?.Operation ?? "unknown",
            entry.CommitInfo?.OperationParameters ?? new Dictionary<string, string>(),
            entry.CommitInfo?.OperationMetrics ?? new Dictionary<string, string>()))];
    }

    private static TableSummary Summary(string name, Snapshot snapshot)
    {
        var counted = snapshot.Files.All(f => f.ParsedStatistics?.NumRecords is not null);
        return new TableSummary(
            name,
            name[..name.IndexOf('.', StringComparison.Ordinal)],
            snapshot.Version,
            snapshot.FileCount,
            snapshot.TotalSize,
            counted ? snapshot.Files.Sum(f => f.ParsedStatistics!.NumRecords!.Value) : null,
            snapshot.Timestamp,
            snapshot.Metadata.Description);
    }
}

/// <summary>One table in brief.</summary>
/// <param name="Name">Full name.</param>
/// <param name="Kind">Layer.</param>
/// <param name="Version">Newest version.</param>
/// <param name="Files">Live data files.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Rows">Their rows, where every file says how many it has.</param>
/// <param name="LastCommit">When the newest version was committed.</param>
/// <param name="Description">What it is.</param>
public sealed record TableSummary(string Name, string Kind, long Version, long Files, long Bytes, long? Rows, DateTimeOffset? LastCommit, string? Description);

/// <summary>One table in full.</summary>
/// <param name="Summary">In brief.</param>
/// <param name="Location">Path below the lake's root.</param>
/// <param name="MinReader">Reader version of its protocol.</param>
/// <param name="MinWriter">Writer version of its protocol.</param>
/// <param name="Columns">Columns.</param>
/// <param name="PartitionColumns">Columns that files are partitioned by.</param>
/// <param name="Properties">Table properties.</param>
/// <param name="Positions">Positions and totals that its commits carry.</param>
public sealed record TableDescription(
    TableSummary Summary,
    string Location,
    int MinReader,
    int MinWriter,
    IReadOnlyList<ColumnDescription> Columns,
    IReadOnlyList<string> PartitionColumns,
    IReadOnlyDictionary<string, string> Properties,
    IReadOnlyDictionary<string, long> Positions);

/// <summary>One column.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">Delta type.</param>
/// <param name="Nullable">Whether it may be null.</param>
/// <param name="Description">What it is.</param>
public sealed record ColumnDescription(string Name, string Type, bool Nullable, string? Description);

/// <summary>One version.</summary>
/// <param name="Version">Number.</param>
/// <param name="Timestamp">When.</param>
/// <param name="Operation">What made it.</param>
/// <param name="Parameters">With what.</param>
/// <param name="Metrics">What it came to.</param>
public sealed record TableVersion(long Version, DateTimeOffset Timestamp, string Operation, IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, string> Metrics);
