using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Stock;

namespace RetailFlow.Lakehouse.Tests.Maintenance;

public sealed class OptimizeTests
{
    [Fact]
    public async Task Compaction_and_ordering_change_no_row_and_later_runs_still_find_what_they_need()
    {
        await using var lake = await TestLake.OpenAsync();
        var stream = new RandomStockRecords(31);
        var model = new NaiveStockModel();
        for (var i = 0; i < 8; i++)
        {
            await LandAndRunAsync(lake, stream, model);
        }

        const string content = "select * from silver.inventory_events order by accepted_order";
        var before = await lake.TextAsync(content);
        var compacted = await lake.Lake.Maintenance.OptimizeAsync("silver.inventory_events", [], default);
        Assert.Equal((8, 1), (compacted.FilesRemoved, compacted.FilesAdded));
        Assert.Equal(before, await lake.TextAsync(content));
        await lake.Lake.Maintenance.OptimizeAsync("silver.inventory_events", ["sku", "location"], default);
        Assert.Equal(before, await lake.TextAsync(content));
        for (var i = 0; i < 4; i++)
        {
            await LandAndRunAsync(lake, stream, model);
        }

        Assert.Equal((long)model.Accepted.Count, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.True((await lake.Lake.Reconciliation.RunAsync(default)).Holds);
        var history = await lake.Lake.Catalog.HistoryAsync("silver.inventory_events", null, default);
        Assert.Equal(2, history.Count(v => v.Operation == "OPTIMIZE"));
        Assert.Contains(history, v => v.Operation == "OPTIMIZE" && v.Parameters["zOrderBy"] == "[\"sku\",\"location\"]");
    }

    [Fact]
    public async Task Table_that_went_back_and_forth_and_was_vacuumed_still_knows_its_keys()
    {
        await using var lake = await TestLake.OpenAsync();
        var stream = new RandomStockRecords(7);
        var model = new NaiveStockModel();
        await LandAndRunAsync(lake, stream, model);
        const string table = "silver.inventory_events";
        const string content = "select * from silver.inventory_events order by accepted_order";
        var early = await lake.TextAsync(content);
        var first = (await lake.Lake.Catalog.HistoryAsync(table, 1, default)).Single().Version;
        await LandAndRunAsync(lake, stream, model);
        var late = await lake.TextAsync(content);
        var second = (await lake.Lake.Catalog.HistoryAsync(table, 1, default)).Single().Version;

        var back = await lake.Lake.Maintenance.RestoreAsync(table, first, default);
        Assert.Equal((first, 0, true), (back.RestoredVersion, back.FilesRestored, back.FilesRemoved > 0));
        Assert.Equal(early, await lake.TextAsync(content));
        await lake.Lake.Maintenance.RestoreAsync(table, second, default);
        await lake.Lake.Maintenance.OptimizeAsync(table, [], default);
        Assert.NotEmpty((await lake.Lake.Maintenance.VacuumAsync(table, TimeSpan.Zero, force: true, dryRun: false, default)).Files);
        Assert.Equal(late, await lake.TextAsync(content));
        await LandAndRunAsync(lake, stream, model);

        Assert.Equal((long)model.Accepted.Count, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.True((await lake.Lake.Reconciliation.RunAsync(default)).Holds);
    }

    [Fact]
    public async Task An_unknown_column_is_refused_by_name()
    {
        await using var lake = await TestLake.OpenAsync();
        await LandAndRunAsync(lake, new RandomStockRecords(1), new NaiveStockModel());
        var error = await Assert.ThrowsAsync<LakeException>(async () => await lake.Lake.Maintenance.OptimizeAsync("silver.inventory_events", ["colour"], default));
        Assert.Contains("colour", error.Message, StringComparison.Ordinal);
    }

    private static async Task LandAndRunAsync(TestLake lake, RandomStockRecords stream, NaiveStockModel model)
    {
        var batch = stream.Take(25);
        foreach (var record in batch)
        {
            model.Receive(record);
        }

        await lake.LandAsync(string.Join('\n', batch.Select(r => r.ToJson())));
        await lake.RunAsync();
    }
}
