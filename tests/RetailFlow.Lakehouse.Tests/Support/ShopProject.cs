using System.Globalization;
using RetailFlow.Tables;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Support;

/// <summary>
/// A small project, <c>bronze.items</c> to <c>silver.shelves</c> to <c>gold.shops</c>, whose models add up quantities; <c>gold.sums</c> is the same as shops
/// and <c>gold.copies</c> as shelves, folded from the changes of shelves.
/// </summary>
internal static class ShopProject
{
    public const string Shelves = "select shop, sku, quantity, items from silver.shelves order by all";
    public const string Shops = "select shop, quantity, items from gold.shops order by all";
    public const string Sums = "select shop, quantity, items from gold.sums order by all";
    public const string Copies = "select shop, sku, quantity, items from gold.copies order by all";

    private const string SumsModel = "select shop, cast(sum(quantity) as bigint) as quantity, cast(sum(items) as bigint) as items from {{ ref('shelves') }} group by shop";

    /// <summary>Writes the project and gives its folder.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="profile">Profile of <c>silver.shelves</c>; null for that of its layer.</param>
    public static async Task<string> WriteAsync(TemporaryDirectory folder, string? profile = null)
    {
        foreach (var part in (string[])["models/silver", "models/gold", "folds"])
        {
            Directory.CreateDirectory(folder.File($"project/{part}"));
        }

        await Write("dbt_project.yml", "name: shops\n");
        await Write("models/feeds.yml", """
            sources:
              - name: bronze
                tables:
                  - name: items
                    meta: { retailflow: { record: columns } }
                    columns:
                      - { name: id, data_type: bigint }
                      - { name: shop, data_type: varchar }
                      - { name: sku, data_type: varchar }
                      - { name: quantity, data_type: bigint }
            """);
        await Write("models/silver/schema.yml", $"""
            models:
              - name: shelves
                config:
                  unique_key: [shop, sku]
                  meta:
                    retailflow:
                      fold: folds/shelves.sql
                      {(profile is null ? "" : $"profile: {profile}")}
            """);
        await Write("models/silver/shelves.sql", "select shop, sku, cast(sum(quantity) as bigint) as quantity, count(*) as items from {{ source('bronze', 'items') }} group by shop, sku");
        await Write("folds/shelves.sql", """
            select n.shop, n.sku, cast(n.quantity + coalesce(t.quantity, 0) as bigint) as quantity, n.items + coalesce(t.items, 0) as items, false as _evaluate
            from (select shop, sku, sum(quantity) as quantity, count(*) as items from {{ source('bronze', 'items') }} group by shop, sku) n
            left join {{ this }} t on t.shop = n.shop and t.sku = n.sku
            """);
        await Write("models/gold/schema.yml", """
            models:
              - name: shops
                config: { unique_key: [shop] }
              - name: sums
                config: { unique_key: [shop], meta: { retailflow: { fold: folds/sums.sql } } }
              - name: copies
                config: { unique_key: [shop, sku], meta: { retailflow: { fold: folds/copies.sql } } }
            """);
        await Write("models/gold/shops.sql", SumsModel);
        await Write("models/gold/sums.sql", SumsModel);
        await Write("models/gold/copies.sql", "select shop, sku, quantity, items from {{ ref('shelves') }}");
        await Write("folds/copies.sql", "select shop, sku, quantity, items from {{ changes('shelves') }} where _sign > 0");
        await Write("folds/sums.sql", """
            select shop, cast(sum(quantity) as bigint) as quantity, cast(sum(items) as bigint) as items
            from (
                select shop, quantity, items from {{ this }}
                union all
                select shop, _sign * quantity, _sign * items from {{ changes('shelves') }}
            )
            group by shop
            having sum(items) > 0
            """);
        return folder.File("project");

        Task Write(string file, string text) => File.WriteAllTextAsync(folder.File($"project/{file}"), text);
    }

    /// <summary>One record of the feed.</summary>
    public static string Line(Item item) => string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{item.Id}},"shop":"{{item.Shop}}","sku":"{{item.Sku}}","quantity":{{item.Quantity}}}""");

    /// <summary>What the tables hold for these items, as text.</summary>
    public static (string Shelves, string Shops) Expected(IEnumerable<Item> items)
    {
        var all = items.ToList();
        return (
            Text(all.GroupBy(i => $"{i.Shop}|{i.Sku}")),
            Text(all.GroupBy(i => i.Shop)));

        static string Text(IEnumerable<IGrouping<string, Item>> groups) => string.Join('\n', groups
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}|{g.Sum(i => i.Quantity)}|{g.Count()}")).Order(StringComparer.Ordinal));
    }

    /// <summary>Does something to a table of the lake from outside, as another program would.</summary>
    public static async Task<T> OnTableAsync<T>(TestLake lake, string path, Func<DeltaTable, ValueTask<T>> act)
    {
        using var tables = DeltaTables.Open(lake.Lake.Store, new DeltaTablesOptions { WorkFolder = Path.Combine(lake.Folder, "outside"), Threads = 1 });
        return await act(DeltaTable.Open(tables, path));
    }
}

/// <summary>A record of the feed.</summary>
internal sealed record Item(long Id, string Shop, string Sku, long Quantity);
