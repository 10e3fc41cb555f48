using System.Globalization;
using RetailFlow.Lakehouse.Tests.Support;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>Tables of the stock lake from which others deleted rows: what is gone from Silver is gone from Gold, and counts as never accepted.</summary>
public sealed class DeletedRowsTests
{
    private const string Gold = "select sku, on_hand from gold.stock_on_hand order by sku";

    [Theory]
    [InlineData(4)]
    [InlineData(80)]
    public async Task Deleted_history_is_gone_from_gold_and_its_records_are_accepted_anew(int records)
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(string.Join('\n', Enumerable.Range(0, records).Select(i => Line(i))));
        await lake.RunAsync();

        // Records 1, 5, 9, ... are of S1: a deletion vector, for others are in the file.
        await ShopProject.OnTableAsync(lake, "silver/inventory_events", t => t.DeleteAsync("sku = 'S1'"));
        var silver = await ShopProject.OnTableAsync(lake, "silver/inventory_events", t => t.LoadAsync());
        Assert.Contains(silver.Files, f => f.DeletionVector is not null);
        var run = await lake.RunAsync();
        Assert.Equal("keys", run.Steps.Single(s => s.Table == "gold.stock_on_hand").Mode);
        var each = records / 4;
        Assert.Equal($"S0|{each}.00000\nS2|{each}.00000\nS3|{each}.00000", await lake.TextAsync(Gold));
        Assert.Equal((long)each * 3, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.Equal(["S0", "S2", "S3"], (await lake.Lake.Stock.GetAsync([], null, null, default)).Rows.Select(r => r.Sku));
        Assert.Contains((await lake.Lake.Reconciliation.RunAsync(default)).Checks, c => c.Subject == "gold.stock_on_hand" && c.Holds);

        // One that is gone, one that is there, each a second time.
        await lake.LandAsync($"{Line(1)}\n{Line(2)}");
        var again = (await lake.RunAsync()).Steps.Single(s => s.Table == "silver.inventory_events");
        Assert.Equal(("append", 2L, 1L, 1L), (again.Mode, again.Received, again.Accepted, again.Duplicates));
        Assert.Equal($"S0|{each}.00000\nS1|1.00000\nS2|{each}.00000\nS3|{each}.00000", await lake.TextAsync(Gold));
    }

    [Fact]
    public async Task Deleted_rows_of_bronze_make_silver_a_whole_again_that_counts_exactly()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(string.Join('\n', Enumerable.Range(0, 12).Append(3).Select(i => Line(i))));
        await lake.RunAsync();

        await ShopProject.OnTableAsync(lake, "bronze/inventory", t => t.DeleteAsync("sku = 'S1'"));
        var step = (await lake.RunAsync()).Steps.Single(s => s.Table == "silver.inventory_events");

        Assert.Equal(("full", 10L, 9L, 1L), (step.Mode, step.Received, step.Accepted, step.Duplicates));
        Assert.Equal("S0|3.00000\nS2|3.00000\nS3|3.00000", await lake.TextAsync(Gold));
        var checks = (await lake.Lake.Reconciliation.RunAsync(default)).Checks;
        Assert.All(checks.Where(c => c.Subject != "bronze.inventory"), c => Assert.True(c.Holds, c.Equation));
        Assert.Contains(checks, c => c.Subject == "bronze.inventory" && !c.Holds);
    }

    private static string Line(int i) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"event_id":"{{i}}","type":"receipt","sku":"S{{i % 4}}","location":"L","quantity":1,"event_time":"2026-01-01T00:00:{{i % 60:D2}}Z"}""");
}
