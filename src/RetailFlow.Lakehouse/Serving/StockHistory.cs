using RetailFlow.Delta;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>
/// The past of stock, for whoever decides on it live and does not remember everything: single records, and all records of a SKU at a
/// location, from <c>silver.inventory_events</c> at a version.
/// </summary>
public sealed class StockHistory
{
    private const string Gold = "gold.stock_on_hand";
    private const string Silver = "silver.inventory_events";

    private readonly Lake _lake;

    internal StockHistory(Lake lake) => _lake = lake;

    /// <summary>How far Gold is, and over which version of Silver.</summary>
    public async ValueTask<StockPosition> GoldAsync(CancellationToken cancellationToken) =>
        await _lake.Tables[Gold].TryLatestAsync(cancellationToken) is { } gold
            ? new StockPosition(gold.Version, Math.Max(0, LakeTable.Position(gold, BronzeStep.JournalPosition)), LakeTable.Position(gold, ModelContext.PositionName(Silver)))
            : new StockPosition(-1, 0, -1);

    /// <summary>How far Silver is.</summary>
    public async ValueTask<StockPosition> SilverAsync(CancellationToken cancellationToken) =>
        await _lake.Tables[Silver].TryLatestAsync(cancellationToken) is { } silver
            ? new StockPosition(silver.Version, Math.Max(0, LakeTable.Position(silver, BronzeStep.JournalPosition)), silver.Version)
            : new StockPosition(-1, 0, -1);

    /// <summary>An accepted record that is not a void; null if Silver does not have it.</summary>
    /// <param name="version">Version of Silver; below 0 there is none.</param>
    /// <param name="source">Source.</param>
    /// <param name="eventId">Event.</param>
    /// <param name="line">Line.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<StoredRecord?> FindAsync(long version, string source, string eventId, long line, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            version,
            new FilePredicate.And([FilePredicate.Equal("source", Literal.Of(source))]),
            relation =>
                $"""
                select e.sku, e.location, e.type, e.quantity, e.event_time,
                       e.voided or exists (
                           select 1 from {relation} v
                           where v.type = 'void' and v.void_status = 'effective' and v.source = $1 and v.voids_event_id = $2 and v.voids_line = $3)
                from {relation} e
                where e.source = $1 and e.event_id = $2 and e.line = $3 and e.type <> 'void'
                """,
            [source, eventId, line],
            cancellationToken);
        return found.Count == 0 ? null : Record(found[0]);
    }

    /// <summary>All accepted records of a SKU at a location, in the order of acceptance; voids last, as types of their own.</summary>
    /// <param name="version">Version of Silver; below 0 there is none.</param>
    /// <param name="sku">SKU.</param>
    /// <param name="location">Location.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<IReadOnlyList<StoredRecord>> OfKeyAsync(long version, string sku, string location, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            version,
            new FilePredicate.And([FilePredicate.Equal("stock_sku", Literal.Of(sku)), FilePredicate.Equal("stock_location", Literal.Of(location))]),
            relation =>
                $"""
                with k as (select * from {relation} where stock_sku = $1 and stock_location = $2)
                select e.sku, e.location, e.type, e.quantity, e.event_time,
                       e.type <> 'void' and (e.voided or exists (
                           select 1 from k v
                           where v.type = 'void' and v.void_status = 'effective' and v.source = e.source
                             and v.voids_event_id = e.event_id and v.voids_line = e.line))
                from k e
                order by e.type = 'void', e.accepted_order
                """,
            [sku, location],
            cancellationToken);
        return [.. found.Select(Record)];
    }

    private static StoredRecord Record(object?[] row) => new(
        (string)row[0]!, (string)row[1]!, (string)row[2]!, (decimal)row[3]!, (DateTimeOffset)row[4]!, (bool)row[5]!);

    private async ValueTask<List<object?[]>> QueryAsync(
        long version, FilePredicate files, Func<string, string> sql, object?[] arguments, CancellationToken cancellationToken)
    {
        var table = _lake.Tables[Silver];
        if (version < 0 || await table.TryLatestAsync(cancellationToken) is not { } latest)
        {
            return [];
        }

        var snapshot = latest.Version == version ? latest : await table.Log.LoadAsync(TimeTravel.Version(version), cancellationToken);
        using var connection = _lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        using var scan = await table.ScanAsync(connection, snapshot, cancellationToken, [.. FileSkipper.Select(snapshot, files)]);
        using var result = connection.Query(sql(scan.Relation), arguments);
        return [.. result.Rows()];
    }
}

/// <summary>How far a table of stock is.</summary>
/// <param name="Version">Its version; -1 if there is none.</param>
/// <param name="Sequence">Every journal record up to this one is in it.</param>
/// <param name="SilverVersion">The version of Silver that it is computed from; -1 if there is none.</param>
public readonly record struct StockPosition(long Version, long Sequence, long SilverVersion);

/// <summary>An accepted record as Silver has it.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Type">Type, by its name.</param>
/// <param name="Quantity">Quantity.</param>
/// <param name="EventTime">When it happened.</param>
/// <param name="Retracted">Whether a void takes it back.</param>
public sealed record StoredRecord(string Sku, string Location, string Type, decimal Quantity, DateTimeOffset EventTime, bool Retracted);
