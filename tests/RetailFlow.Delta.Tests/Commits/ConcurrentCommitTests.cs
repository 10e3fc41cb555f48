using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class ConcurrentCommitTests
{
    private const int Writers = 8;

    [Fact]
    public async Task Appenders_in_memory_lose_nothing()
    {
        await AppendersLoseNothingAsync(new InMemoryObjectStore(), commitsEach: 40);
    }

    [Fact]
    public async Task Appenders_on_disk_lose_nothing()
    {
        using var folder = new TemporaryDirectory();
        await AppendersLoseNothingAsync(new LocalObjectStore(folder.Path), commitsEach: 8);
    }

    [Fact]
    public async Task One_of_many_creators_creates_the_table()
    {
        var table = new TestTable();
        var results = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
            transaction.SetProtocol(new Protocol(1, 2));
            transaction.SetMetadata(TestTable.MetadataOf() with { Name = "by " + writer });
            return await table.Log.CommitAsync(transaction);
        })));

        var winner = Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(results.OfType<CommitResult.Conflicted>(), c => Assert.Equal((ConflictRule.ProtocolChanged, 0), (c.Rule, c.WinningVersion)));
        Assert.Equal(winner.Snapshot.Metadata.Name, (await table.Log.LoadAsync()).Metadata.Name);
    }

    [Fact]
    public async Task Counters_that_read_and_rewrite_the_table_never_lose_an_increment()
    {
        // Each writer replaces the only file by one whose size is one larger, and runs again when it conflicts.
        var table = new TestTable();
        await table.CreateAsync(files: TestTable.File("count-0", 0));
        var names = 0;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 10;)
            {
                var snapshot = await table.Log.LoadAsync();
                var current = Assert.Single(snapshot.Files);
                var transaction = DeltaTransaction.Create(snapshot, "UPDATE");
                transaction.ReadWholeTable();
                transaction.Remove(current);
                transaction.Add(TestTable.File("count-" + Interlocked.Increment(ref names), current.Size + 1));
                done += await table.Log.CommitAsync(transaction) is CommitResult.Committed ? 1 : 0;
            }
        })));

        var end = await table.Log.LoadAsync();
        Assert.Equal((80L, 80L, 1), (end.Version, end.TotalSize, end.FileCount));
    }

    [Fact]
    public async Task One_application_version_is_written_by_one_of_many()
    {
        var table = new TestTable();
        var start = await table.CreateAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var transaction = DeltaTransaction.Create(start, "STREAMING UPDATE");
            Assert.Null(transaction.ReadTransaction("stream"));
            transaction.SetTransaction("stream", 1);
            transaction.Add(TestTable.File("by-" + writer));
            return await table.Log.CommitAsync(transaction);
        })));

        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.All(results.OfType<CommitResult.Conflicted>(), c => Assert.Equal(ConflictRule.ConcurrentTransaction, c.Rule));
        var end = await table.Log.LoadAsync();
        Assert.Equal((1L, 1, 1L), (end.Version, end.FileCount, end.TransactionVersion("stream")!.Value));
    }

    [Fact]
    public async Task Deleters_of_one_file_conflict_and_deleters_of_others_do_not()
    {
        var table = new TestTable();
        var start = await table.CreateAsync(files: [TestTable.File("a"), TestTable.File("b")]);

        await table.RemoveAsync(start, "a");
        var again = DeltaTransaction.Create(start, "DELETE");
        again.Remove(start.FindFile(new FileKey("a", null))!);
        var conflict = Assert.IsType<CommitResult.Conflicted>(await table.Log.CommitAsync(again));
        var other = await table.RemoveAsync(start, "b");

        Assert.Equal(new(ConflictRule.ConcurrentDeleteDelete, 1, "Version 1 (DELETE) came first: 'a' was removed by another writer too."), conflict);
        Assert.Equal((2, 0), (other.Version, other.FileCount));
    }

    [Fact]
    public async Task Every_commit_in_between_is_checked()
    {
        var table = new TestTable();
        var start = await table.CreateAsync(files: [TestTable.File("a"), TestTable.File("b")]);
        var one = await table.AppendAsync(start, TestTable.File("x"));
        var two = await table.RemoveAsync(one, "b");
        await table.AppendAsync(two, TestTable.File("y"));
        var transaction = DeltaTransaction.Create(start, "DELETE");
        transaction.Remove(start.FindFile(new FileKey("b", null))!);

        var conflict = Assert.IsType<CommitResult.Conflicted>(await table.Log.CommitAsync(transaction));

        Assert.Equal((ConflictRule.ConcurrentDeleteDelete, 2), (conflict.Rule, conflict.WinningVersion));
    }

    [Fact]
    public async Task Commit_on_the_newest_snapshot_costs_one_put_and_one_for_its_checksum()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store);
        var snapshot = await table.CreateAsync();
        int[] Calls() => [.. Enum.GetValues<StoreOperation>().Select(store.Calls)];
        var before = Calls();

        for (var i = 0; i < 5; i++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        before[(int)StoreOperation.PutIfAbsent] += 10;
        Assert.Equal(before, Calls());
    }

    private static async Task AppendersLoseNothingAsync(IObjectStore store, int commitsEach)
    {
        var table = new TestTable(store, checkpointInterval: 25);
        var start = await table.CreateAsync();
        var versions = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var snapshot = start;
            var written = new List<long>();
            for (var i = 0; i < commitsEach; i++)
            {
                snapshot = await table.AppendAsync(snapshot, TestTable.File($"{writer}-{i}"));
                written.Add(snapshot.Version);
            }

            return written;
        })));

        var all = versions.SelectMany(v => v).Order().ToList();
        Assert.Equal(Enumerable.Range(1, Writers * commitsEach).Select(v => (long)v), all);
        var end = await table.Log.LoadAsync();
        var expected = Enumerable.Range(0, Writers).SelectMany(w => Enumerable.Range(0, commitsEach).Select(i => $"{w}-{i}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), SnapshotContent.Paths(end));
        Assert.Equal(SnapshotContent.Of(end), SnapshotContent.Of(await table.Log.RefreshAsync(start)));
    }
}
