using System.Text;

namespace RetailFlow.Delta.Tests;

public sealed class V2WritingTests
{
    public static readonly Protocol Protocol = new(3, 7, new HashSet<string> { "v2Checkpoint" }, new HashSet<string> { "v2Checkpoint" });

    private const string Log = TestTable.Path + "/_delta_log/";

    [Theory]
    [InlineData(true, "v2", true)]
    [InlineData(true, "classic", false)]
    [InlineData(false, "v2", false)]
    public async Task Feature_and_property_together_make_a_checkpoint_of_the_second_kind(bool feature, string policy, bool second)
    {
        var table = new TestTable(checkpointInterval: 2);
        var head = DeltaActionJson.ToJson(feature ? Protocol : new Protocol(1, 2));
        await table.PutCommitAsync(0, head, DeltaActionJson.ToJson(TestTable.MetadataOf(configuration: ("delta.checkpointPolicy", policy))));
        var snapshot = await table.AppendAsync(await table.Log.LoadAsync(), TestTable.File("a"), TestTable.File("b"));
        snapshot = await table.RemoveAsync(snapshot, "a");

        var names = await NamesAsync(table);

        Assert.Equal(second ? 1 : 0, names.Count(n => n.StartsWith("_sidecars/", StringComparison.Ordinal)));
        Assert.Equal(second ? 0 : 1, names.Count(n => n == "00000000000000000002.checkpoint.parquet"));
        Assert.Equal(second ? 1 : 0, names.Count(n => n.StartsWith("00000000000000000002.checkpoint.0", StringComparison.Ordinal)));
        await table.Store.DeleteAsync(TestTable.CommitPath(0));
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Every_tenth_checkpoint_has_the_name_that_older_clients_know()
    {
        var table = new TestTable(checkpointInterval: 3);
        await table.PutCommitAsync(0, DeltaActionJson.ToJson(Protocol), DeltaActionJson.ToJson(TestTable.MetadataOf(configuration: ("delta.checkpointPolicy", "v2"))));
        var snapshot = await table.Log.LoadAsync();
        for (var version = 1; version <= 33; version++)
        {
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + version));
        }

        var checkpoints = (await NamesAsync(table)).Where(n => n.Contains(".checkpoint.", StringComparison.Ordinal)).ToList();

        Assert.Equal(11, checkpoints.Count);
        Assert.Equal(["00000000000000000030.checkpoint.parquet"], checkpoints.Where(n => n.EndsWith(".checkpoint.parquet", StringComparison.Ordinal)));
        var text = Encoding.UTF8.GetString((await table.Store.ReadAsync(Log + "00000000000000000030.checkpoint.parquet"))!);
        Assert.StartsWith("{\"checkpointMetadata\":{\"version\":30}}\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"add\"", text, StringComparison.Ordinal);
        Assert.Equal(30, (await table.Log.LoadAsync(TimeTravel.Version(30))).FileCount);
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    private static async Task<List<string>> NamesAsync(TestTable table)
    {
        var names = new List<string>();
        await foreach (var info in table.Store.ListAsync(Log))
        {
            names.Add(info.Path[Log.Length..]);
        }

        return names;
    }
}
