using System.IO.Compression;
using System.Net;
using System.Text;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class EventsTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Theory]
    [InlineData("application/json", "one", "{0}", 1)]
    [InlineData("application/json", "array", "[{0},{1}]", 2)]
    [InlineData("application/json; charset=utf-8", "pretty", "[\n  {0},\n  {1}\n]", 2)]
    [InlineData("application/json", "lines-untold", "{0}\n{1}\n", 2)]
    [InlineData("application/x-ndjson", "lines", "{0}\n\n{1}\r\n", 2)]
    [InlineData(null, "no-type", "[{0}]", 1)]
    public async Task Records_are_taken_as_one_object_an_array_or_lines(string? type, string id, string form, int accepted)
    {
        var body = form.Replace("{0}", NodeFixture.Sale($"{id}-0"), StringComparison.Ordinal).Replace("{1}", NodeFixture.Sale($"{id}-1"), StringComparison.Ordinal);

        var reply = await EventsReply.OfAsync(await PostAsync(Encoding.UTF8.GetBytes(body), type));

        Assert.Equal((accepted, 0, 0), (reply.Accepted, reply.Duplicates, reply.Quarantined.Count));
        Assert.True(reply.Sequence >= accepted);
    }

    [Fact]
    public async Task A_gzipped_body_is_taken()
    {
        var reply = await EventsReply.OfAsync(await PostAsync(Gzip($"[{NodeFixture.Sale("zip-1")},{NodeFixture.Sale("zip-2")}]"), "application/json", "gzip"));

        Assert.Equal(2, reply.Accepted);
    }

    [Fact]
    public async Task Duplicates_conflicts_and_broken_records_are_counted_exactly()
    {
        // Enough of it, so that no oversell takes a sequence.
        await node.PostAsync("exact", NodeFixture.Record("0", "receipt", "A", "L", "1000", "2026-01-01T00:00:00Z"));
        var first = await node.PostAsync("exact", NodeFixture.Sale("1"), NodeFixture.Sale("2"), NodeFixture.Sale("1"));
        Assert.Equal((2, 1, 0), (first.Accepted, first.Duplicates, first.Quarantined.Count));

        var second = await node.PostAsync(
            "exact",
            NodeFixture.Sale("2"),
            NodeFixture.Sale("2", quantity: "3"),
            "{\"event_id\":\"3\"}",
            "broken",
            NodeFixture.Sale("3", time: "2999-01-01T00:00:00Z"),
            NodeFixture.Sale("3"));

        Assert.Equal((1, 1), (second.Accepted, second.Duplicates));
        Assert.Equal(
            [(1, "identity_conflict"), (2, "missing_field"), (3, "malformed_json"), (4, "event_time_in_future")],
            second.Quarantined);
        Assert.Equal(first.Sequence + 6, second.Sequence);

        var otherSource = await node.PostAsync("exact-other", NodeFixture.Sale("1"));
        Assert.Equal(1, otherSource.Accepted);
    }

    [Fact]
    public async Task What_the_node_answered_is_what_silver_and_quarantine_hold()
    {
        var reply = await node.PostAsync(
            "same",
            NodeFixture.Sale("1", sku: "SAME"),
            NodeFixture.Sale("1", sku: "SAME"),
            NodeFixture.Sale("1", sku: "SAME", quantity: "9"),
            "\u0001",
            NodeFixture.Sale("2", sku: "SAME", quantity: "\"0.5\""));
        await node.CarriedAsync("SAME", reply.Sequence);

        var rows = await node.QueryAsync("SELECT event_id, quantity FROM silver.inventory_events WHERE source = 'same' ORDER BY event_id");

        Assert.Equal(2, reply.Accepted);
        Assert.Equal("""[{"event_id":"1","quantity":1.00000},{"event_id":"2","quantity":0.50000}]""", rows.GetRawText());
        var quarantined = await node.QueryAsync($"SELECT count(*) AS n FROM quarantine.inventory WHERE record LIKE '%SAME%'");
        Assert.Equal(1, quarantined[0].GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task A_document_that_is_no_json_is_kept_in_raw_and_quarantined_as_one_record()
    {
        var reply = await EventsReply.OfAsync(await PostAsync("this is not json"u8.ToArray(), "application/json"));

        Assert.Equal((0, 0), (reply.Accepted, reply.Duplicates));
        Assert.Equal([(0, "malformed_json")], reply.Quarantined);
        var raw = Directory.GetFiles(node.LakePath, "journal-*.ndjson", SearchOption.AllDirectories).Select(ReadShared);
        Assert.Contains(raw, text => text.Contains(Convert.ToBase64String("this is not json"u8), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_array_is_taken_and_changes_nothing()
    {
        var before = await node.PostAsync("empty", NodeFixture.Sale("1"));

        var reply = await EventsReply.OfAsync(await PostAsync("[]"u8.ToArray(), "application/json"));

        Assert.Equal((0, 0, 0), (reply.Accepted, reply.Duplicates, reply.Quarantined.Count));
        Assert.True(reply.Sequence >= before.Sequence);
    }

    [Fact]
    public async Task Many_clients_at_once_share_one_sequence_without_a_gap()
    {
        // Enough for all: an oversell is an entry of the sequence too.
        var start = (await node.PostAsync("many", NodeFixture.Record("start", "receipt", "A", "L", "1000000", "2026-01-02T00:00:00Z"))).Sequence;

        var replies = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
            node.PostAsync("many", NodeFixture.Sale($"{i}-a"), NodeFixture.Sale($"{i}-b"), NodeFixture.Sale("shared"))));

        Assert.Equal(129, replies.Sum(r => r.Accepted));
        Assert.Equal(63, replies.Sum(r => r.Duplicates));
        Assert.Equal(64, replies.Select(r => r.Sequence).Distinct().Count());
        Assert.Equal(start + 192, replies.Max(r => r.Sequence));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n ")]
    public async Task An_empty_body_is_refused(string body)
    {
        using var response = await PostAsync(Encoding.UTF8.GetBytes(body), "application/json");

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "empty");
    }

    [Fact]
    public async Task A_truncated_gzip_body_is_refused_whole()
    {
        var whole = Gzip(string.Join('\n', Enumerable.Range(0, 1000).Select(i => NodeFixture.Sale($"cut-{i}"))));

        using var response = await PostAsync(whole[..^20], "application/x-ndjson", "gzip");

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "gzip");
        Assert.Equal(1, (await node.PostAsync("till", NodeFixture.Sale("cut-0"))).Accepted);
    }

    [Fact]
    public async Task An_encoding_that_is_not_known_is_refused()
    {
        using var response = await PostAsync("{}"u8.ToArray(), "application/json", "br");

        await Problems.AssertAsync(response, HttpStatusCode.UnsupportedMediaType, "br");
    }

    [Theory]
    [InlineData("source=")]
    [InlineData("source=a&source=b")]
    [InlineData("source=%01")]
    [InlineData("source=0123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task A_source_that_no_record_could_have_is_refused(string query)
    {
        using var content = new StringContent(NodeFixture.Sale("1"));
        using var response = await node.Client.PostAsync(new Uri("/v1/events?" + query, UriKind.Relative), content);

        await Problems.AssertAsync(response, HttpStatusCode.BadRequest, "source");
    }

    [Fact]
    public async Task A_record_without_a_source_anywhere_has_the_default_source_of_the_feed()
    {
        using var content = new StringContent(NodeFixture.Sale("nameless", sku: "NAMELESS"));
        using var response = await node.Client.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        var reply = await EventsReply.OfAsync(response);
        await node.CarriedAsync("NAMELESS", reply.Sequence);

        var rows = await node.QueryAsync("SELECT source FROM silver.inventory_events WHERE event_id = 'nameless'");

        Assert.Equal(1, reply.Accepted);
        Assert.Equal("""[{"source":"default"}]""", rows.GetRawText());
    }

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static byte[] Gzip(string text)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return target.ToArray();
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] body, string? type, string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await node.Client.PostAsync(new Uri("/v1/events?source=till", UriKind.Relative), content);
    }
}
