using System.Globalization;
using System.Text.Json;
using RetailFlow.Lakehouse.Tests.Support;

namespace RetailFlow.Lakehouse.Tests.Examples;

/// <summary>The example projects on the real files that they were written for.</summary>
public sealed class ExampleTests
{
    [Fact]
    public async Task Seed_inventory_gives_the_sums_of_the_change_log_and_sets_contradicting_snapshots_aside()
    {
        var data = Repository.Shared("data", "seed-inventory");
        await using var lake = await TestLake.OpenAsync(Repository.Folder("examples", "seed-inventory"));
        await lake.Lake.Landing.LandAsync("inventory", [Path.Combine(data, "azure_inventory_logs.csv"), Path.Combine(data, "inventory_snapshots.csv")], null, null, default);
        await lake.RunAsync();

        var sums = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(Path.Combine(data, "azure_inventory_logs.csv")).Skip(1))
        {
            var fields = line.Split(',');
            var key = $"{fields[2]}|{fields[1]}";
            sums[key] = sums.GetValueOrDefault(key) + decimal.Parse(fields[3], CultureInfo.InvariantCulture);
        }

        Assert.Equal(
            string.Join('\n', sums.Select(s => $"{s.Key}|{s.Value.ToString("F5", CultureInfo.InvariantCulture)}")),
            await lake.TextAsync("select sku, location, on_hand from gold.stock_on_hand where location like 'wh%' order by sku || '|' || location"));
        var listed = Assert.Single(await lake.Lake.Quarantine.ListAsync("inventory", default));
        Assert.Equal(("available_contradicts_on_hand", 4999L), (listed.Rule, listed.Records));
        Assert.Equal(1L, await lake.ScalarAsync("select count(*) from silver.inventory_events where type = 'count'"));
        Assert.True((await lake.Lake.Reconciliation.RunAsync(default)).Holds);
    }

    [Fact]
    public async Task Online_retail_gives_the_expected_totals_in_any_order_and_landed_twice()
    {
        var data = Repository.Shared("data", "uci-online-retail");
        var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(data, "expected.json"))).RootElement;
        var files = Directory.GetFiles(data, "*.csv");
        new Random(11).Shuffle(files);
        await using var lake = await TestLake.OpenAsync(Repository.Folder("examples", "uci-online-retail"));
        foreach (var part in files.Chunk(60))
        {
            await lake.Lake.Landing.LandAsync("inventory", part, null, null, default);
            await lake.RunAsync();
        }

        await AssertTotalsAsync(lake, expected);
        var stock = await lake.TextAsync("select sku, on_hand from gold.stock_on_hand order by sku");
        var again = await lake.Lake.Landing.LandAsync("inventory", [data + "/2010-12-01.csv", data + "/2011-03-01.csv"], null, null, default);
        Assert.All(again.Batches, batch => Assert.True(batch.AlreadyThere));
        await lake.Lake.Landing.LandAsync("inventory", [data + "/2010-12-01.csv"], null, "the-same-day-again", default);
        await lake.RunAsync();
        Assert.Equal(stock, await lake.TextAsync("select sku, on_hand from gold.stock_on_hand order by sku"));
        await AssertTotalsAsync(lake, expected);

        var kept = (long)(await lake.ScalarAsync("select count(*) from silver.inventory_events"))!;
        var byContent = (long)(await lake.ScalarAsync("select count(*) from (select distinct event_id, type, sku, quantity, event_time, attributes from silver.inventory_events)"))!;
        Assert.Equal(1855L, kept - byContent);
    }

    private static async Task AssertTotalsAsync(TestLake lake, JsonElement expected)
    {
        const string signed = "case when type = 'return' then -quantity else quantity end";
        const string price = "cast(attributes ->> '$.unit_price' as decimal(18,4))";
        Assert.Equal(expected.GetProperty("lines").GetInt64(), await lake.ScalarAsync("select count(*) from silver.inventory_events where type in ('sale', 'return')"));
        Assert.Equal(expected.GetProperty("lines_with_negative_quantity").GetInt64(), await lake.ScalarAsync("select count(*) from silver.inventory_events where type = 'return'"));
        Assert.Equal(expected.GetProperty("units").GetDecimal(), Convert.ToDecimal(await lake.ScalarAsync($"select sum({signed}) from silver.inventory_events"), CultureInfo.InvariantCulture));
        Assert.Equal(-expected.GetProperty("units").GetDecimal(), Convert.ToDecimal(await lake.ScalarAsync("select sum(on_hand) from gold.stock_on_hand"), CultureInfo.InvariantCulture));
        Assert.Equal(
            decimal.Parse(expected.GetProperty("net_total").GetString()!, CultureInfo.InvariantCulture),
            Convert.ToDecimal(await lake.ScalarAsync($"select cast(sum(cast({signed} as decimal(12,0)) * {price}) as decimal(18,4)) from silver.inventory_events"), CultureInfo.InvariantCulture));
        Assert.Equal(expected.GetProperty("invoices").GetInt64(), await lake.ScalarAsync("select count(distinct event_id) from silver.inventory_events"));
        Assert.Equal(expected.GetProperty("stock_codes").GetInt64(), await lake.ScalarAsync("select count(distinct sku) from silver.inventory_events"));
        var days = expected.GetProperty("days").EnumerateObject().Select(d => $"{d.Name}|{d.Value.GetProperty("lines")}|{decimal.Parse(d.Value.GetProperty("net").GetString()!, CultureInfo.InvariantCulture).ToString("F4", CultureInfo.InvariantCulture)}");
        Assert.Equal(
            string.Join('\n', days),
            await lake.TextAsync($"select strftime(event_time, '%Y-%m-%d') as day, count(*), cast(sum(cast({signed} as decimal(12,0)) * {price}) as decimal(18,4)) from silver.inventory_events group by 1 order by 1"));
    }
}
