using System.Globalization;
using System.Net;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class StockStreamTests(ReservationTests.Node node) : IClassFixture<ReservationTests.Node>
{
    [Fact]
    public async Task A_stream_begins_with_what_there_is_and_goes_on_with_each_change_as_a_read_gives_it()
    {
        await ReceiveAsync("NEW-1", "5");
        await using var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=NEW-1&sku=NEW-2");

        Assert.Equal("""{"reason":"start"}""", (await events.NextAsync("reset")).Data);
        Assert.Equal("5", OnHand(await events.NextAsync("stock")));
        Assert.Equal(node.Host.State.Intake!.Sequence, (await events.NextAsync("ready")).Json.GetProperty("sequence").GetInt64());

        await node.HoldAsync("new-1", "NEW-1", "2");
        var held = await events.NextAsync("stock");
        Assert.Equal((await node.GetAsync("/v1/stock/NEW-1")).GetRawText(), held.Data);
        Assert.StartsWith(held.Json.GetProperty("sequence").GetRawText() + "-", held.LastId, StringComparison.Ordinal);

        await ReceiveAsync("OTHER", "1");
        await ReceiveAsync("NEW-2", "7");
        Assert.Equal((await node.GetAsync("/v1/stock/NEW-2")).GetRawText(), (await events.NextAsync("stock")).Data);
    }

    [Fact]
    public async Task A_client_that_comes_back_is_told_what_it_missed_and_nothing_else()
    {
        await ReceiveAsync("BACK", "9");
        string last;
        await using (var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=BACK&sku=BACK-2"))
        {
            last = (await events.UntilAsync(e => e.Name == "ready")).LastId;
        }

        await node.HoldAsync("back-1", "BACK", "1");
        await node.HoldAsync("back-2", "BACK", "1");
        await using (var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=BACK&sku=BACK-2", last))
        {
            var missed = await events.NextAsync("stock");
            Assert.Equal("2", missed.Json.GetProperty("total").GetProperty("held").GetRawText());
            last = missed.LastId;
        }

        await using var again = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=BACK&sku=BACK-2", last);
        await again.NextAsync("ready");
        await ReceiveAsync("BACK-2", "3");
        Assert.Equal("BACK-2", (await again.NextAsync("stock")).Json.GetProperty("sku").GetString());
    }

    [Theory]
    [InlineData("0-0")]
    [InlineData("nonsense")]
    [InlineData("7-9999999999999999")]
    public async Task A_client_that_comes_back_from_a_place_that_is_not_known_is_told_everything(string last)
    {
        await ReceiveAsync("LOST", "4");
        await using var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=LOST", last);

        Assert.Equal("""{"reason":"unknown_id"}""", (await events.NextAsync("reset")).Data);
        Assert.Equal("4", OnHand(await events.NextAsync("stock")));
        Assert.NotEqual(last, (await events.NextAsync("ready")).LastId);
    }

    [Fact]
    public async Task A_hold_that_runs_out_is_a_change_at_that_moment_though_nobody_reads()
    {
        await ReceiveAsync("OUT", "5");
        await node.HoldAsync("out-1", "OUT", "2", ttlSeconds: 60);
        await using var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?sku=OUT");
        await events.UntilAsync(e => e.Name == "ready");

        node.Clock.Advance(TimeSpan.FromSeconds(60));

        var free = (await events.NextAsync("stock")).Json;
        Assert.Equal(("0", "5"), (free.GetProperty("total").GetProperty("held").GetRawText(), free.GetProperty("total").GetProperty("available").GetRawText()));
        Assert.Equal(node.Clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture), free.GetProperty("as_of").GetString());
    }

    [Fact]
    public async Task Only_the_wanted_locations_are_told_and_counted()
    {
        await ReceiveAsync("PLACE", "5", "near");
        await ReceiveAsync("PLACE", "7", "far");
        await ReceiveAsync("PLACE-2", "1", "far");
        await using var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?location=near");
        await events.NextAsync("reset");
        var begin = await events.NextAsync("stock");
        Assert.Equal(("PLACE", "5", 1), (begin.Json.GetProperty("sku").GetString(), OnHand(begin), begin.Json.GetProperty("locations").GetArrayLength()));
        await events.NextAsync("ready");

        await node.HoldAsync("place-1", "PLACE", "1", "far");
        await node.HoldAsync("place-2", "PLACE", "2", "near");

        Assert.Equal("2", (await events.NextAsync("stock")).Json.GetProperty("total").GetProperty("held").GetRawText());
    }

    [Fact]
    public async Task Without_a_snapshot_only_what_changes_from_now_on_is_told()
    {
        await ReceiveAsync("LATER", "5");
        await using var events = await EventReader.OpenAsync(node.Client, "/v1/stock/stream?snapshot=false");
        await events.NextAsync("ready");

        await ReceiveAsync("LATER-2", "1");

        Assert.Equal("LATER-2", (await events.NextAsync("stock")).Json.GetProperty("sku").GetString());
    }

    [Theory]
    [InlineData("sku=", "sku")]
    [InlineData("location=", "location")]
    [InlineData("channel=", "channel")]
    [InlineData("channel=a&channel=b", "channel")]
    [InlineData("snapshot=perhaps", "snapshot")]
    public async Task A_filter_that_is_wrong_is_named(string query, string detail)
    {
        using var response = await node.Client.GetAsync(new Uri("/v1/stock/stream?" + query, UriKind.Relative));

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, detail);
    }

    [Fact]
    public async Task More_than_a_thousand_skus_are_refused()
    {
        var query = string.Join('&', Enumerable.Range(0, 1001).Select(i => $"sku={i}"));
        using var response = await node.Client.GetAsync(new Uri("/v1/stock/stream?" + query, UriKind.Relative));

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "1001");
    }

    private static string OnHand(ServerEvent stock) => stock.Json.GetProperty("total").GetProperty("on_hand").GetRawText();

    private async Task ReceiveAsync(string sku, string quantity, string location = "L") =>
        await node.PostAsync("warehouse", NodeFixture.Record($"stream-{sku}-{location}", "receipt", sku, location, quantity, "2026-01-01T00:00:00Z"));
}
