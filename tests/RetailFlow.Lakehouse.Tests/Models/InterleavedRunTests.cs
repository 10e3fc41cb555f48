using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Storage;
using RetailFlow.Testing.Stock;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>Two machines bring the same tables up to date: one does so as a whole between any two calls of the other to the logs of the tables.</summary>
public sealed class InterleavedRunTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_run_between_any_two_calls_of_another_leaves_every_record_once(bool refreshes, bool isRefreshed)
    {
        using var folder = new TemporaryDirectory();
        var batches = new Batches(seed: 7);
        var model = batches.Model;
        var store = new InterruptedStore(new LocalObjectStore(folder.File("lake")));
        await using var one = await TestLake.OpenAsync(folder: folder, store: store);
        await using var two = await TestLake.OpenAsync(folder: folder);
        var landed = 0;
        await LandAsync();
        await one.RunAsync();
        var stride = refreshes ? 9 : 3;
        for (var call = 1; ; call += stride)
        {
            await LandAsync();
            store.Before(call, async () =>
            {
                await LandAsync();
                await two.RunAsync(refreshes);
            });
            try
            {
                await one.RunAsync(isRefreshed);
            }
            catch (LakeException e) when (e.Kind == LakeErrorKind.Conflict)
            {
                // The other machine was first with a step.
            }

            if (store.IsWaiting)
            {
                Assert.InRange(call, 20, 400);
                break;
            }

            await one.RunAsync();
            Assert.Equal((long)model.Received, await one.ScalarAsync("select count(*) from bronze.inventory"));
            Assert.Equal((long)model.Accepted.Count, await one.ScalarAsync("select count(*) from silver.inventory_events"));
            Assert.Equal(model.Rows().Sum(r => r.OnHand), await two.ScalarAsync("select sum(on_hand) from gold.stock_on_hand"));
            Assert.Equal(model.Quarantined, (await two.Lake.Quarantine.ListAsync(null, default)).Sum(q => q.Records));
        }

        await AssertReconciledAsync(two);

        async Task LandAsync()
        {
            var file = folder.File($"batch-{++landed:D5}.ndjson");
            await File.WriteAllTextAsync(file, batches.Next());
            await two.Lake.Landing.LandAsync("inventory", [file], null, null, default);
        }
    }

    /// <summary>
    /// In one process, where nothing fails for it: of tables that runs only add to, files are gathered at any moment of a run; gathering those of others waits
    /// for the step that changes their rows, and the other way round.
    /// </summary>
    [Fact]
    public async Task Gathering_files_at_any_moment_of_a_run_of_the_same_process_fails_neither_and_leaves_every_record_once()
    {
        string[] added = ["system.landed_files", "bronze.inventory", "silver.inventory_events"];
        using var folder = new TemporaryDirectory();
        var batches = new Batches(seed: 11);
        var model = batches.Model;
        var store = new InterruptedStore(new LocalObjectStore(folder.File("lake")));
        await using var lake = await TestLake.OpenAsync(folder: folder, store: store);
        var gathered = 0;
        await LandAsync();
        await lake.RunAsync();
        for (var call = 1; ; call += 7)
        {
            await LandAsync();
            var other = Task.CompletedTask;
            store.Before(call, async () =>
            {
                // The run holds the table whose step it is in: it is not waited for here.
                other = lake.Lake.Maintenance.OptimizeAsync("gold.stock_on_hand", [], default).AsTask();
                foreach (var table in added)
                {
                    gathered += (await lake.Lake.Maintenance.OptimizeAsync(table, [], default)).NothingToDo ? 0 : 1;
                }
            });
            await lake.RunAsync();
            await other;
            if (store.IsWaiting)
            {
                Assert.InRange(call, 20, 400);
                break;
            }
        }

        Assert.InRange(gathered, 10, int.MaxValue);
        Assert.Equal((long)model.Accepted.Count, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.Equal(model.Rows().Sum(r => r.OnHand), await lake.ScalarAsync("select sum(on_hand) from gold.stock_on_hand"));
        await AssertReconciledAsync(lake);

        Task LandAsync() => lake.LandAsync(batches.Next());
    }

    private static async Task AssertReconciledAsync(TestLake lake)
    {
        var reconciled = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }

    /// <summary>Six records after the other, and what they come to.</summary>
    private sealed class Batches(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Queue<TestStockRecord> _records = new(new RandomStockRecords(seed).Take(2_000));

        public NaiveStockModel Model { get; } = new();

        public string Next() => string.Join('\n', Enumerable.Range(0, 6).Select(_ =>
        {
            var record = _records.Dequeue();
            Model.Receive(record);
            return record.ToJson(_random);
        }));
    }

    /// <summary>Lets something else happen before a certain call that concerns a log.</summary>
    private sealed class InterruptedStore(IObjectStore inner) : PassingObjectStore(inner)
    {
        private int _calls;
        private Func<Task>? _other;

        public bool IsWaiting => _other is not null;

        public void Before(int call, Func<Task> other) => (_calls, _other) = (call, other);

        public override async ValueTask<PutOutcome> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        {
            await CountAsync(path);
            return await base.PutIfAbsentAsync(path, content, cancellationToken);
        }

        public override async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default)
        {
            await CountAsync(path);
            return await base.ReadAsync(path, cancellationToken);
        }

        public override async ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
        {
            await CountAsync(path);
            return await base.HeadAsync(path, cancellationToken);
        }

        private async Task CountAsync(string path)
        {
            if (_other is { } other && path.Contains("_delta_log", StringComparison.Ordinal) && Interlocked.Decrement(ref _calls) == 0)
            {
                _other = null;
                await other();
            }
        }
    }
}
