using System.Net;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class StockTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task A_read_that_names_its_sequence_sees_its_own_write()
    {
        for (var i = 1; i <= 5; i++)
        {
            var reply = await node.PostAsync("own", NodeFixture.Record($"{i}", "receipt", "OWN", "L1", "2.5", "2026-01-01T00:00:00Z"));

            var stock = await node.CarriedAsync("OWN", reply.Sequence);

            Assert.Equal((2.5m * i).ToString(System.Globalization.CultureInfo.InvariantCulture).Replace(".0", "", StringComparison.Ordinal), stock.GetProperty("total").GetProperty("on_hand").GetRawText());
            Assert.True(stock.GetProperty("sequence").GetInt64() >= reply.Sequence);
        }
    }

    [Fact]
    public async Task Stock_is_shown_in_total_and_by_location_with_its_freshness()
    {
        var reply = await node.PostAsync(
            "shape",
            NodeFixture.Record("1", "count", "SHAPE", "L1", "10", "2026-01-01T00:00:00Z"),
            NodeFixture.Record("2", "sale", "SHAPE", "L1", "3", "2026-01-02T00:00:00Z"),
            NodeFixture.Record("3", "sale", "SHAPE", "L2", "4", "2026-01-03T00:00:00+01:00"));

        var stock = await node.CarriedAsync("SHAPE", reply.Sequence);

        Assert.Equal("SHAPE", stock.GetProperty("sku").GetString());
        Assert.Equal("""{"on_hand":3,"held":0,"committed":0,"available":7,"status":"in_stock"}""", stock.GetProperty("total").GetRawText());
        Assert.Equal(
            """[{"location":"L1","on_hand":7,"held":0,"committed":0,"safety_stock":0,"available":7,"status":"in_stock","last_event_time":"2026-01-02T00:00:00Z","last_count_time":"2026-01-01T00:00:00Z"},"""
            + """{"location":"L2","on_hand":-4,"held":0,"committed":0,"safety_stock":0,"available":0,"status":"out","last_event_time":"2026-01-02T23:00:00Z","last_count_time":null}]""",
            stock.GetProperty("locations").GetRawText());
        Assert.True(stock.TryGetProperty("as_of", out _));
    }

    [Fact]
    public async Task Many_skus_are_answered_at_once_and_unknown_ones_left_out()
    {
        var reply = await node.PostAsync("several", NodeFixture.Sale("1", sku: "M1"), NodeFixture.Sale("2", sku: "M2"));

        var stock = await node.GetAsync($"/v1/stock?sku=M2&sku=NEVER&sku=M1&sku=M2&min_sequence={reply.Sequence}");

        Assert.Equal(["M2", "M1"], stock.EnumerateArray().Select(s => s.GetProperty("sku").GetString()));
    }

    [Fact]
    public async Task A_past_moment_is_answered_by_event_time()
    {
        var reply = await node.PostAsync(
            "past",
            NodeFixture.Record("1", "count", "PAST", "L1", "10", "2026-01-01T00:00:00Z"),
            NodeFixture.Record("2", "sale", "PAST", "L1", "3", "2026-01-03T00:00:00Z"));
        await node.CarriedAsync("PAST", reply.Sequence);

        var then = await node.GetAsync("/v1/stock/PAST?as_of=2026-01-02T00:00:00Z");
        var now = await node.GetAsync("/v1/stock/PAST");

        Assert.Equal("10", then.GetProperty("total").GetProperty("on_hand").GetRawText());
        Assert.Equal("7", now.GetProperty("total").GetProperty("on_hand").GetRawText());
        using var before = await node.Client.GetAsync(new Uri("/v1/stock/PAST?as_of=2025-12-31", UriKind.Relative));
        await Problems.AssertAsync(before, HttpStatusCode.NotFound, "PAST");
    }

    [Fact]
    public async Task An_explanation_names_the_count_and_what_came_after()
    {
        var reply = await node.PostAsync(
            "why",
            NodeFixture.Record("0", "receipt", "WHY", "L1", "99", "2025-01-01T00:00:00Z"),
            NodeFixture.Record("1", "count", "WHY", "L1", "10", "2026-01-01T00:00:00Z"),
            NodeFixture.Record("2", "sale", "WHY", "L1", "3", "2026-01-03T00:00:00Z"));
        await node.CarriedAsync("WHY", reply.Sequence);

        var why = await node.GetAsync("/v1/stock/WHY/explain?location=L1");

        Assert.Equal("7", why.GetProperty("on_hand").GetRawText());
        Assert.Equal("1", why.GetProperty("governing_count").GetProperty("event_id").GetString());
        Assert.Equal("-3", Assert.Single(why.GetProperty("records_after").EnumerateArray()).GetProperty("effect").GetRawText());
    }

    [Fact]
    public async Task A_sku_with_a_slash_and_other_strange_letters_is_found()
    {
        const string Sku = "ä/b %2F+c";
        var reply = await node.PostAsync("strange", NodeFixture.Sale("1", sku: Sku));

        var stock = await node.CarriedAsync(Uri.EscapeDataString(Sku), reply.Sequence);

        Assert.Equal(Sku, stock.GetProperty("sku").GetString());
        var why = await node.GetAsync($"/v1/stock/{Uri.EscapeDataString(Sku)}/explain?location=L");
        Assert.Equal(Sku, why.GetProperty("sku").GetString());
    }

    [Theory]
    [InlineData("/v1/stock/NEVER", 404, "NEVER")]
    [InlineData("/v1/stock/NEVER/explain?location=L", 404, "NEVER")]
    [InlineData("/v1/stock/NEVER/explain", 400, "location")]
    [InlineData("/v1/stock", 400, "sku")]
    [InlineData("/v1/stock/NEVER?as_of=yesterday", 400, "as_of")]
    [InlineData("/v1/stock/NEVER?min_sequence=-1", 400, "min_sequence")]
    [InlineData("/v1/stock/NEVER?min_sequence=x", 400, "min_sequence")]
    [InlineData("/v1/stock/NEVER?min_sequence=1&min_sequence=2", 400, "min_sequence")]
    public async Task What_cannot_be_answered_is_a_problem(string path, int status, string detail)
    {
        using var response = await node.Client.GetAsync(new Uri(path, UriKind.Relative));

        await Problems.AssertAsync(response, (HttpStatusCode)status, detail);
    }

    [Fact]
    public async Task More_than_a_thousand_skus_are_refused()
    {
        var query = string.Join('&', Enumerable.Range(0, 1001).Select(i => $"sku={i}"));
        using var response = await node.Client.GetAsync(new Uri("/v1/stock?" + query, UriKind.Relative));

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "1001");
    }
}
