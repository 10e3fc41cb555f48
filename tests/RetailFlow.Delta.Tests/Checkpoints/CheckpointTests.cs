using System.Text;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class CheckpointTests
{
    private const string Log = TestTable.Path + "/_delta_log/";

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Loading_from_checkpoints_equals_replay_of_all_commits_and_the_state_in_memory(int seed)
    {
        var random = new Random(seed);
        var table = new TestTable(checkpointInterval: 10);
        var snapshot = await table.CreateAsync(new Protocol(1, 7, null, new HashSet<string> { "domainMetadata" }));
        for (var i = 0; i < 47; i++)
        {
            snapshot = await table.CommitAsync(RandomCommit(random, snapshot, i));
        }

        var loaded = await table.Log.LoadAsync();
        Assert.Equal(4, Assert.IsType<JsonLinesCheckpoints>(table.Parquet).Written);
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(loaded));

        var commits = new TestTable(parquet: new NoCheckpoints());
        for (var version = 0; version <= snapshot.Version; version++)
        {
            await commits.PutCommitAsync(version, await table.CommitLinesAsync(version));
        }

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await commits.Log.LoadAsync()));
    }

    [Fact]
    public async Task Load_begins_at_the_newest_checkpoint_and_lists_from_it()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store, checkpointInterval: 10);
        var snapshot = await table.CreateAsync();
        for (var i = 0; i < 24; i++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        var (reads, lists) = (store.Calls(StoreOperation.Read), store.Calls(StoreOperation.List));
        var loaded = await table.Log.LoadAsync();

        // The hint, the checkpoint of version 20, four commits.
        Assert.Equal((reads + 6, lists + 1), (store.Calls(StoreOperation.Read), store.Calls(StoreOperation.List)));
        Assert.Equal(24, loaded.FileCount);
        var length = (await store.HeadAsync(Log + "00000000000000000020.checkpoint.parquet"))!.Value.Length;
        Assert.StartsWith($$"""{"version":20,"size":22,"sizeInBytes":{{length}},"numOfAddFiles":20,"checksum":""", await TextAsync(table, "_last_checkpoint"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[20]")]
    [InlineData("""{"version":"20"}""")]
    [InlineData("""{"version":-1}""")]
    [InlineData("""{"version":21}""")]
    [InlineData("""{"version":99}""")]
    [InlineData("""{"version":10}""")]
    [InlineData("""{"version":20}""")]
    [InlineData("""{"version":20,"checksum":"00000000000000000000000000000000"}""")]
    [InlineData("""{"version":20,"v2Checkpoint":{"path":"none"},"parts":7}""")]
    [InlineData(null)]
    public async Task Hint_at_the_last_checkpoint_never_changes_the_result(string? hint)
    {
        var table = new TestTable(checkpointInterval: 10);
        var snapshot = await table.CreateAsync();
        for (var i = 0; i < 23; i++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        await table.Store.DeleteAsync(Log + "_last_checkpoint");
        if (hint is not null)
        {
            await table.Store.PutAsync(Log + "_last_checkpoint", Encoding.UTF8.GetBytes(hint));
        }

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
        Assert.Equal(13, (await table.Log.LoadAsync(TimeTravel.Version(13))).FileCount);
    }

    [Fact]
    public async Task Multi_part_checkpoint_is_read_when_complete_and_ignored_when_not()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();
        for (var i = 0; i < 5; i++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        await table.Log.CheckpointAsync(snapshot);
        var lines = (await TextAsync(table, "00000000000000000005.checkpoint.parquet")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await table.Store.DeleteAsync(Log + "00000000000000000005.checkpoint.parquet");
        await PutAsync(table, "00000000000000000005.checkpoint.0000000001.0000000003.parquet", lines[..3]);
        await PutAsync(table, "00000000000000000005.checkpoint.0000000003.0000000003.parquet", lines[6..]);
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));

        // With the commits gone, only the parts are left.
        for (var version = 0; version < 5; version++)
        {
            await table.Store.DeleteAsync(TestTable.CommitPath(version));
        }

        Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync())).Kind);
        await PutAsync(table, "00000000000000000005.checkpoint.0000000002.0000000003.parquet", lines[3..6]);
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Tombstones_and_applications_past_their_retention_are_left_out()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(
            metadata: TestTable.MetadataOf(configuration: [("delta.deletedFileRetentionDuration", "interval 2 days"), ("delta.setTransactionRetentionDuration", "interval 3 days")]),
            files: [TestTable.File("a"), TestTable.File("b"), TestTable.File("c")]);
        foreach (var (path, version) in new[] { ("a", 1), ("b", 2) })
        {
            var transaction = DeltaTransaction.Create(snapshot, "DELETE");
            transaction.Remove(snapshot.FindFile(new FileKey(path, null))!);
            transaction.SetTransaction("app-" + path, version);
            snapshot = await table.CommitAsync(transaction);
            table.Clock.Advance(TimeSpan.FromDays(1.9));
        }

        await table.Log.CheckpointAsync(snapshot);
        var loaded = await table.Log.LoadAsync();

        Assert.Equal(["c"], SnapshotContent.Paths(loaded));
        Assert.Equal(["b"], loaded.Tombstones.Select(t => t.Path));
        Assert.Equal(["app-b"], loaded.Transactions.Keys);
        Assert.Equal(2, snapshot.Tombstones.Count);
    }

    [Fact]
    public async Task Table_property_sets_the_interval()
    {
        var table = new TestTable(checkpointInterval: 1000);
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: ("delta.checkpointInterval", "4")));
        for (var i = 0; i < 9; i++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        Assert.Equal(2, Assert.IsType<JsonLinesCheckpoints>(table.Parquet).Written);
        Assert.NotNull(await table.Store.HeadAsync(Log + "00000000000000000008.checkpoint.parquet"));
    }

    [Fact]
    public async Task Older_checkpoint_written_late_does_not_turn_the_hint_back()
    {
        var table = new TestTable();
        var first = await table.CreateAsync();
        var second = await table.AppendAsync(first, TestTable.File("a"));
        await table.Log.CheckpointAsync(second);
        var hint = await TextAsync(table, "_last_checkpoint");
        await table.Log.CheckpointAsync(first);

        Assert.Equal(hint, await TextAsync(table, "_last_checkpoint"));
    }

    [Fact]
    public async Task Checkpoint_without_a_protocol_is_corrupt()
    {
        var table = new TestTable();
        await table.CreateAsync();
        await PutAsync(table, "00000000000000000000.checkpoint.parquet", [DeltaActionJson.ToJson(TestTable.MetadataOf())]);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync());

        Assert.Equal((DeltaErrorKind.Corrupt, "The log of 'silver/items' has no protocol action up to version 0."), (error.Kind, error.Message));
    }

    private static DeltaTransaction RandomCommit(Random random, Snapshot snapshot, int step)
    {
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        foreach (var file in snapshot.Files.Where(_ => random.Next(4) == 0).ToList())
        {
            transaction.Remove(file, dataChange: random.Next(2) == 0);
        }

        for (var i = random.Next(6); i > 0; i--)
        {
            transaction.Add(TestTable.File($"f {step}-{i}", random.Next(1000), stats: random.Next(2) == 0 ? "{\"numRecords\":7}" : null));
        }

        if (random.Next(3) == 0)
        {
            transaction.SetTransaction("app" + random.Next(4), step);
        }

        if (random.Next(5) == 0)
        {
            transaction.SetDomain("d" + random.Next(3), "{\"step\":" + step + "}");
        }
        else if (random.Next(5) == 0)
        {
            transaction.RemoveDomain("d" + random.Next(3));
        }

        if (random.Next(10) == 0)
        {
            transaction.SetMetadata(snapshot.Metadata with { Description = "step " + step });
        }

        return transaction;
    }

    private static async Task<string> TextAsync(TestTable table, string name) => Encoding.UTF8.GetString((await table.Store.ReadAsync(Log + name))!);

    private static async Task PutAsync(TestTable table, string name, string[] lines) =>
        await table.Store.PutAsync(Log + name, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
}
