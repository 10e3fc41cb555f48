using System.Net;
using System.Text;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>The source of the sales that fulfilments write is the node's own, at every door.</summary>
public sealed class ReservedSourceTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    private const string Csv = "event_id,type,sku,location,quantity,event_time,source\nc1,receipt,CSV,L,4,2026-01-01T00:00:00Z,";

    [Fact]
    public async Task A_record_in_the_name_of_a_later_fulfilment_is_set_aside_and_the_fulfilment_counts()
    {
        await node.PostAsync("erp", NodeFixture.Record("r1", "receipt", "OWN", "L", "5", "2026-01-01T00:00:00Z"));
        var id = await node.HoldAsync("own-1", "OWN", "2");
        var forged = $$"""{"source":"reservations","event_id":"{{id}}","line":1,"type":"sale","sku":"OWN","location":"L","quantity":1,"event_time":"2026-01-02T00:00:00Z"}""";

        var reply = await node.PostAsync("till", forged, NodeFixture.Sale("s1", "OWN"));

        Assert.Equal((0, "reserved_source"), Assert.Single(reply.Quarantined));
        Assert.Equal(1, reply.Accepted);
        Assert.Equal(200, (await node.CommandAsync($"/v1/reservations/{id}/confirm", "own-2")).Status);
        Assert.Equal(200, (await node.CommandAsync($"/v1/reservations/{id}/fulfil", "own-3")).Status);
        Assert.Equal("2 0 0 2", await node.TotalAsync("OWN"));
        Assert.Equal("2", (await node.CarriedAsync("OWN", node.Host.State.Intake!.Sequence)).GetProperty("total").GetProperty("on_hand").GetRawText());
        var kept = await node.QueryAsync("SELECT rule, field, detail, decode(raw) AS raw FROM quarantine.inventory WHERE rule = 'reserved_source' AND detail LIKE '%reservations%' AND decode(raw) LIKE '%OWN%'");
        var row = Assert.Single(kept.EnumerateArray());
        Assert.Equal(forged, row.GetProperty("raw").GetString());
        Assert.Equal("source 'reservations' is the node's own: name the system that the record comes from (reserved_source)", row.GetProperty("detail").GetString());

        await node.StopAsync();
        await node.StartAsync();
        Assert.Equal("2 0 0 2", await node.TotalAsync("OWN"));
    }

    [Fact]
    public async Task A_request_or_a_file_of_that_source_is_refused()
    {
        using var events = await SendAsync("/v1/events?source=reservations", "application/json", NodeFixture.Sale("q1"));
        using var file = await SendAsync("/v1/feeds/inventory?source=reservations&batch=b", "text/csv", Csv + "wms\n");

        await Problems.AssertAsync(events, HttpStatusCode.BadRequest, "source 'reservations' is the node's own");
        await Problems.AssertAsync(file, HttpStatusCode.BadRequest, "source 'reservations' is the node's own");
    }

    [Fact]
    public async Task A_document_whose_records_would_be_of_that_source_is_refused_with_the_place()
    {
        using var response = await SendAsync(
            "/v1/events",
            "application/cloudevents+json",
            """{"specversion":"1.0","id":"e1","source":"reservations","type":"sale","time":"2026-01-02T00:00:00Z","data":{"sku":"A","location":"L","quantity":1}}""");

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "reserved_source");
    }

    [Theory]
    [InlineData("text/csv", Csv + "reservations\n", "csv")]
    [InlineData("application/x-ndjson", """{"source":"reservations","event_id":"j1","type":"receipt","sku":"JSON","location":"L","quantity":4,"event_time":"2026-01-01T00:00:00Z"}""", "json")]
    public async Task A_record_of_that_source_in_a_landed_file_is_quarantined(string type, string content, string batch)
    {
        using var landed = await SendAsync($"/v1/feeds/inventory?source=wms&batch={batch}", type, content);
        Assert.Equal(HttpStatusCode.Accepted, landed.StatusCode);
        var reply = await node.PostAsync("erp", NodeFixture.Record($"after-{batch}", "receipt", "AFTER", "L", "1", "2026-01-01T00:00:00Z"));
        await node.CarriedAsync("AFTER", reply.Sequence);

        var rows = await node.QueryAsync($"SELECT count(*) AS n FROM quarantine.inventory WHERE rule = 'reserved_source' AND lower(decode(raw)) LIKE '%{batch}%'");

        Assert.Equal(1, Assert.Single(rows.EnumerateArray()).GetProperty("n").GetInt32());
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string type, string content)
    {
        using var body = new StringContent(content, Encoding.UTF8, type);
        return await node.Client.PostAsync(new Uri(path, UriKind.Relative), body);
    }
}
