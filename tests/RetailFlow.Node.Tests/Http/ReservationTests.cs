using System.Net;
using System.Text;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class ReservationTests : IClassFixture<ReservationTests.Node>
{
    private readonly Node _node;

    public ReservationTests(Node node) => _node = node;

    [Fact]
    public async Task A_hold_is_taken_off_what_is_available_at_once_and_a_release_gives_it_back()
    {
        await ReceiveAsync("TAKE", "5");

        var id = await _node.HoldAsync("take-1", "TAKE", "2");

        Assert.Equal("5 2 0 3", await _node.TotalAsync("TAKE"));
        Assert.Equal("held", (await _node.GetAsync($"/v1/reservations/{id}")).GetProperty("state").GetString());
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{id}/release", "take-2")).Status);
        Assert.Equal("5 0 0 5", await _node.TotalAsync("TAKE"));
    }

    [Fact]
    public async Task A_basket_is_granted_whole_or_refused_with_what_is_missing()
    {
        await ReceiveAsync("WHOLE-1", "5");
        await ReceiveAsync("WHOLE-2", "1");

        var (status, body) = await _node.CommandAsync(
            "/v1/reservations",
            "whole",
            """{"lines":[{"sku":"WHOLE-1","location":"L","quantity":3},{"sku":"WHOLE-2","location":"L","quantity":1},{"sku":"WHOLE-2","location":"L","quantity":"0.5"}]}""");

        Assert.Equal(409, status);
        Assert.Equal(409, body.GetProperty("status").GetInt32());
        Assert.Equal("""[{"sku":"WHOLE-2","location":"L","requested":1.5,"available":1}]""", body.GetProperty("shortfalls").GetRawText());
        Assert.Equal("5 0 0 5", await _node.TotalAsync("WHOLE-1"));
    }

    [Fact]
    public async Task A_line_without_a_location_is_put_where_there_is_most_and_partial_takes_what_there_is()
    {
        await ReceiveAsync("WHERE", "2", "near");
        await ReceiveAsync("WHERE", "3", "far");

        var (status, body) = await _node.CommandAsync("/v1/reservations", "where", """{"lines":[{"sku":"WHERE","quantity":4}],"allow_partial":true,"channel":"web","reference":"cart-1"}""");

        Assert.Equal(201, status);
        var line = Assert.Single(body.GetProperty("lines").EnumerateArray());
        Assert.Equal(("far", "3"), (line.GetProperty("location").GetString(), line.GetProperty("quantity").GetRawText()));
        Assert.Equal(("web", "cart-1"), (body.GetProperty("channel").GetString(), body.GetProperty("reference").GetString()));
        Assert.Equal("""[{"sku":"WHERE","location":null,"requested":4,"available":3}]""", body.GetProperty("shortfalls").GetRawText());
    }

    [Fact]
    public async Task Sums_of_any_valid_quantities_are_answered_and_leave_the_node_at_work()
    {
        const string most = "999999999999.99999";
        var lines = string.Join(',', Enumerable.Repeat($$"""{"sku":"NONE","location":"L","quantity":{{most}}}""", 100));

        var (status, body) = await _node.CommandAsync("/v1/reservations", "sums-1", $$"""{"lines":[{{lines}}]}""");

        Assert.Equal(409, status);
        Assert.Equal("92233720368547.75807", Assert.Single(body.GetProperty("shortfalls").EnumerateArray()).GetProperty("requested").GetRawText());
        Assert.Equal(body.GetRawText(), (await _node.CommandAsync("/v1/reservations", "sums-1", $$"""{"lines":[{{lines}}]}""")).Body.GetRawText());

        for (var n = 0; n < 94; n++)
        {
            await _node.PostAsync("warehouse", NodeFixture.Record($"much-{n}", "receipt", "MUCH", "L", most, "2026-01-01T00:00:00Z"));
        }

        Assert.Equal("92233720368547.75807 0 0 92233720368547.75807", await _node.TotalAsync("MUCH"));
        await _node.HoldAsync("sums-2", "MUCH", "1");
        Assert.Equal("92233720368547.75807 1 0 92233720368546.75807", await _node.TotalAsync("MUCH"));
    }

    [Fact]
    public async Task The_same_key_gets_the_same_answer_however_the_request_is_spelled_and_another_request_is_refused()
    {
        await ReceiveAsync("SAME", "5");
        var first = await _node.CommandAsync("/v1/reservations", "same", """{"lines":[{"sku":"SAME","location":"L","quantity":2}],"ttl_seconds":60}""");

        var again = await _node.CommandAsync("/v1/reservations", "same", """{"ttl_seconds":6e1, "lines":[{"quantity":2.0,"location":"L","sku":"S\u0041ME"}]}""");
        var other = await _node.CommandAsync("/v1/reservations", "same", """{"lines":[{"sku":"SAME","location":"L","quantity":3}],"ttl_seconds":60}""");

        Assert.Equal((201, first.Body.GetRawText()), (again.Status, again.Body.GetRawText()));
        Assert.Equal(422, other.Status);
        Assert.Equal("5 2 0 3", await _node.TotalAsync("SAME"));
    }

    [Fact]
    public async Task A_key_is_bound_to_the_reservation_and_the_command_too()
    {
        await ReceiveAsync("BOUND", "5");
        var one = await _node.HoldAsync("bound-1", "BOUND", "1");
        var two = await _node.HoldAsync("bound-2", "BOUND", "1");
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{one}/confirm", "bound-3")).Status);

        Assert.Equal(422, (await _node.CommandAsync($"/v1/reservations/{two}/confirm", "bound-3")).Status);
        Assert.Equal(422, (await _node.CommandAsync($"/v1/reservations/{one}/release", "bound-3")).Status);
        Assert.Equal("5 1 1 3", await _node.TotalAsync("BOUND"));
    }

    [Fact]
    public async Task Expiry_is_exact_at_the_moment_of_reading()
    {
        await ReceiveAsync("TIME", "5");
        var id = await _node.HoldAsync("time-1", "TIME", "2", ttlSeconds: 60);
        var longer = await _node.HoldAsync("time-2", "TIME", "1", ttlSeconds: 60);
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{longer}/extend", "time-3", """{"ttl_seconds":120}""")).Status);

        _node.Clock.Advance(TimeSpan.FromSeconds(60) - TimeSpan.FromMicroseconds(1));
        Assert.Equal("5 3 0 2", await _node.TotalAsync("TIME"));
        _node.Clock.Advance(TimeSpan.FromMicroseconds(1));

        Assert.Equal("expired", (await _node.GetAsync($"/v1/reservations/{id}")).GetProperty("state").GetString());
        Assert.Equal("5 1 0 4", await _node.TotalAsync("TIME"));
        var (status, body) = await _node.CommandAsync($"/v1/reservations/{id}/confirm", "time-4");
        Assert.Equal((409, "expired"), (status, body.GetProperty("state").GetString()));
        await _node.HoldAsync("time-5", "TIME", "4");
    }

    [Fact]
    public async Task What_is_fulfilled_leaves_on_hand_once_by_line_and_whole()
    {
        await ReceiveAsync("SHIP", "10");
        var id = await _node.HoldAsync("ship-1", "SHIP", "5");
        Assert.Equal(409, (await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "ship-2")).Status);
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{id}/confirm", "ship-3")).Status);

        var part = await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "ship-4", """{"lines":[{"line":1,"quantity":2}]}""");
        Assert.Equal("confirmed", part.Body.GetProperty("state").GetString());
        Assert.Equal("8 0 3 5", await _node.TotalAsync("SHIP"));
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "ship-4", """{"lines":[{"line":1,"quantity":2}]}""")).Status);
        Assert.Equal("8 0 3 5", await _node.TotalAsync("SHIP"));
        Assert.Equal(409, (await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "ship-5", """{"lines":[{"line":1,"quantity":4}]}""")).Status);

        var rest = await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "ship-6");
        Assert.Equal("fulfilled", rest.Body.GetProperty("state").GetString());
        Assert.Equal("5 0 0 5", await _node.TotalAsync("SHIP"));
        var stock = await _node.CarriedAsync("SHIP", _node.Host.State.Intake!.Sequence);
        Assert.Equal("5", stock.GetProperty("total").GetProperty("on_hand").GetRawText());
        var silver = await _node.QueryAsync($"SELECT line, quantity FROM silver.inventory_events WHERE source = 'reservations' AND event_id = '{id}' ORDER BY line");
        Assert.Equal("""[{"line":1,"quantity":2.00000},{"line":2,"quantity":3.00000}]""", silver.GetRawText());
        var gold = await _node.QueryAsync("SELECT on_hand FROM gold.stock_on_hand WHERE sku = 'SHIP'");
        Assert.Equal("""[{"on_hand":5.00000}]""", gold.GetRawText());
    }

    [Fact]
    public async Task A_sale_that_names_the_reservation_takes_its_goods_from_the_claim()
    {
        await ReceiveAsync("TILL", "10");
        var id = await _node.HoldAsync("till-1", "TILL", "4");
        await _node.CommandAsync($"/v1/reservations/{id}/confirm", "till-2");

        await _node.PostAsync("till", $"{{\"event_id\":\"{id}\",\"type\":\"sale\",\"sku\":\"TILL\",\"location\":\"L\",\"quantity\":3,\"event_time\":\"2026-01-03T00:00:00Z\",\"reference\":\"{id}\"}}");

        Assert.Equal("7 0 1 6", await _node.TotalAsync("TILL"));
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{id}/fulfil", "till-3")).Status);
        Assert.Equal("6 0 0 6", await _node.TotalAsync("TILL"));
    }

    [Fact]
    public async Task An_explanation_names_the_claims()
    {
        await ReceiveAsync("CLAIM", "5");
        var id = await _node.HoldAsync("claim-1", "CLAIM", "2");

        var why = await _node.GetAsync("/v1/stock/CLAIM/explain?location=L");

        var claim = Assert.Single(why.GetProperty("holds").EnumerateArray());
        Assert.Equal((id, "held", "2"), (claim.GetProperty("reservation").GetString(), claim.GetProperty("state").GetString(), claim.GetProperty("quantity").GetRawText()));
    }

    [Theory]
    [InlineData("", "body", "lines")]
    [InlineData("[]", "body", "object")]
    [InlineData("{", "body", "JSON")]
    [InlineData("""{"lines":[]}""", "none", "1 to 100")]
    [InlineData("""{"lines":[{"quantity":1}]}""", "sku", "lines[0].sku")]
    [InlineData("""{"lines":[{"sku":"","quantity":1}]}""", "empty", "lines[0].sku")]
    [InlineData("""{"lines":[{"sku":"A"}]}""", "quantity", "lines[0].quantity")]
    [InlineData("""{"lines":[{"sku":"A","quantity":0}]}""", "zero", "lines[0].quantity")]
    [InlineData("""{"lines":[{"sku":"A","quantity":0.000001}]}""", "fine", "lines[0].quantity")]
    [InlineData("""{"lines":[{"sku":"A","quantity":1000000000000}]}""", "large", "lines[0].quantity")]
    [InlineData("""{"lines":[{"sku":"A","quantity":1}],"ttl_seconds":0}""", "ttl", "ttl_seconds")]
    [InlineData("""{"lines":[{"sku":"A","quantity":1}],"ttl_seconds":86401}""", "long", "ttl_seconds")]
    [InlineData("""{"lines":[{"sku":"A","quantity":1}],"allow_partial":1}""", "flag", "allow_partial")]
    [InlineData("""{"lines":[{"sku":"A","quantity":1}],"lines":[]}""", "twice", "twice")]
    public async Task A_request_that_is_wrong_is_refused_by_the_name_of_what_is_wrong(string body, string key, string detail)
    {
        var (status, problem) = await _node.CommandAsync("/v1/reservations", "wrong-" + key, body);

        Assert.Equal(400, status);
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 62", "", "")]
    [InlineData("Transfer-Encoding: chunked", "3e\r\n", "\r\n0\r\n\r\n")]
    public async Task A_body_that_comes_after_its_head_in_pieces_is_the_one_that_comes_at_once(string length, string before, string after)
    {
        await ReceiveAsync("PIECES", "5");
        const string body = """{"lines":[{"sku":"PIECES","location":"L","quantity":1}],"x":1}""";
        var key = "pieces-" + length.Length;
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_node.Host.Address.Host, _node.Host.Address.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/reservations HTTP/1.1\r\nHost: node\r\nExpect: 100-continue\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"));

        // The node asks for the body when it reads it.
        Assert.StartsWith("HTTP/1.1 100 ", await ReadAsync(socket), StringComparison.Ordinal);
        foreach (var piece in (before + body + after).Chunk(20))
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(piece));
        }

        var answer = await ReadAsync(socket);
        Assert.StartsWith("HTTP/1.1 201 ", answer, StringComparison.Ordinal);
        var again = await _node.CommandAsync("/v1/reservations", key, body);
        Assert.EndsWith("\r\n\r\n" + again.Body.GetRawText(), answer, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"Content-Length: {Encoding.UTF8.GetByteCount(again.Body.GetRawText())}\r\n"), answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_without_a_key_and_one_on_nothing_are_problems()
    {
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await _node.Client.PostAsync(new Uri("/v1/reservations", UriKind.Relative), content);
        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "Idempotency-Key");

        Assert.Equal(404, (await _node.CommandAsync("/v1/reservations/nobody/confirm", "nobody")).Status);
        using var unknown = await _node.Client.GetAsync(new Uri("/v1/reservations/nobody", UriKind.Relative));
        await Problems.AssertAsync(unknown, HttpStatusCode.NotFound, "nobody");
    }

    /// <summary>What the node sends next, which it sends in one piece.</summary>
    private static async Task<string> ReadAsync(System.Net.Sockets.Socket socket)
    {
        var bytes = new byte[4096];
        return Encoding.UTF8.GetString(bytes, 0, await socket.ReceiveAsync(bytes));
    }

    private async Task ReceiveAsync(string sku, string quantity, string location = "L") =>
        await _node.PostAsync("warehouse", NodeFixture.Record($"{sku}-{location}", "receipt", sku, location, quantity, "2026-01-01T00:00:00Z"));

    /// <summary>A node whose clock stands still.</summary>
    public sealed class Node : NodeFixture
    {
        public Node() => Configure = options => options with { Lake = options.Lake with { Clock = Clock } };

        internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero));
    }
}
