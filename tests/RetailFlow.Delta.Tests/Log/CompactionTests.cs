using System.Globalization;
using System.Text;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class CompactionTests
{
    private const int Commits = 24;

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public async Task Log_with_compactions_replays_to_the_same_state_at_every_version(int seed)
    {
        var random = new Random(seed);
        var table = new TestTable();
        var expected = await FillAsync(table, random, checkpoints: seed % 2 == 0);
        for (var i = 0; i < 8; i++)
        {
            var first = random.Next(Commits);
            await CompactAsync(table, first, first + 1 + random.Next(Commits - first));
        }

        for (var version = 0; version <= Commits; version++)
        {
            var loaded = await table.Log.LoadAsync(TimeTravel.Version(version));
            Assert.Equal(expected[version], SnapshotContent.Of(loaded));
            Assert.Equal(version, loaded.LastCommit!.OperationParameters["step"] is { } step ? int.Parse(step, CultureInfo.InvariantCulture) : -1);
        }
    }

    [Fact]
    public async Task Compaction_shortens_the_replay_and_bridges_missing_commits()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var table = new TestTable(store);
        var expected = await FillAsync(table, new Random(1), checkpoints: false);
        await CompactAsync(table, 1, 10);
        await CompactAsync(table, 1, 20);
        var before = store.Calls(StoreOperation.Read);

        Assert.Equal(expected[Commits], SnapshotContent.Of(await table.Log.LoadAsync()));

        // The hint that is not there, version 0, the longer compaction, four commits.
        Assert.Equal(before + 7, store.Calls(StoreOperation.Read));
        await store.DeleteAsync(TestTable.CommitPath(5));
        Assert.Equal(expected[Commits], SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Damaged_compaction_gives_way_to_the_commits()
    {
        var table = new TestTable();
        var expected = await FillAsync(table, new Random(2), checkpoints: false);
        await table.Store.PutAsync(Path(1, 9), "{\"add\":"u8.ToArray());

        Assert.Equal(expected[Commits], SnapshotContent.Of(await table.Log.LoadAsync()));
        await table.Store.DeleteAsync(TestTable.CommitPath(5));
        Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync())).Kind);
    }

    private static string Path(long first, long last) =>
        string.Create(CultureInfo.InvariantCulture, $"{TestTable.Path}/_delta_log/{first:D20}.{last:D20}.compacted.json");

    private static async Task<List<string[]>> FillAsync(TestTable table, Random random, bool checkpoints)
    {
        var states = new List<string[]>();
        var protocol = DeltaActionJson.ToJson(new Protocol(1, 7, null, new HashSet<string> { "domainMetadata" }));
        var live = new List<string>();
        for (var version = 0; version <= Commits; version++)
        {
            var info = DeltaActionJson.ToJson(new CommitInfo { OperationParameters = new Dictionary<string, string> { ["step"] = version.ToString(CultureInfo.InvariantCulture) } });
            List<string> lines = version == 0 ? [info, protocol, DeltaActionJson.ToJson(TestTable.MetadataOf())] : [info];
            foreach (var path in live.Where(_ => random.Next(5) == 0).ToList())
            {
                live.Remove(path);
                lines.Add(DeltaActionJson.ToJson(new RemoveFile { Path = path, DeletionTimestamp = TestTable.Start.ToUnixTimeMilliseconds() }));
            }

            for (var i = random.Next(4); i > 0; i--)
            {
                var path = "f" + random.Next(30);
                if (!live.Contains(path) && !lines.Exists(l => l.Contains($"\"{path}\"", StringComparison.Ordinal)))
                {
                    live.Add(path);
                    lines.Add(DeltaActionJson.ToJson(TestTable.File(path, size: version)));
                }
            }

            if (random.Next(3) == 0)
            {
                lines.Add(DeltaActionJson.ToJson(new DomainMetadata("d" + random.Next(3), "", random.Next(2) == 0)));
            }

            if (random.Next(3) == 0)
            {
                lines.Add(DeltaActionJson.ToJson(new SetTransaction("a" + random.Next(3), version)));
            }

            await table.PutCommitAsync(version, [.. lines]);
            var snapshot = await table.Log.LoadAsync();
            states.Add(SnapshotContent.Of(snapshot));
            if (checkpoints && version > 0 && version % 7 == 0)
            {
                await table.Log.CheckpointAsync(snapshot);
            }
        }

        return states;
    }

    /// <summary>Reconciles by text: of the lines about one thing the last one stays.</summary>
    private static async Task CompactAsync(TestTable table, long first, long last)
    {
        var lines = new Dictionary<string, string>();
        for (var version = first; version <= Math.Min(last, Commits); version++)
        {
            foreach (var line in await table.CommitLinesAsync(version))
            {
                var action = DeltaActionJson.Parse(Encoding.UTF8.GetBytes(line));
                if (action is not CommitInfo)
                {
                    lines[action switch
                    {
                        AddFile add => "file " + add.Path,
                        RemoveFile remove => "file " + remove.Path,
                        SetTransaction transaction => "txn " + transaction.AppId,
                        DomainMetadata domain => "domain " + domain.Domain,
                        _ => action!.GetType().Name,
                    }] = line;
                }
            }
        }

        await table.Store.PutAsync(Path(first, Math.Min(last, Commits)), Encoding.UTF8.GetBytes(string.Join('\n', lines.Values)));
    }
}
