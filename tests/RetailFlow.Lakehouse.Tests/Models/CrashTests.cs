using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Storage;
using RetailFlow.Testing.Stock;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>A run that breaks off at any call to the store, before or after the call took effect, is completed by the next one.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_that_breaks_off_at_any_store_call_leaves_every_record_once(int seed)
    {
        var random = new Random(seed);
        using var folder = new TemporaryDirectory();
        var records = new RandomStockRecords(seed).Take(240);
        var model = new NaiveStockModel();
        var broken = 0;
        for (var i = 0; i < records.Count; i += 8)
        {
            var batch = records.Skip(i).Take(8).ToList();
            batch.ForEach(r => model.Receive(r));
            var file = folder.File($"batch-{i:D4}.ndjson");
            await File.WriteAllTextAsync(file, string.Join('\n', batch.Select(r => r.ToJson())));
            var store = new FaultInjectingObjectStore(new LocalObjectStore(folder.File("lake")), FaultPlan.None);
            var calls = 0;
            var breakAt = random.Next(1, 14);
            var after = random.Next(2) == 0;
            store.Follow(FaultPlan.When((operation, _, _) =>
                operation is not (StoreOperation.PutIfAbsent or StoreOperation.ImportIfAbsent or StoreOperation.Put) || ++calls < breakAt
                    ? StoreFault.None
                    : after ? StoreFault.FailAfter : StoreFault.FailBefore));
            await using (var lake = await TestLake.OpenAsync(folder: folder, store: store))
            {
                try
                {
                    await lake.Lake.Landing.LandAsync("inventory", [file], null, null, default);
                    await lake.RunAsync();
                }
                catch (Exception e) when (e is IOException or LakeException or Delta.DeltaException)
                {
                    broken++;
                }
            }

            await using var again = await TestLake.OpenAsync(folder: folder);
            await again.Lake.Landing.LandAsync("inventory", [file], null, null, default);
            await again.RunAsync();
            Assert.Equal((long)model.Accepted.Count, await again.ScalarAsync("select count(*) from silver.inventory_events"));
            Assert.Equal((long)model.Received, await again.ScalarAsync("select count(*) from bronze.inventory"));
        }

        Assert.InRange(broken, 12, 30);
        await using var end = await TestLake.OpenAsync(folder: folder);
        var reconciled = await end.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
        Assert.Equal(model.Rows().Sum(r => r.OnHand), await end.ScalarAsync("select sum(on_hand) from gold.stock_on_hand"));
        Assert.Equal(model.Quarantined, (await end.Lake.Quarantine.ListAsync(null, default)).Sum(q => q.Records));
    }
}
