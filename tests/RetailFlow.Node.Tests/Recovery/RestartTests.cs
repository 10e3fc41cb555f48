using System.Net;
using RetailFlow.Lakehouse;
using RetailFlow.Node.Tests.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

public sealed class RestartTests : IAsyncLifetime
{
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync() => await _node.InitializeAsync();

    [Fact]
    public async Task A_restarted_node_knows_every_identity_and_goes_on_with_the_sequence()
    {
        var inSilver = await _node.PostAsync("till", NodeFixture.Sale("1"), NodeFixture.Sale("2"));
        await _node.CarriedAsync("A", inSilver.Sequence);
        var justTaken = await _node.PostAsync("till", NodeFixture.Sale("3"), NodeFixture.Sale("3", quantity: "2"));
        Assert.Equal((1, 1), (justTaken.Accepted, justTaken.Quarantined.Count));
        await _node.StopAsync();
        await _node.StartAsync();

        var again = await _node.PostAsync(
            "till", NodeFixture.Sale("1"), NodeFixture.Sale("2", quantity: "2"), NodeFixture.Sale("3"), NodeFixture.Sale("4"));

        Assert.Equal((1, 2), (again.Accepted, again.Duplicates));
        Assert.Equal([(1, "identity_conflict")], again.Quarantined);
        Assert.Equal(justTaken.Sequence + 4, again.Sequence);
        var stock = await _node.CarriedAsync("A", again.Sequence);
        Assert.Equal("-4", stock.GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Fact]
    public async Task A_restarted_node_gives_every_field_and_every_refused_void_the_verdict_it_gave_before()
    {
        const string Full =
            """{"event_id":"f","line":3,"type":"adjustment","sku":"ä\u0022","location":"L","quantity":"-1.50","event_time":"2026-01-02T03:04:05.678901+02:00","reference":"r","reason":"x, y","unit_cost":1.25,"channel":"web","attributes":{"b":[1,2.50],"a":null},"extra":1}""";
        const string Void = """{"event_id":"v1","type":"void","sku":"A","location":"L","quantity":1,"event_time":"2026-01-02T00:00:00Z","voids":{"event_id":"1"}}""";
        const string VoidOfVoid = """{"event_id":"v2","type":"void","sku":"A","location":"L","quantity":1,"event_time":"2026-01-02T00:00:00Z","voids":{"event_id":"v1"}}""";
        string[] records = [Full, NodeFixture.Sale("1"), Void, VoidOfVoid];
        var first = await _node.PostAsync("till", records);
        Assert.Equal(3, first.Accepted);
        Assert.Equal([(3, "void_of_void")], first.Quarantined);
        await _node.StopAsync();
        await _node.StartAsync();

        var again = await _node.PostAsync("till", [.. records, VoidOfVoid.Replace("\"v1\"}", "\"other\"}", StringComparison.Ordinal)]);

        Assert.Equal((0, 3), (again.Accepted, again.Duplicates));
        Assert.Equal([(3, "void_of_void"), (4, "identity_conflict")], again.Quarantined);
        var stock = await _node.CarriedAsync("A", again.Sequence);
        Assert.Equal("0", stock.GetProperty("total").GetProperty("on_hand").GetRawText());
        var silver = await _node.QueryAsync("SELECT count(*) AS n FROM silver.inventory_events");
        Assert.Equal(3, silver[0].GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task A_clean_stop_leaves_gold_up_to_date()
    {
        await _node.PostAsync("till", NodeFixture.Sale("1", sku: "LAST"));
        await _node.StopAsync();

        await using var lake = await Lake.OpenAsync(_node.Options(_node.LakePath).Lake, CancellationToken.None);
        var sheet = await lake.Stock.GetAsync(["LAST"], null, null, CancellationToken.None);

        Assert.Equal(-1, Assert.Single(sheet.Rows).OnHand);
    }

    [Fact]
    public async Task A_node_whose_segments_are_gone_does_not_give_their_sequences_again()
    {
        var taken = await _node.PostAsync("till", NodeFixture.Sale("1"));
        await _node.CarriedAsync("A", taken.Sequence);
        await _node.StopAsync();
        Directory.Delete(Path.Combine(_node.LakePath, "raw"), recursive: true);

        var refused = await Assert.ThrowsAsync<LakeException>(_node.StartAsync);

        Assert.Equal(LakeErrorKind.Corrupt, refused.Kind);
        Assert.Contains("segments are missing", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_node_on_one_lake_is_refused()
    {
        var refused = await Assert.ThrowsAnyAsync<IOException>(() => NodeHost.StartAsync(_node.Options(_node.LakePath), CancellationToken.None));

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await _node.PostAsync("till", NodeFixture.Sale("1"))).Accepted);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_said_in_one_line()
    {
        var options = _node.Options(_node.LakePath + "-2") with { Urls = _node.Host.Address.ToString().TrimEnd('/') };

        var refused = await Assert.ThrowsAsync<LakeException>(() => NodeHost.StartAsync(options, CancellationToken.None));

        Assert.Equal(LakeErrorKind.Unavailable, refused.Kind);
        Assert.Contains("Cannot listen", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1/path")]
    public async Task An_address_that_is_none_is_refused(string urls)
    {
        var refused = await Assert.ThrowsAsync<LakeException>(
            () => NodeHost.StartAsync(_node.Options(_node.LakePath + "-3") with { Urls = urls }, CancellationToken.None));

        Assert.Equal(LakeErrorKind.Configuration, refused.Kind);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_whether_its_length_is_told_or_not()
    {
        await _node.StopAsync();
        _node.Configure = options => options with { MaxBodyBytes = 1000 };
        await _node.StartAsync();
        var body = new byte[1001];
        Array.Fill(body, (byte)' ');

        using var told = await _node.Client.PostAsync(new Uri("/v1/events", UriKind.Relative), new ByteArrayContent(body));
        await Problems.AssertAsync(told, HttpStatusCode.RequestEntityTooLarge, "1000");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = true;
        using var untold = await _node.Client.SendAsync(request);
        await Problems.AssertAsync(untold, HttpStatusCode.RequestEntityTooLarge, "1000");
    }

    [Fact]
    public async Task A_sequence_that_gold_does_not_reach_in_time_is_unavailable_and_not_a_stale_answer()
    {
        await _node.StopAsync();
        _node.Configure = options => options with { SequenceTimeout = TimeSpan.FromMilliseconds(50) };
        await _node.StartAsync();

        using var response = await _node.Client.GetAsync(new Uri("/v1/stock/A?min_sequence=1000000", UriKind.Relative));

        await Problems.AssertAsync(response, HttpStatusCode.ServiceUnavailable, "1000000");
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
