using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class CommitFaultTests
{
    [Theory]
    [InlineData(StoreFault.FailBefore)]
    [InlineData(StoreFault.FailAfter)]
    public async Task Put_that_fails_once_is_committed_once(StoreFault fault)
    {
        var (table, store, snapshot) = await CreateAsync();
        store.Follow(FaultPlan.Scripted((StoreOperation.PutIfAbsent, store.Calls(StoreOperation.PutIfAbsent) + 1, fault)));

        var next = await table.AppendAsync(snapshot, TestTable.File("b"));

        Assert.Equal(1, store.Faults);
        Assert.Equal(1, next.Version);
        Assert.Equal(SnapshotContent.Of(next), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Put_and_look_up_that_both_fail_are_tried_again()
    {
        var (table, store, snapshot) = await CreateAsync();
        store.Follow(FaultPlan.Scripted(
            (StoreOperation.PutIfAbsent, store.Calls(StoreOperation.PutIfAbsent) + 1, StoreFault.FailAfter),
            (StoreOperation.Read, store.Calls(StoreOperation.Read) + 1, StoreFault.FailBefore)));

        var next = await table.AppendAsync(snapshot, TestTable.File("b"));

        Assert.Equal((2, 1L), (store.Faults, next.Version));
        Assert.Equal(1, (await table.Log.LoadAsync()).Version);
    }

    [Fact]
    public async Task Store_that_takes_no_put_is_unavailable_and_nothing_is_written()
    {
        var (table, store, snapshot) = await CreateAsync();
        store.Follow(FaultPlan.When((operation, _, _) => operation == StoreOperation.PutIfAbsent ? StoreFault.FailBefore : StoreFault.None));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("b"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));
        store.Follow(FaultPlan.None);

        Assert.Equal(DeltaErrorKind.Unavailable, error.Kind);
        Assert.IsType<StorageException>(error.InnerException);
        Assert.Equal(0, (await table.Log.LoadAsync()).Version);
        Assert.Equal(1, (await table.CommitAsync(transaction)).Version);
    }

    [Fact]
    public async Task Commits_of_others_that_cannot_be_read_leave_the_table_unavailable_and_nothing_is_written()
    {
        var (table, store, snapshot) = await CreateAsync();
        await table.AppendAsync(snapshot, TestTable.File("b"));
        var newest = await table.AppendAsync(await table.Log.LoadAsync(), TestTable.File("c"));
        store.Follow(FaultPlan.When((operation, path, _) => operation == StoreOperation.Read && path.EndsWith("2.json", StringComparison.Ordinal) ? StoreFault.FailBefore : StoreFault.None));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("d"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));
        store.Follow(FaultPlan.None);

        Assert.Equal(DeltaErrorKind.Unavailable, error.Kind);
        Assert.IsType<StorageException>(error.InnerException);
        Assert.Equal(newest.Version, (await table.Log.LoadAsync()).Version);
    }

    [Theory]
    [InlineData(StoreFault.FailBefore, 0)]
    [InlineData(StoreFault.FailAfter, 1)]
    public async Task Store_that_fails_altogether_leaves_the_outcome_unknown_and_the_application_version_tells(StoreFault put, long version)
    {
        var (table, store, snapshot) = await CreateAsync();
        store.Follow(FaultPlan.When((operation, _, _) => operation == StoreOperation.PutIfAbsent ? put : StoreFault.FailBefore));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("b"));
        transaction.SetTransaction("app", 1);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));
        store.Follow(FaultPlan.None);

        Assert.Equal(DeltaErrorKind.CommitOutcomeUnknown, error.Kind);
        var found = await table.Log.LoadAsync();
        Assert.Equal(version, found.Version);
        Assert.Equal(version == 0 ? null : 1L, found.TransactionVersion("app"));
    }

    [Theory]
    [InlineData(StoreFault.FailBefore)]
    [InlineData(StoreFault.FailAfter)]
    public async Task Put_that_fails_while_another_wins_moves_to_the_next_version(StoreFault fault)
    {
        var (table, store, snapshot) = await CreateAsync();
        await table.AppendAsync(snapshot, TestTable.File("b"));
        store.Follow(FaultPlan.Scripted((StoreOperation.PutIfAbsent, store.Calls(StoreOperation.PutIfAbsent) + 1, fault)));

        var next = await table.AppendAsync(snapshot, TestTable.File("c"));

        Assert.Equal((1, 2L), (store.Faults, next.Version));
        Assert.Equal(["a", "b", "c"], SnapshotContent.Paths(next));
        Assert.Equal(SnapshotContent.Of(next), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Theory]
    [InlineData(StoreOperation.Put)]
    [InlineData(StoreOperation.PutIfAbsent)]
    public async Task Checkpoint_that_fails_leaves_the_commit_standing(StoreOperation operation)
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store, checkpointInterval: 2);
        var snapshot = await table.AppendAsync(await table.CreateAsync(files: TestTable.File("a")), TestTable.File("b"));
        store.Follow(FaultPlan.When((o, path, _) => o == operation && !path.EndsWith(".json", StringComparison.Ordinal) ? StoreFault.FailBefore : StoreFault.None));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("c"));

        var committed = Assert.IsType<CommitResult.Committed>(await table.Log.CommitAsync(transaction));

        Assert.IsType<StorageException>(committed.CheckpointFailure);
        Assert.Equal(SnapshotContent.Of(committed.Snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Writer_on_a_failing_store_that_asks_for_its_application_version_writes_every_step_once(int seed)
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store, checkpointInterval: 7);
        await table.CreateAsync();
        store.Follow(FaultPlan.Seeded(new Random(seed), 0.3));
        for (var step = 1L; step <= 60;)
        {
            try
            {
                var snapshot = await table.Log.LoadAsync();
                if (snapshot.TransactionVersion("app") >= step)
                {
                    step++;
                    continue;
                }

                var transaction = DeltaTransaction.Create(snapshot, "WRITE");
                transaction.Add(TestTable.File("step-" + step));
                transaction.SetTransaction("app", step);
                Assert.IsType<CommitResult.Committed>(await table.Log.CommitAsync(transaction));
            }
            catch (Exception e) when (e is DeltaException or IOException)
            {
                // The next round asks the table how far it got.
            }
        }

        store.Follow(FaultPlan.None);
        var end = await table.Log.LoadAsync();
        Assert.Equal((60L, 60), (end.Version, end.FileCount));
        Assert.Equal(Enumerable.Range(1, 60).Select(i => "step-" + i).Order(StringComparer.Ordinal), SnapshotContent.Paths(end));
    }

    private static async Task<(TestTable Table, FaultInjectingObjectStore Store, Snapshot Snapshot)> CreateAsync()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store);
        return (table, store, await table.CreateAsync(files: TestTable.File("a")));
    }
}
