namespace RetailFlow.Delta.Tests;

public sealed class CommitRetryTests
{
    [Fact]
    public async Task Plan_runs_again_on_the_version_that_won()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: TestTable.File("a"));
        var seen = new List<long>();

        var result = await table.Log.CommitWithRetryAsync(
            async (on, token) =>
            {
                seen.Add(on.Version);
                if (seen.Count <= 2)
                {
                    await table.RemoveAsync(on, on.Files.Single().Path);
                    await table.AppendAsync(await table.Log.RefreshAsync(on, token), TestTable.File($"w{seen.Count}"));
                }

                var transaction = DeltaTransaction.Create(on, "REWRITE");
                transaction.Remove(on.Files.Single());
                transaction.Add(TestTable.File($"x{seen.Count}"));
                return transaction;
            },
            snapshot);

        Assert.Equal([0, 2, 4], seen);
        var committed = Assert.IsType<CommitResult.Committed>(result);
        Assert.Equal((5L, 0), (committed.Version, committed.Rebases));
        Assert.Equal(["x3"], SnapshotContent.Paths(committed.Snapshot));
    }

    [Fact]
    public async Task Nothing_to_do_commits_nothing_and_a_conflict_without_end_is_told()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: TestTable.File("a"));
        Assert.Null(await table.Log.CommitWithRetryAsync((_, _) => ValueTask.FromResult<DeltaTransaction?>(null)));
        Assert.Equal(0, (await table.Log.LoadAsync()).Version);

        var plans = 0;
        var result = await table.Log.CommitWithRetryAsync(
            async (on, _) =>
            {
                plans++;
                var transaction = DeltaTransaction.Create(on, "WRITE");
                transaction.SetTransaction("app", plans);
                var other = DeltaTransaction.Create(on, "WRITE");
                other.SetTransaction("app", 100 + plans);
                await table.CommitAsync(other);
                return transaction;
            },
            snapshot,
            attempts: 3);

        Assert.Equal(3, plans);
        Assert.Equal(ConflictRule.ConcurrentTransaction, Assert.IsType<CommitResult.Conflicted>(result).Rule);
        Assert.Equal(103, (await table.Log.LoadAsync()).TransactionVersion("app"));
    }
}
