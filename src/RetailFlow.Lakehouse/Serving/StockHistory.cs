using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>
/// The past of stock, for whoever decides on it live and does not remember everything: single records, and all records of a SKU at a
/// location, from <c>silver.inventory_events</c> at a version.
/// </summary>
public sealed class StockHistory
{
    private const string Gold = "gold.stock_on_hand";
    private const string Silver = "silver.inventory_events";
    private const string Bronze = "bronze.inventory";
    private const string Transitions = "bronze.reservations";
    private const string Incidents = "bronze.incidents";

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
            Silver,
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
            Silver,
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

    /// <summary>When records of some sources came in last over the journal, as far as that was not before a moment; the others are left out.</summary>
    /// <param name="sources">The sources.</param>
    /// <param name="since">The moment; files of before are not read.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> LastHeardAsync(
        IReadOnlyCollection<string> sources, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            Bronze,
            null,
            new FilePredicate.And(
            [
                new FilePredicate.Compare("_ingestion_ts", ComparisonOperator.GreaterOrEqual, Literal.Of(since)),
                new FilePredicate.In("source", [.. sources.Select(Literal.Of)]),
            ]),
            relation =>
                $"""
                select source, max(_ingestion_ts) from {relation}
                where _ingestion_ts >= {SqlText.Instant(since)} and source in ({string.Join(", ", sources.Select(SqlText.Literal))}) and _source_file like '%/journal-%'
                group by source
                """,
            [],
            cancellationToken);
        return found.ToDictionary(row => (string)row[0]!, row => (DateTimeOffset)row[1]!, StringComparer.Ordinal);
    }

    /// <summary>The last transition of a reservation, as the journal has it; null if the lake has none.</summary>
    /// <param name="id">The reservation.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<StoredTransition?> LastTransitionAsync(string id, CancellationToken cancellationToken)
    {
        var found = await QueryAsync(
            Transitions,
            null,
            FilePredicate.Equal("id", Literal.Of(id)),
            relation => $"select transition, \"at\" from {relation} where id = $1 and outcome = 'done' order by sequence desc limit 1",
            [id],
            cancellationToken);
        return found.Count == 0 ? null : new StoredTransition((string)found[0][0]!, (DateTimeOffset)found[0][1]!);
    }

    /// <summary>The last oversells that the lake has, oldest first, and the sequence of the journal up to which it has them.</summary>
    /// <param name="most">How many.</param>
    /// <param name="upTo">Later ones are left out.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<(IReadOnlyList<StoredIncident> Incidents, long Sequence)> IncidentsAsync(int most, long upTo, CancellationToken cancellationToken)
    {
        if (await _lake.Tables[Incidents].TryLatestAsync(cancellationToken) is not { } latest)
        {
            return ([], 0);
        }

        var found = await QueryAsync(
            Incidents,
            latest.Version,
            new FilePredicate.Compare("sequence", ComparisonOperator.LessOrEqual, Literal.Of(upTo)),
            relation =>
                $"""
                select sequence, "at", sku, location, cause, on_hand, held, committed, reservations
                from (select * from {relation} where sequence <= $1 order by sequence desc limit {most}) order by sequence
                """,
            [upTo],
            cancellationToken);
        return (
            [.. found.Select(row => new StoredIncident(
                (long)row[0]!, (DateTimeOffset)row[1]!, (string)row[2]!, (string)row[3]!, (long)row[4]!, (decimal)row[5]!, (decimal)row[6]!, (decimal)row[7]!,
                JsonSerializer.Deserialize<string[]>((string)row[8]!)!))],
            Math.Max(0, LakeTable.Position(latest, BronzeStep.JournalPosition)));
    }

    private static StoredRecord Record(object?[] row) => new(
        (string)row[0]!, (string)row[1]!, (string)row[2]!, (decimal)row[3]!, (DateTimeOffset)row[4]!, (bool)row[5]!);

    private async ValueTask<List<object?[]>> QueryAsync(
        string name, long? version, FilePredicate files, Func<string, string> sql, object?[] arguments, CancellationToken cancellationToken)
    {
        var table = _lake.Tables[name];
        if (version < 0 || await table.TryLatestAsync(cancellationToken) is not { } latest)
        {
            return [];
        }

        var snapshot = version is not { } wanted || latest.Version == wanted ? latest : await table.Log.LoadAsync(TimeTravel.Version(wanted), cancellationToken);
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

/// <summary>A transition of a reservation as the lake has it.</summary>
/// <param name="Json">The transition, as the journal has it.</param>
/// <param name="At">When it was decided.</param>
public sealed record StoredTransition(string Json, DateTimeOffset At);

/// <summary>An oversell as the lake has it.</summary>
/// <param name="Sequence">Its entry in the journal.</param>
/// <param name="At">When it came to light.</param>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Cause">The entry that caused it.</param>
/// <param name="OnHand">On hand then.</param>
/// <param name="Held">Held then.</param>
/// <param name="Committed">Committed then.</param>
/// <param name="Reservations">The reservations affected.</param>
public sealed record StoredIncident(
    long Sequence, DateTimeOffset At, string Sku, string Location, long Cause, decimal OnHand, decimal Held, decimal Committed, IReadOnlyList<string> Reservations);
