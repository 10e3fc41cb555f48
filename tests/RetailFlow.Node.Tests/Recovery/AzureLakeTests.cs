using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Stores;
using RetailFlow.Storage;
using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>A node on a lake in a container: its journal is in a folder of this machine, and all of it comes into the lake.</summary>
public sealed class AzureLakeTests(AzuriteServer server) : IClassFixture<AzuriteServer>, IAsyncDisposable
{
    private readonly NodeFixture _node = new();
    private readonly TemporaryDirectory _local = new();

    [Fact]
    public async Task What_a_node_acknowledges_comes_into_the_lake_byte_for_byte_over_restarts_and_a_lost_disk()
    {
        var url = await server.CreateContainerAsync() + "/lake";
        _node.Configure = options => On(options, url, "first");
        await _node.StartAsync();
        var one = await _node.PostAsync("till", NodeFixture.Record("1", "receipt", "A", "L", "10", "2026-01-01T00:00:00Z"), NodeFixture.Sale("2"), "not a record");
        await _node.CarriedAsync("A", one.Sequence);
        await _node.PostAsync("till", NodeFixture.Sale("3"));
        await _node.StopAsync();
        await _node.StartAsync();
        var two = await _node.PostAsync("till", NodeFixture.Sale("3"), NodeFixture.Sale("4"));
        Assert.Equal((1, 1), (two.Accepted, two.Duplicates));
        Assert.Equal(one.Sequence + 3, two.Sequence);
        Assert.Equal("7", (await _node.CarriedAsync("A", two.Sequence)).GetProperty("total").GetProperty("on_hand").GetRawText());

        var elsewhere = await Assert.ThrowsAsync<LakeException>(() => NodeHost.StartAsync(On(_node.Options(url), url, "second"), CancellationToken.None));
        Assert.Equal(LakeErrorKind.Conflict, elsewhere.Kind);
        Assert.Contains("--take-over", elsewhere.Message, StringComparison.Ordinal);
        await _node.StopAsync();
        Assert.Equal(await LocalJournalAsync("first"), await ShippedJournalAsync(url));

        _node.Configure = options => On(options, url, "second") with { TakeOver = true };
        await _node.StartAsync();
        var three = await _node.PostAsync("till", NodeFixture.Sale("4"), NodeFixture.Sale("5"));
        Assert.Equal((1, 1), (three.Accepted, three.Duplicates));
        Assert.Equal(two.Sequence + 2, three.Sequence);
        Assert.Equal("6", (await _node.CarriedAsync("A", three.Sequence)).GetProperty("total").GetProperty("on_hand").GetRawText());
        await _node.StopAsync();
        Assert.Equal(await LocalJournalAsync("first") + await LocalJournalAsync("second"), await ShippedJournalAsync(url));

        var late = await Assert.ThrowsAsync<LakeException>(() => NodeHost.StartAsync(On(_node.Options(url), url, "first"), CancellationToken.None));
        Assert.Equal(LakeErrorKind.Conflict, late.Kind);
        await using var lake = await Lake.OpenAsync(On(_node.Options(url), url, "third").Lake);
        Assert.True((await lake.Reconciliation.RunAsync(default)).Holds);
        await lake.Pipeline.RunAsync(new() { FullRefresh = true }, default);
        Assert.Equal(6, Assert.Single((await lake.Stock.GetAsync(["A"], null, null, default)).Rows).OnHand);
    }

    [Fact]
    public async Task A_node_whose_journal_was_taken_over_registers_nothing_more()
    {
        var url = await server.CreateContainerAsync();
        _node.Configure = options => On(options, url, "first") with { RunInterval = TimeSpan.FromHours(1) };
        await _node.StartAsync();
        await _node.PostAsync("till", NodeFixture.Sale("1"));
        await using var other = await Lake.OpenAsync(On(_node.Options(url), url, "second").Lake);
        await other.Landing.OpenJournalAsync(takeOver: true, default);

        await _node.StopAsync();

        Assert.Contains("taken over", _node.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await other.Landing.JournalPositionAsync(default));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _local.Dispose();
    }

    private NodeOptions On(NodeOptions options, string url, string machine) => options with
    {
        Lake = options.Lake with { LakePath = url, Remote = new RemoteOptions { Folder = _local.File(machine), Variable = server.Environment } },
    };

    private async Task<string> LocalJournalAsync(string machine)
    {
        var segments = Directory.GetFiles(_local.File(machine), "journal-*.ndjson", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        return string.Concat(await Task.WhenAll(segments.Select(segment => File.ReadAllTextAsync(segment))));
    }

    /// <summary>The objects of RAW in the order of their sequences.</summary>
    private async Task<string> ShippedJournalAsync(string url)
    {
        await using var lake = await Lake.OpenAsync(On(_node.Options(url), url, "reader").Lake);
        var objects = new List<ObjectInfo>();
        await foreach (var item in lake.Store.ListAsync("raw/journal/"))
        {
            objects.Add(item);
        }

        var text = "";
        foreach (var item in objects.OrderBy(item => Path.GetFileName(item.Path), StringComparer.Ordinal))
        {
            text += System.Text.Encoding.UTF8.GetString((await lake.Store.ReadAsync(item.Path))!);
        }

        return text;
    }
}
