using System.Text;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class DeltaLogTests
{
    [Fact]
    public async Task Commit_file_says_who_did_what_first_and_then_what_changed()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(partitionColumns: ["day"]), files: TestTable.File("a", 7, "2026-03-01"));
        table.Clock.Advance(TimeSpan.FromSeconds(1));
        var transaction = DeltaTransaction.Create(snapshot, "MERGE");
        transaction.OperationParameters["predicate"] = "[]";
        transaction.OperationMetrics["numOutputRows"] = "5";
        transaction.Remove(snapshot.Files.Single());
        transaction.Add(TestTable.File("b", 8, null) with { PartitionValues = new Dictionary<string, string?> { ["day"] = null }, Stats = "{\"numRecords\":5}" });
        transaction.SetTransaction("app", 3);
        await table.CommitAsync(transaction);

        Assert.Equal(
            [
                """{"commitInfo":{"timestamp":1772366401000,"operation":"MERGE","operationParameters":{"predicate":"[]"},"readVersion":0,"isolationLevel":"WriteSerializable","isBlindAppend":false,"operationMetrics":{"numOutputRows":"5"},"engineInfo":"RetailFlow/test","txnId":"00000002-0000-0000-0000-000000000001"}}""",
                """{"txn":{"appId":"app","version":3,"lastUpdated":1772366401000}}""",
                """{"remove":{"path":"a","deletionTimestamp":1772366401000,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"day":"2026-03-01"},"size":7}}""",
                """{"add":{"path":"b","partitionValues":{"day":null},"size":8,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":5}"}}""",
            ],
            await table.CommitLinesAsync(1));
    }

    [Fact]
    public async Task Missing_table_is_null_or_an_error()
    {
        var log = new TestTable().Log;

        Assert.Null(await log.TryLoadAsync());
        Assert.Equal(DeltaErrorKind.TableNotFound, await KindOfAsync(async () => await log.LoadAsync()));
        Assert.Equal(DeltaErrorKind.TableNotFound, await KindOfAsync(async () => await log.LoadAsync(TimeTravel.Version(0))));
        Assert.Equal(DeltaErrorKind.TableNotFound, await KindOfAsync(async () => await log.LoadAsync(TimeTravel.AsOf(TestTable.Start))));
        Assert.Equal(DeltaErrorKind.TableNotFound, await KindOfAsync(async () => await log.HistoryAsync()));
    }

    [Fact]
    public async Task Table_at_the_root_of_a_store_works_too()
    {
        var options = new DeltaLogOptions { Clock = new ManualClock(TestTable.Start), NewGuid = () => Guid.Empty, EngineInfo = "test" };
        var store = new InMemoryObjectStore();
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(new Protocol(1, 2));
        transaction.SetMetadata(TestTable.MetadataOf());

        Assert.IsType<CommitResult.Committed>(await new DeltaLog(store, "", new NoCheckpoints(), options).CommitAsync(transaction));

        Assert.NotNull(await store.ReadAsync("_delta_log/00000000000000000000.json"));
        Assert.Equal(0, (await new DeltaLog(store, "", new NoCheckpoints(), options).LoadAsync()).Version);
    }

    [Fact]
    public async Task Refresh_reads_only_what_is_new()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store);
        var old = await table.CreateAsync(files: TestTable.File("a"));
        var other = await table.Open().LoadAsync();
        var newest = await table.RemoveAsync(await table.AppendAsync(other, TestTable.File("b"), TestTable.File("c")), "a");
        var (reads, lists, heads) = (store.Calls(StoreOperation.Read), store.Calls(StoreOperation.List), store.Calls(StoreOperation.Head));

        var refreshed = await table.Log.RefreshAsync(old);
        var again = await table.Log.RefreshAsync(refreshed);

        Assert.Same(refreshed, again);
        Assert.Equal(SnapshotContent.Of(newest), SnapshotContent.Of(refreshed));
        Assert.Equal((reads + 4, lists, heads), (store.Calls(StoreOperation.Read), store.Calls(StoreOperation.List), store.Calls(StoreOperation.Head)));
        Assert.Equal(["a"], SnapshotContent.Paths(old));
    }

    [Fact]
    public async Task Refresh_after_the_next_commits_were_cleaned_up_loads_the_table_anew()
    {
        var table = new TestTable(checkpointInterval: 2);
        var old = await table.CreateAsync(files: TestTable.File("a"));
        var newest = await table.AppendAsync(await table.AppendAsync(old, TestTable.File("b")), TestTable.File("c"));
        for (var version = 0; version < 3; version++)
        {
            Assert.True(await table.Store.DeleteAsync(TestTable.CommitPath(version)));
        }

        table.Clock.Advance(TimeSpan.FromDays(31));
        var refreshed = await table.Log.RefreshAsync(old);

        Assert.Equal(SnapshotContent.Of(newest), SnapshotContent.Of(refreshed));
    }

    [Fact]
    public async Task Commit_on_a_snapshot_whose_successors_were_cleaned_up_is_refused()
    {
        var table = new TestTable(checkpointInterval: 2);
        var old = await table.CreateAsync(files: TestTable.File("a"));
        var newest = await table.AppendAsync(await table.AppendAsync(old, TestTable.File("b")), TestTable.File("c"));
        await table.AppendAsync(newest, TestTable.File("d"));
        await table.Store.DeleteAsync(TestTable.CommitPath(0));
        await table.Store.DeleteAsync(TestTable.CommitPath(1));
        table.Clock.Advance(TimeSpan.FromDays(31));
        var transaction = DeltaTransaction.Create(old, "WRITE");
        transaction.Add(TestTable.File("lost"));

        Assert.Equal(DeltaErrorKind.InvalidCommit, await KindOfAsync(async () => await table.Log.CommitAsync(transaction)));
    }

    [Fact]
    public async Task Table_whose_first_commit_was_cleaned_up_cannot_be_created_again()
    {
        var table = new TestTable(checkpointInterval: 1);
        await table.AppendAsync(await table.CreateAsync(), TestTable.File("a"));
        await table.Store.DeleteAsync(TestTable.CommitPath(0));
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(new Protocol(1, 2));
        transaction.SetMetadata(TestTable.MetadataOf());

        Assert.Equal(DeltaErrorKind.InvalidCommit, await KindOfAsync(async () => await table.Log.CommitAsync(transaction)));
    }

    [Fact]
    public async Task Changes_are_the_commits_in_between()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: [TestTable.File("a"), TestTable.File("b")]);
        table.Clock.Advance(TimeSpan.FromMinutes(1));
        var metadata = DeltaTransaction.Create(snapshot, "SET TBLPROPERTIES");
        metadata.SetMetadata(TestTable.MetadataOf(configuration: ("delta.appendOnly", "false")));
        metadata.SetTransaction("app", 4);
        snapshot = await table.CommitAsync(metadata);
        await table.RemoveAsync(await table.AppendAsync(snapshot, TestTable.File("c")), "a");

        var changes = await table.Log.ChangesAsync(0, 3);

        Assert.Equal([1, 2, 3], changes.Select(c => c.Version));
        Assert.Equal(("SET TBLPROPERTIES", "x", 4), (changes[0].CommitInfo!.Operation, changes[0].Metadata is null ? "" : "x", changes[0].Transactions.Single().Version));
        Assert.Equal(TestTable.Start.AddMinutes(1), changes[0].Timestamp);
        Assert.Equal(["c"], changes[1].Adds.Select(a => a.Path));
        Assert.Equal(["a"], changes[2].Removes.Select(r => r.Path));
        Assert.Null(changes[2].Metadata);
        Assert.Empty(await table.Log.ChangesAsync(3, 3));
        Assert.Equal(4, (await table.Log.ChangesAsync(-1, 3)).Count);
        Assert.Equal(DeltaErrorKind.VersionNotFound, await KindOfAsync(async () => await table.Log.ChangesAsync(2, 4)));
    }

    [Fact]
    public async Task History_is_newest_first_and_limited()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();
        for (var i = 0; i < 20; i++)
        {
            table.Clock.Advance(TimeSpan.FromSeconds(1));
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        var history = await table.Log.HistoryAsync(limit: 3);

        Assert.Equal([(20, 20), (19, 19), (18, 18)], history.Select(h => ((int)h.Version, (int)(h.Timestamp - TestTable.Start).TotalSeconds)));
        Assert.All(history, h => Assert.Equal("WRITE", h.CommitInfo!.Operation));
        Assert.Equal((21, "CREATE TABLE"), ((await table.Log.HistoryAsync()).Count, (await table.Log.HistoryAsync())[^1].CommitInfo!.Operation));
    }

    [Fact]
    public async Task Files_that_are_none_of_the_log_are_ignored()
    {
        var table = new TestTable();
        await table.CreateAsync(files: TestTable.File("a"));
        foreach (var name in new[]
        {
            "00000000000000000001.json.tmp", "1.json", "00000000000000000000.crc", "_commits/00000000000000000009.json", "0000000000000000000x.json",
            "00000000000000000000.00000000000000000005.compacted.json", "_staged_commits/00000000000000000001.a.json", "_sidecars/x.parquet",
            "00000000000000000009.checkpoint.0000000001.0000000002.parquet", "00000000000000000008.checkpoint.0000000003.0000000002.parquet",
        })
        {
            await table.Store.PutAsync($"{TestTable.Path}/_delta_log/{name}", Encoding.UTF8.GetBytes("junk"));
        }

        var snapshot = await table.Log.LoadAsync();

        Assert.Equal((0, 1), (snapshot.Version, snapshot.FileCount));
    }

    [Fact]
    public async Task Broken_commit_names_its_version_and_line()
    {
        var table = new TestTable();
        await table.CreateAsync();
        await table.PutCommitAsync(1, "{\"commitInfo\":{}}", "", "{\"add\":{\"path\":");

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync());

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.StartsWith("Version 1, line 3: ", error.Message, StringComparison.Ordinal);
    }

    private static async Task<DeltaErrorKind> KindOfAsync(Func<Task> action) => (await Assert.ThrowsAsync<DeltaException>(action)).Kind;
}
