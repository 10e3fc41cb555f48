using System.Text;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class V2CheckpointTests
{
    private const string Log = TestTable.Path + "/_delta_log/";
    private const string Uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    private const string JsonName = "00000000000000000003.checkpoint." + Uuid + ".json";
    private const string ParquetName = "00000000000000000003.checkpoint." + Uuid + ".parquet";
    private const string ClassicName = "00000000000000000003.checkpoint.parquet";

    private static readonly Protocol V2 = new(3, 7, new HashSet<string> { "v2Checkpoint" }, new HashSet<string> { "v2Checkpoint", "domainMetadata" });

    [Theory]
    [InlineData(JsonName, 0)]
    [InlineData(JsonName, 1)]
    [InlineData(JsonName, 3)]
    [InlineData(ParquetName, 0)]
    [InlineData(ParquetName, 2)]
    [InlineData(ClassicName, 0)]
    [InlineData(ClassicName, 2)]
    public async Task Checkpoint_of_any_name_and_number_of_sidecars_is_read(string name, int sidecars)
    {
        var (table, snapshot) = await TableAsync();
        await PutCheckpointAsync(table, snapshot, name, sidecars);
        await DeleteCommitsAsync(table, before: 3);

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Sidecar_may_be_named_by_an_encoded_path()
    {
        var (table, snapshot) = await TableAsync();
        var lines = TopLevel(snapshot).Append("""{"sidecar":{"path":"a%20b.parquet","sizeInBytes":1,"modificationTime":1}}""");
        await PutAsync(table, ParquetName, lines);
        await PutAsync(table, "_sidecars/a b.parquet", AboutFiles(snapshot));
        await DeleteCommitsAsync(table, before: 3);

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Sidecar_may_be_named_by_an_absolute_path_below_the_store()
    {
        using var folder = new TemporaryDirectory();
        var (table, snapshot) = await TableAsync(new LocalObjectStore(folder.Path));
        var uri = $"file://{folder.Path}/{Log}_sidecars/a%20b.parquet";
        await PutAsync(table, ParquetName, TopLevel(snapshot).Append($$$"""{"sidecar":{"path":"{{{uri}}}","sizeInBytes":1,"modificationTime":1}}"""));
        await PutAsync(table, "_sidecars/a b.parquet", AboutFiles(snapshot));
        await DeleteCommitsAsync(table, before: 3);

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Theory]
    [InlineData("missing sidecar")]
    [InlineData("broken sidecar")]
    [InlineData("sidecar with a protocol")]
    [InlineData("absolute sidecar")]
    [InlineData("no checkpointMetadata")]
    [InlineData("no protocol")]
    [InlineData("other version")]
    [InlineData("cut off")]
    public async Task Damaged_checkpoint_gives_way_to_another_or_to_the_commits_and_is_never_read_in_part(string damage)
    {
        var (table, snapshot) = await TableAsync();
        await PutCheckpointAsync(table, snapshot, JsonName, sidecars: 2);
        await DamageAsync(table, snapshot, damage);

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));

        // Without the commits before it, only another checkpoint helps; without that one, nothing does.
        await DeleteCommitsAsync(table, before: 3);
        Assert.Contains((await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync())).Kind, new[] { DeltaErrorKind.Corrupt, DeltaErrorKind.UnsupportedFeature });
        await PutCheckpointAsync(table, snapshot, "00000000000000000003.checkpoint.90a083e8-7026-4e79-81be-64bd76c43a11.parquet", sidecars: 0);
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Checkpoint_that_cannot_be_used_still_proves_its_version()
    {
        var (table, snapshot) = await TableAsync();
        await PutCheckpointAsync(table, snapshot, JsonName, sidecars: 0);
        await PutAsync(table, JsonName, ["{\"add\":"]);
        await table.Store.DeleteAsync(TestTable.CommitPath(3));

        Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync())).Kind);
    }

    [Fact]
    public async Task Older_checkpoint_and_the_commits_after_it_replace_a_damaged_one()
    {
        var (table, snapshot) = await TableAsync();
        await table.Log.CheckpointAsync(await table.Log.LoadAsync(TimeTravel.Version(1)));
        await PutAsync(table, ClassicName, ["{\"add\":"]);
        await table.Store.PutAsync(Log + "_last_checkpoint", "{\"version\":3}"u8.ToArray());
        await DeleteCommitsAsync(table, before: 1);

        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Catalog_managed_table_is_refused_by_name()
    {
        var table = new TestTable();
        await table.PutCommitAsync(
            0,
            DeltaActionJson.ToJson(new Protocol(3, 7, new HashSet<string> { "catalogManaged", "v2Checkpoint" }, new HashSet<string> { "catalogManaged", "v2Checkpoint" })),
            DeltaActionJson.ToJson(TestTable.MetadataOf()));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync());

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.EndsWith("not supported: catalogManaged.", error.Message, StringComparison.Ordinal);
    }

    private static async Task<(TestTable Table, Snapshot Snapshot)> TableAsync(IObjectStore? store = null)
    {
        var table = new TestTable(store);
        await table.PutCommitAsync(0, DeltaActionJson.ToJson(V2), DeltaActionJson.ToJson(TestTable.MetadataOf()), Add("a"), Add("b"), Add("c"));
        await table.PutCommitAsync(1, Add("d"), """{"txn":{"appId":"x","version":4}}""", """{"domainMetadata":{"domain":"d","configuration":"{}","removed":false}}""");
        await table.PutCommitAsync(2, """{"remove":{"path":"a","deletionTimestamp":5,"dataChange":true}}""", Add("e"));
        await table.PutCommitAsync(3, """{"remove":{"path":"b","deletionTimestamp":6,"dataChange":true}}""");
        return (table, await table.Log.LoadAsync());
    }

    private static string Add(string path) => DeltaActionJson.ToJson(TestTable.File(path));

    private static IEnumerable<string> TopLevel(Snapshot snapshot) =>
        CheckpointContent.AboutTheTable(snapshot.State).Append(new CheckpointMetadata(snapshot.Version)).Select(DeltaActionJson.ToJson);

    private static IEnumerable<string> AboutFiles(Snapshot snapshot) => CheckpointContent.AboutFiles(snapshot.State).Select(DeltaActionJson.ToJson);

    private static async Task PutCheckpointAsync(TestTable table, Snapshot snapshot, string name, int sidecars)
    {
        var files = AboutFiles(snapshot).ToList();
        var top = TopLevel(snapshot).ToList();
        for (var i = 0; i < sidecars; i++)
        {
            await PutAsync(table, $"_sidecars/s{i}.parquet", files.Where((_, at) => at % sidecars == i));
            top.Add(DeltaActionJson.ToJson(new Sidecar($"s{i}.parquet", 1, 1)));
        }

        await PutAsync(table, name, sidecars == 0 ? top.Concat(files) : top);
    }

    private static async Task DamageAsync(TestTable table, Snapshot snapshot, string damage)
    {
        var lines = Encoding.UTF8.GetString((await table.Store.ReadAsync(Log + JsonName))!).Split('\n').ToList();
        switch (damage)
        {
            case "missing sidecar":
                await table.Store.DeleteAsync(Log + "_sidecars/s1.parquet");
                return;
            case "broken sidecar":
                await PutAsync(table, "_sidecars/s1.parquet", ["PAR1"]);
                return;
            case "sidecar with a protocol":
                await PutAsync(table, "_sidecars/s1.parquet", AboutFiles(snapshot).Append(DeltaActionJson.ToJson(V2)));
                return;
            case "absolute sidecar":
                lines.Add(DeltaActionJson.ToJson(new Sidecar("s3://elsewhere/s.parquet", 1, 1)));
                break;
            case "no checkpointMetadata":
                lines.RemoveAll(l => l.Contains("checkpointMetadata", StringComparison.Ordinal));
                break;
            case "no protocol":
                lines.RemoveAll(l => l.Contains("protocol", StringComparison.Ordinal));
                break;
            case "other version":
                lines = [.. lines.Select(l => l.Replace("{\"version\":3}", "{\"version\":2}", StringComparison.Ordinal))];
                break;
            case "cut off":
                lines[^1] = lines[^1][..^9];
                break;
        }

        await PutAsync(table, JsonName, lines);
    }

    private static async Task DeleteCommitsAsync(TestTable table, long before)
    {
        for (var version = 0; version < before; version++)
        {
            await table.Store.DeleteAsync(TestTable.CommitPath(version));
        }
    }

    private static async Task PutAsync(TestTable table, string name, IEnumerable<string> lines) =>
        await table.Store.PutAsync(Log + name, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
}
