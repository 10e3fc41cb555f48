using System.Text;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>A retry gets the answer that it got the first time, whichever way the record came, and whatever became of the index.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync() => await _node.InitializeAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task What_was_landed_as_a_file_while_the_node_runs_is_a_duplicate_or_a_conflict_at_the_door()
    {
        const string Csv = "source,event_id,line,type,sku,location,quantity,event_time\nwms,f1,0,receipt,A,L,4,2026-01-01T00:00:00Z\nwms,f2,0,receipt,A,L,6,2026-01-01T00:00:00Z\n";
        await _node.Host.State.Lake!.Landing.LandBytesAsync("inventory", "wms", "b1", "csv", new MemoryStream(Encoding.UTF8.GetBytes(Csv)), default);
        await _node.CarriedAsync("A", (await _node.PostAsync("till", NodeFixture.Sale("1"))).Sequence);

        var again = await _node.PostAsync(
            "wms",
            NodeFixture.Record("f1", "receipt", "A", "L", "4", "2026-01-01T00:00:00Z"),
            NodeFixture.Record("f2", "receipt", "A", "L", "7", "2026-01-01T00:00:00Z"));

        Assert.Equal((0, 1), (again.Accepted, again.Duplicates));
        Assert.Equal([(1, "identity_conflict")], again.Quarantined);
    }

    [Theory]
    [InlineData("kept")]
    [InlineData("removed")]
    [InlineData("damaged")]
    [InlineData("without a manifest")]
    public async Task A_retry_after_a_restart_gets_the_same_answer_with_an_index_that_is(string state)
    {
        await RestAsync();
        var first = await _node.PostAsync("till", [.. Enumerable.Range(0, 50).Select(i => NodeFixture.Sale($"{i}"))]);
        await _node.CarriedAsync("A", first.Sequence);
        await _node.StopAsync();
        var folder = Path.Combine(_node.LakePath, ".index", "identities", "lake");
        var run = Assert.Single(Directory.GetFiles(folder, "*.run"));
        var whole = await File.ReadAllBytesAsync(run, TestContext.Current.CancellationToken);
        switch (state)
        {
            case "removed":
                Directory.Delete(Path.Combine(_node.LakePath, ".index"), recursive: true);
                break;
            case "damaged":
                byte[] damaged = [.. whole];
                damaged[100] ^= 1;
                await File.WriteAllBytesAsync(run, damaged, TestContext.Current.CancellationToken);
                break;
            case "without a manifest":
                File.Delete(Path.Combine(folder, "manifest.json"));
                break;
            default:
                break;
        }

        var written = File.GetLastWriteTimeUtc(run);
        await _node.StartAsync();
        Assert.Equal(whole, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(folder, "*.run")), TestContext.Current.CancellationToken));
        Assert.Equal(state == "kept", File.GetLastWriteTimeUtc(run) == written);
        var again = await _node.PostAsync("till", [.. Enumerable.Range(0, 51).Select(i => NodeFixture.Sale($"{i}", quantity: i == 7 ? "2" : "1"))]);

        Assert.Equal((1, 49), (again.Accepted, again.Duplicates));
        Assert.Equal([(7, "identity_conflict")], again.Quarantined);
    }

    [Fact]
    public async Task Records_that_silver_has_and_gold_has_not_are_not_taken_for_their_own_duplicates()
    {
        await RestAsync();
        var first = await _node.PostAsync("till", NodeFixture.Sale("1"), NodeFixture.Sale("2"));
        await _node.CarriedAsync("A", first.Sequence);
        await _node.PostAsync("till", NodeFixture.Sale("3"));
        await _node.Host.State.Intake!.RegisterAsync(_node.Host.State.Lake!, default);
        await _node.Host.State.Lake!.Pipeline.RunAsync(new Lakehouse.Models.RunOptions { Select = "inventory inventory_events" }, default);

        await _node.CrashAsync();

        Assert.Equal("-3 0 0 0", await _node.TotalAsync("A"));
        var again = await _node.PostAsync("till", NodeFixture.Sale("3"), NodeFixture.Sale("3", quantity: "2"));
        Assert.Equal((0, 1, 1), (again.Accepted, again.Duplicates, again.Quarantined.Count));
    }

    /// <summary>Lets the pipeline run only when it is asked to.</summary>
    private async Task RestAsync()
    {
        await _node.StopAsync();
        _node.Configure = options => options with { RunInterval = TimeSpan.FromHours(1) };
        await _node.StartAsync();
    }
}
