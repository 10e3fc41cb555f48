using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>Stock answers from <c>gold.stock_on_hand</c>; for a past moment and for explanations, from <c>silver.inventory_events</c>.</summary>
public sealed class StockQueries
{
    private const string Gold = "gold.stock_on_hand";
    private const string Silver = "silver.inventory_events";
    private const string Entries = "bronze.reservations";

    private readonly Lake _lake;

    internal StockQueries(Lake lake) => _lake = lake;

    /// <summary>Stock per SKU and location.</summary>
    /// <param name="skus">SKUs; none means all.</param>
    /// <param name="location">Location; null means all.</param>
    /// <param name="asOf">A past moment by event time; null means now.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public async ValueTask<StockSheet> GetAsync(IReadOnlyList<string> skus, string? location, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var table = _lake.Tables[asOf is null ? Gold : Silver];
        var now = _lake.Options.Clock.GetUtcNow();
        if (await table.TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return new StockSheet(0, -1, asOf ?? now, []);
        }

        using var connection = _lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        using var scan = await table.ScanAsync(connection, snapshot, cancellationToken);
        using var open = new OpenFiles();
        var relation = asOf is { } at
            ? $"({Model(Gold, await ThenAsync(connection, open, scan.Relation, at, cancellationToken))})"
            : scan.Relation;
        using var result = connection.Query(
            $"select sku, location, on_hand, held, committed, safety_stock, available, last_event_time, last_count_time from {relation} "
            + "where (len($1::varchar[]) = 0 or list_contains($1::varchar[], sku)) and ($2::varchar is null or location = $2) order by sku, location",
            skus,
            location);
        return new StockSheet(
            Math.Max(0, LakeTable.Position(snapshot, BronzeStep.JournalPosition)),
            snapshot.Version,
            asOf ?? now,
            [.. result.Rows().Select(Row)]);
    }

    /// <summary>What makes up the stock of a SKU at a location: the governing count and the records after it.</summary>
    public async ValueTask<StockExplanation> ExplainAsync(string sku, string location, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var sheet = await GetAsync([sku], location, asOf, cancellationToken);
        var row = sheet.Rows.Count == 1 ? sheet.Rows[0] : throw new LakeException(LakeErrorKind.InvalidInput, $"SKU '{sku}' has never been seen at location '{location}'.");
        var table = _lake.Tables[Silver];
        var snapshot = await table.LatestAsync(cancellationToken);
        using var connection = _lake.Engine.Connect();
        var files = Delta.FileSkipper.Select(
            snapshot,
            new Delta.FilePredicate.And([Delta.FilePredicate.Equal("stock_sku", Delta.Literal.Of(sku)), Delta.FilePredicate.Equal("stock_location", Delta.Literal.Of(location))]));
        using var scan = await table.ScanAsync(connection, snapshot, cancellationToken, [.. files]);
        using var result = connection.Query(
            "select source, event_id, line, type, quantity, effect, event_time, voided, reference, effect_time, accepted_order, retracted_order "
            + $"from {scan.Relation} where stock_sku = $1 and stock_location = $2 and ($3::timestamptz is null or effect_time <= $3) order by effect_time, accepted_order",
            sku,
            location,
            asOf);
        var rows = result.Rows().ToList();
        var retracted = rows.Where(r => r[11] is not null).Select(r => (long)r[11]!).ToHashSet();
        var count = row.LastCountTime is { } time
            ? rows.LastOrDefault(r => (string)r[3]! == "count" && (DateTimeOffset)r[6]! == time && !(bool)r[7]! && !retracted.Contains((long)r[10]!))
            : null;
        var after = rows.Where(r => !ReferenceEquals(r, count) && (row.LastCountTime is null || (DateTimeOffset)r[9]! > row.LastCountTime));
        return new StockExplanation(sku, location, row.OnHand, count is null ? null : Record(count), [.. after.Select(Record)]);
    }

    private static StockRow Row(object?[] row) => new(
        (string)row[0]!,
        (string)row[1]!,
        (decimal)row[2]!,
        (decimal)row[3]!,
        (decimal)row[4]!,
        (decimal)row[5]!,
        (decimal)row[6]!,
        (DateTimeOffset?)row[7],
        (DateTimeOffset?)row[8]);

    private static ExplainedRecord Record(object?[] row) => new(
        (string)row[0]!,
        (string)row[1]!,
        (long)row[2]!,
        (string)row[3]!,
        (decimal)row[4]!,
        (decimal)row[5]!,
        (DateTimeOffset)row[6]!,
        (bool)row[7]!,
        (string?)row[8]);

    /// <summary>What the model of stock reads, as it was at a moment: records by event time, claims by the journal's.</summary>
    private async ValueTask<Func<string, string>> ThenAsync(DuckDbConnection connection, OpenFiles open, string records, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var entries = await _lake.Tables[Entries].TryLatestAsync(cancellationToken) is { } snapshot
            ? await _lake.Tables[Entries].RelationAsync(open, connection, snapshot, cancellationToken)
            : null;
        return Relation;

        string Relation(string table) => table switch
        {
            Silver => $"(select * from {records} where effect_time <= {SqlText.Instant(at)})",
            Entries when entries is not null => $"(select * from {entries} e where e.at <= {SqlText.Instant(at)})",
            Entries => throw new LakeException(LakeErrorKind.InvalidInput, $"Table {Entries} does not exist (yet); run the pipeline."),
            _ => $"({Model(table, Relation)})",
        };
    }

    private string Model(string name, Func<string, string> relation)
    {
        var model = _lake.Project.FindModel(name) ?? throw new LakeException(LakeErrorKind.Configuration, $"The project '{_lake.Project.Name}' has no model {name}.");
        return new ModelContext(_lake, model).Render(model.Sql, relation);
    }
}

/// <summary>Stock rows with how fresh they are.</summary>
/// <param name="Sequence">The journal sequence that they contain, 0 if none.</param>
/// <param name="Version">Version of the table they were read from, -1 if there is none.</param>
/// <param name="AsOf">The moment they are for.</param>
/// <param name="Rows">Sorted by SKU and location.</param>
public sealed record StockSheet(long Sequence, long Version, DateTimeOffset AsOf, IReadOnlyList<StockRow> Rows);

/// <summary>Stock of one SKU at one location, in units.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="OnHand">What is there; may be negative.</param>
/// <param name="Held">What baskets hold.</param>
/// <param name="Committed">What is ordered.</param>
/// <param name="SafetyStock">What is never offered.</param>
/// <param name="Available">On hand less held, committed and safety stock.</param>
/// <param name="LastEventTime">Latest event time of its records.</param>
/// <param name="LastCountTime">Time of the governing count.</param>
public sealed record StockRow(
    string Sku,
    string Location,
    decimal OnHand,
    decimal Held,
    decimal Committed,
    decimal SafetyStock,
    decimal Available,
    DateTimeOffset? LastEventTime,
    DateTimeOffset? LastCountTime);

/// <summary>What makes up a number.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="OnHand">The number.</param>
/// <param name="GoverningCount">The count it starts from, or null.</param>
/// <param name="RecordsAfter">The records after it, by time of effect.</param>
public sealed record StockExplanation(string Sku, string Location, decimal OnHand, ExplainedRecord? GoverningCount, IReadOnlyList<ExplainedRecord> RecordsAfter);

/// <summary>A record in an explanation.</summary>
/// <param name="Source">System that made it.</param>
/// <param name="EventId">Its name there.</param>
/// <param name="Line">Line.</param>
/// <param name="Type">Type.</param>
/// <param name="Quantity">Quantity.</param>
/// <param name="Effect">What it adds to on hand.</param>
/// <param name="EventTime">When it happened.</param>
/// <param name="Voided">True if it arrived voided.</param>
/// <param name="Reference">What it belongs to.</param>
public sealed record ExplainedRecord(
    string Source,
    string EventId,
    long Line,
    string Type,
    decimal Quantity,
    decimal Effect,
    DateTimeOffset EventTime,
    bool Voided,
    string? Reference);
