using System.Globalization;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Stock;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>
/// The law of models (I5) and of counting (I3): whatever the records and however they are cut into batches, every run leaves the
/// tables that the naive model computes, and a full refresh gives the same tables again.
/// </summary>
public sealed class IncrementalTests
{
    private const string Gold = "select sku, location, on_hand, last_count_time from gold.stock_on_hand order by sku, location";
    private const string Silver = "select * from silver.inventory_events order by accepted_order";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Random_records_in_random_batches_give_the_stock_of_the_naive_model_after_every_run(int seed)
    {
        var random = new Random(seed);
        var records = new RandomStockRecords(seed).Take(random.Next(80, 400));
        var model = new NaiveStockModel();
        await using var lake = await TestLake.OpenAsync();
        var position = 0;
        while (position < records.Count)
        {
            var batch = records.Skip(position).Take(random.Next(1, seed % 2 == 0 ? 12 : 60)).ToList();
            position += batch.Count;
            batch.ForEach(record => model.Receive(record));
            await lake.LandAsync(string.Join('\n', batch.Select(record => record.ToJson(random))));
            if (random.Next(4) > 0)
            {
                await lake.RunAsync();
                await AgreesAsync(lake, model);
            }
        }

        await lake.RunAsync();
        await AgreesAsync(lake, model);
        var gold = await lake.TextAsync(Gold);
        var silver = await lake.TextAsync(Silver);
        await lake.RunAsync(fullRefresh: true);
        Assert.Equal(silver, await lake.TextAsync(Silver));
        Assert.Equal(gold, await lake.TextAsync(Gold));
        await AgreesAsync(lake, model);
        var reconciled = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }

    [Fact]
    public async Task A_run_without_anything_new_commits_nothing()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(string.Join('\n', new RandomStockRecords(7).Take(40).Select(r => r.ToJson())));
        await lake.RunAsync();
        var before = await VersionsAsync(lake);
        await lake.RunAsync();
        Assert.Equal(before, await VersionsAsync(lake));
    }

    [Fact]
    public async Task A_batch_of_duplicates_changes_no_row_of_gold()
    {
        await using var lake = await TestLake.OpenAsync();
        var records = string.Join('\n', new RandomStockRecords(8).Take(60).Select(r => r.ToJson()));
        await lake.LandAsync(records);
        await lake.RunAsync();
        var gold = await lake.TextAsync(Gold);
        await lake.LandAsync("\n" + records);
        await lake.RunAsync();
        Assert.Equal(gold, await lake.TextAsync(Gold));
        Assert.Equal(1L, (await lake.Lake.Catalog.HistoryAsync("gold.stock_on_hand", null, default)).Count(v => v.Operation == "CREATE OR REPLACE TABLE AS SELECT"));
        Assert.Equal(0, (await lake.Lake.Catalog.HistoryAsync("gold.stock_on_hand", null, default)).Count(v => v.Operation == "MERGE"));
    }

    private static async Task AgreesAsync(TestLake lake, NaiveStockModel model)
    {
        var known = (await lake.QueryAsync("select sku, location, on_hand, last_count_time from gold.stock_on_hand"))
            .ToDictionary(row => ((string)row[0]!, (string)row[1]!), row => ((decimal)row[2]!, (DateTimeOffset?)row[3]));
        foreach (var row in model.Rows())
        {
            Assert.True(known.Remove((row.Sku, row.Location), out var stock), $"{row.Sku} at {row.Location} is missing");
            Assert.Equal((row.OnHand, row.LastCountTime), stock);
        }

        Assert.All(known.Values, rest => Assert.Equal(0m, rest.Item1));
        Assert.Equal((long)model.Accepted.Count, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.Equal(model.Received.ToString(CultureInfo.InvariantCulture), (await lake.ScalarAsync("select count(*) from bronze.inventory"))!.ToString());
        var positions = (await lake.Lake.Catalog.DescribeAsync("silver.inventory_events", default)).Positions;
        Assert.Equal(model.Duplicates, positions["records.duplicates"]);
        Assert.Equal(model.Quarantined, positions["records.quarantined"]);
        Assert.Equal(model.Accepted.Count, positions["records.accepted"]);
        var setAside = await lake.Lake.Quarantine.ListAsync("inventory", default);
        Assert.Equal(model.Quarantined, setAside.Sum(q => q.Records));
    }

    private static async Task<string> VersionsAsync(TestLake lake) =>
        string.Join(' ', (await lake.Lake.Catalog.TablesAsync(default)).Select(t => $"{t.Name}@{t.Version}"));
}
