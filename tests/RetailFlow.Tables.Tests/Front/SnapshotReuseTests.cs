using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using RetailFlow.Testing.Storage;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Front;

public sealed class SnapshotReuseTests : FrontTests
{
    private static readonly TableDefinition Numbers = new()
    {
        Schema = new([Long("id")]),
        Properties = new Dictionary<string, string> { ["delta.checkpointInterval"] = "1000" },
    };

    [Fact]
    public async Task Later_call_reads_only_the_commits_that_followed()
    {
        var store = new FaultInjectingObjectStore(Store, FaultPlan.None);
        using var session = Open(store, "counted");
        var ours = DeltaTable.Open(session, "t");
        await ours.CreateAsync(Numbers);
        await AppendAsync(DeltaTable.Open(Session, "t"), 0, 12);
        Assert.Equal(12, (await ours.LoadAsync()).FileCount);

        var (reads, ranges, lists) = Calls(store);
        var again = await DeltaTable.Open(session, "t").LoadAsync();
        var unchanged = Calls(store);
        await AppendAsync(DeltaTable.Open(Session, "t"), 12, 3);
        var later = await ours.LoadAsync();

        Assert.Equal((12, 15), (again.FileCount, later.FileCount));
        Assert.Equal((reads + 1, ranges + 1, lists), unchanged);
        Assert.Equal((reads + 1 + 4, ranges + 2, lists), Calls(store));
    }

    [Fact]
    public async Task Own_commit_is_known_to_the_next_statement()
    {
        var store = new FaultInjectingObjectStore(Store, FaultPlan.None);
        using var session = Open(store, "counted");
        var table = DeltaTable.Open(session, "t");
        await table.CreateAsync(Numbers);
        await AppendAsync(table, 0, 5);
        var (reads, ranges, lists) = Calls(store);

        await table.UpdateAsync(new Dictionary<string, string> { ["id"] = "100" }, "id = 3");

        // The probe for a later commit, and the head of the one that is known.
        Assert.Equal((reads + 1, ranges + 1, lists), Calls(store));
        Assert.Equal(["0", "1", "100", "2", "4"], await RowsAsync(table));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(20)]
    public async Task Table_that_was_dropped_and_created_again_is_not_taken_for_the_old_one(int commits)
    {
        var table = DeltaTable.Open(Session, "t");
        await table.CreateAsync(Numbers);
        await AppendAsync(table, 0, 9);
        await DropAsync();
        using var other = Open(Store, "other");
        var created = DeltaTable.Open(other, "t");
        await created.CreateAsync(Numbers with { Schema = new([Long("id"), Text("name")]) });
        await AppendAsync(created, 1_000, commits);

        var loaded = await table.LoadAsync();

        Assert.Equal((commits, commits, 2), (loaded.Version, loaded.FileCount, loaded.Schema.Fields.Count));
        Assert.Equal(await RowsAsync(created), await RowsAsync(table));
        await table.AppendAsync("select 5 as id, 'x' as name");
        Assert.Equal(commits + 1, (await RowsAsync(created)).Length);
    }

    [Fact]
    public async Task Table_that_is_gone_is_an_error_until_it_is_back()
    {
        var table = DeltaTable.Open(Session, "t");
        await table.CreateAsync(Numbers);
        await AppendAsync(table, 0, 3);
        await DropAsync();

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.LoadAsync());
        await table.CreateAsync(Numbers);

        Assert.Equal(DeltaErrorKind.TableNotFound, error.Kind);
        Assert.Equal((0, 0), ((int)(await table.LoadAsync()).Version, (await table.LoadAsync()).FileCount));
    }

    [Fact]
    public async Task Log_that_was_cleaned_up_past_the_known_version_is_loaded_anew()
    {
        var table = DeltaTable.Open(Session, "t");
        await table.CreateAsync(Numbers);
        await AppendAsync(table, 0, 2);
        using var other = Open(Store, "other");
        var writer = DeltaTable.Open(other, "t");
        await AppendAsync(writer, 2, 4);
        var checkpoint = await writer.CheckpointAsync();
        for (var version = 0; version < checkpoint; version++)
        {
            await Store.DeleteAsync(string.Create(CultureInfo.InvariantCulture, $"t/_delta_log/{version:D20}.json"));
        }

        Assert.Equal(["0", "1", "2", "3", "4", "5"], await RowsAsync(table));
    }

    [Fact]
    public async Task Callers_at_once_see_their_own_commits_and_never_go_back()
    {
        var table = DeltaTable.Open(Session, "t");
        await table.CreateAsync(Numbers);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(caller => Task.Run(async () =>
        {
            var seen = 0L;
            for (var i = 0; i < 4; i++)
            {
                var report = await table.AppendAsync(string.Create(CultureInfo.InvariantCulture, $"select {(caller * 10) + i} as id"));
                var version = (await table.LoadAsync()).Version;
                Assert.True(version >= report.Version && version >= seen, $"Saw {version} after {seen} and after committing {report.Version}.");
                seen = version;
            }
        })));

        Assert.Equal((12L, 12), ((await table.LoadAsync()).Version, (await RowsAsync(table)).Length));
    }

    [Fact]
    public async Task Snapshots_in_memory_name_no_more_files_than_was_allowed()
    {
        var small = new DeltaTablesOptions { WorkFolder = System.IO.Path.GetTempPath(), KnownFiles = 8 };
        var known = new KnownSnapshots(small.KnownFiles);
        var snapshots = new List<Snapshot>();
        foreach (var (path, files) in new[] { ("a", 3), ("b", 3), ("c", 8) })
        {
            var table = DeltaTable.Open(Session, path);
            await table.CreateAsync(Numbers);
            await AppendAsync(table, 0, files);
            snapshots.Add(await table.LoadAsync());
        }

        known.Keep(snapshots[0], null);
        known.Keep(snapshots[1], null);
        Assert.Equal((8L, "a", "b"), (known.Files, known.Find("a")?.TablePath, known.Find("b")?.TablePath));
        known.Keep(snapshots[0], snapshots[0]);
        known.Keep(snapshots[2], null);
        Assert.Equal((8L, true, null), (known.Files, ReferenceEquals(snapshots[0], known.Find("a")), known.Find("c")));
        var one = DeltaTable.Open(Session, "d");
        known.Keep(await one.CreateAsync(Numbers), null);

        // What was asked for longest ago went.
        Assert.Equal((5L, null, "a", "d"), (known.Files, known.Find("b"), known.Find("a")?.TablePath, known.Find("d")?.TablePath));
    }

    private static (int Reads, int Ranges, int Lists) Calls(FaultInjectingObjectStore store) =>
        (store.Calls(StoreOperation.Read), store.Calls(StoreOperation.ReadRange), store.Calls(StoreOperation.List));

    private static async Task AppendAsync(DeltaTable table, int first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await table.AppendAsync(string.Create(CultureInfo.InvariantCulture, $"select {first + i} as id"));
        }
    }

    private async Task DropAsync()
    {
        var names = new List<string>();
        await foreach (var found in Store.ListAsync("t/"))
        {
            names.Add(found.Path);
        }

        foreach (var name in names)
        {
            await Store.DeleteAsync(name);
        }
    }
}
