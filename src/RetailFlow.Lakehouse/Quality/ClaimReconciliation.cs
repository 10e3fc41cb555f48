using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Quality;

/// <summary>
/// Proves that what Gold says is held and committed is what the entries of the journal come to (I4). It goes back from Gold to the version of
/// <c>bronze.reservations</c> that it contains, and adds up claims from the text of the entries, not by the models' SQL.
/// </summary>
internal sealed class ClaimReconciliation(Lake lake)
{
    /// <summary>The table that is checked.</summary>
    public const string Gold = "gold.stock_on_hand";

    private const int MostDifferences = 20;

    private static readonly string[] WayBack = ["silver.open_reservations", "silver.reservations", "bronze.reservations"];

    /// <summary>The check, or null if the lake has no table of stock that contains reservations.</summary>
    public async ValueTask<ReconcileCheck?> RunAsync(ReconcileBasis basis, DuckDbConnection connection, CancellationToken cancellationToken)
    {
        if (basis.Find(Gold) is not { } stock)
        {
            return null;
        }

        var contained = stock;
        foreach (var table in WayBack)
        {
            var version = LakeTable.Position(contained, ModelContext.PositionName(table));
            if (version < 0)
            {
                return null;
            }

            contained = await lake.Tables[table].Log.LoadAsync(TimeTravel.Version(version), cancellationToken);
        }

        using var open = new OpenFiles();
        var gold = await lake.Tables[Gold].RelationAsync(open, connection, stock, cancellationToken);
        var entries = await lake.Tables[WayBack[^1]].RelationAsync(open, connection, contained, cancellationToken);
        var differences = new List<string>();
        using var result = connection.Query($"{Claims(entries)} {Compared(gold)}");
        foreach (var row in result.Rows())
        {
            differences.Add(string.Create(
                CultureInfo.InvariantCulture, $"{row[0]} at {row[1]}: held {row[2]}, by the journal {row[3]}; committed {row[4]}, by the journal {row[5]}"));
        }

        return new ReconcileCheck(
            "I4",
            Gold,
            $"held and committed in version {stock.Version} = the claims in {WayBack[^1]} at version {contained.Version}",
            differences.Count == 0,
            differences);
    }

    private static string Claims(string entries) =>
        $$"""
        with final as (
            select max(sequence) as sequence
            from {{entries}}
            where json_extract_string(transition, '$.outcome') = 'done' and json_extract_string(transition, '$.state') is not null
            group by json_extract_string(transition, '$.id')
        ),
        parts as (
            select
                json_extract_string(e.transition, '$.state') as state,
                unnest(regexp_extract_all(e.transition, '\{"sku":"(?:[^"\\]|\\.)*","location":"(?:[^"\\]|\\.)*","quantity":[0-9.]+,"fulfilled":[0-9.]+\}')) as part
            from {{entries}} as e
            inner join final as f on e.sequence = f.sequence
        ),
        claims as (
            select
                json_extract_string(part, '$.sku') as sku,
                json_extract_string(part, '$.location') as location,
                state,
                cast(regexp_extract(part, '"quantity":([0-9.]+),"fulfilled":([0-9.]+)\}$', 1) as decimal(28, 5))
                - cast(regexp_extract(part, '"quantity":([0-9.]+),"fulfilled":([0-9.]+)\}$', 2) as decimal(28, 5)) as quantity
            from parts
        ),
        expected as (
            select
                sku,
                location,
                coalesce(sum(quantity) filter (where state = 'held'), 0) as held,
                coalesce(sum(quantity) filter (where state = 'confirmed'), 0) as committed
            from claims
            group by all
        )
        """;

    private static string Compared(string gold) =>
        $"""
        select
            coalesce(g.sku, e.sku), coalesce(g.location, e.location),
            coalesce(g.held, 0), coalesce(e.held, 0), coalesce(g.committed, 0), coalesce(e.committed, 0)
        from expected as e
        full join {gold} as g on g.sku = e.sku and g.location = e.location
        where coalesce(g.held, 0) <> coalesce(e.held, 0) or coalesce(g.committed, 0) <> coalesce(e.committed, 0)
        order by 1, 2 limit {MostDifferences}
        """;
}
