using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>Documents of others over HTTP: kept as received, their records in the journal, again without harm.</summary>
public sealed class ConnectorTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    private const string Receipt = """
        <POSLog><Transaction><RetailStoreID>store-7</RetailStoreID><WorkstationID>1</WorkstationID><SequenceNumber>{0}</SequenceNumber><BusinessDayDate>2026-01-02</BusinessDayDate><EndDateTime>2026-01-02T10:00:00</EndDateTime><RetailTransaction>
        <LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>{1}</ItemID><Quantity>2</Quantity></Sale></LineItem>
        <LineItem><SequenceNumber>2</SequenceNumber><Sale><ItemID>{1}</ItemID><Quantity>{2}</Quantity></Sale></LineItem>
        </RetailTransaction></Transaction></POSLog>
        """;

    [Fact]
    public async Task A_receipt_is_kept_byte_for_byte_and_reaches_gold_once()
    {
        var body = ReceiptOf("1", "POS-A", "0.5");

        var first = await TakenAsync(await PostAsync("/v1/poslog?zone=%2B01:00", "application/xml", body));
        var second = await TakenAsync(await PostAsync("/v1/poslog?zone=%2B01:00", "application/xml", body));

        Assert.Equal((2, 0), (Number(first, "accepted"), Number(first, "duplicates")));
        Assert.Equal((0, 2), (Number(second, "accepted"), Number(second, "duplicates")));
        Assert.Equal(body, await File.ReadAllTextAsync(Path.Combine(node.LakePath, first.GetProperty("document").GetString()!)));
        Assert.Equal("-2.5", (await node.CarriedAsync("POS-A", second.GetProperty("sequence").GetInt64())).GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Fact]
    public async Task A_line_that_is_refused_is_told_with_its_place_and_the_others_are_taken()
    {
        var answer = await TakenAsync(await PostAsync("/v1/poslog?zone=UTC", "text/xml", ReceiptOf("2", "POS-B", "many")));

        Assert.Equal(1, Number(answer, "accepted"));
        var refused = Assert.Single(answer.GetProperty("refused").EnumerateArray());
        Assert.Equal("not_a_number", refused.GetProperty("rule").GetString());
        Assert.Equal("/POSLog/Transaction[1]/RetailTransaction[1]/LineItem[2]/Sale[1]/Quantity[1] (line 3)", refused.GetProperty("place").GetString());
    }

    [Theory]
    [InlineData("/v1/poslog", "application/xml", "<POSLog>", 400, "malformed_xml")]
    [InlineData("/v1/poslog", "application/json", "{}", 415, "application/json")]
    [InlineData("/v1/poslog?zone=Moon/Sea", "application/xml", "<POSLog/>", 400, "Moon/Sea")]
    [InlineData("/v1/poslog?source=a%2Fb", "application/xml", "<POSLog/>", 400, "source")]
    [InlineData("/v1/epcis/capture", "application/json", "[", 400, "malformed_document")]
    [InlineData("/v1/epcis/capture", "text/csv", "a", 415, "text/csv")]
    public async Task What_is_no_document_is_a_problem(string path, string type, string body, int status, string detail)
    {
        using var response = await PostAsync(path, type, body);

        await Problems.AssertAsync(response, (HttpStatusCode)status, detail);
    }

    [Fact]
    public async Task One_invalid_event_refuses_a_capture_unless_the_sender_says_otherwise()
    {
        const string Events = """
            {"@context":["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-01-02T10:00:00Z","epcisBody":{"eventList":[
            {"type":"ObjectEvent","eventTime":"2026-01-02T10:00:00Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE","bizStep":"receiving","bizLocation":{"id":"urn:epc:id:sgln:0614141.00888.0"},"quantityList":[{"epcClass":"urn:epc:idpat:sgtin:4012345.098765.*","quantity":3}]},
            {"type":"ObjectEvent","eventTime":"2026-01-02T10:00:00Z","eventTimeZoneOffset":"+00:00","action":"CREATE","epcList":[]}]}}
            """;

        using var refused = await PostAsync("/v1/epcis/capture", "application/json", Events);
        await Problems.AssertAsync(refused, HttpStatusCode.BadRequest, "/epcisBody/eventList/1/action");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/epcis/capture") { Content = new StringContent(Events, Encoding.UTF8, "application/ld+json") };
        request.Headers.Add("GS1-EPCIS-Capture-Error-Behaviour", "proceed");
        using var proceeded = await node.Client.SendAsync(request);
        var answer = await TakenAsync(proceeded, HttpStatusCode.Accepted);

        Assert.Equal(1, Number(answer, "accepted"));
        Assert.Equal(32, answer.GetProperty("capture_id").GetString()!.Length);
        Assert.Equal("3", (await node.CarriedAsync("04012345987652", answer.GetProperty("sequence").GetInt64())).GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Theory]
    [InlineData("application/cloudevents+json", "{0}")]
    [InlineData("application/cloudevents-batch+json", "[{0}]")]
    [InlineData("application/cloudevents+json; charset=utf-8", "{0}")]
    public async Task A_cloud_event_is_a_record_in_every_mode_and_the_same_in_all_of_them(string type, string form)
    {
        const string Data = """{"sku":"CLOUD","location":"L","quantity":"1.25"}""";
        var before = await node.PostAsync("cloud", NodeFixture.Record("before", "receipt", "CLOUD-BEFORE", "L", "1", "2026-01-02T00:00:00Z"));
        using var binary = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new StringContent(Data, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("ce-specversion", "1.0"), ("ce-id", "c-1"), ("ce-source", "urn:till:7"), ("ce-type", "com.example.receipt"), ("ce-time", "2026-01-02T10:00:00Z"), ("ce-tenant", "north") })
        {
            binary.Headers.Add(name, value);
        }

        using var first = await node.Client.SendAsync(binary);
        var inBinary = await TakenAsync(first);
        var structured = $"{{\"specversion\":\"1.0\",\"id\":\"c-1\",\"source\":\"urn:till:7\",\"type\":\"com.example.receipt\",\"time\":\"2026-01-02T10:00:00Z\",\"tenant\":\"north\",\"data\":{Data}}}";
        var again = await TakenAsync(await PostAsync("/v1/events", type, form.Replace("{0}", structured, StringComparison.Ordinal)));

        Assert.Equal(1, Number(inBinary, "accepted") + Number(inBinary, "duplicates"));
        Assert.Equal((0, 1), (Number(again, "accepted"), Number(again, "duplicates")));
        Assert.Equal(before.Sequence + 2, again.GetProperty("sequence").GetInt64());
        Assert.Equal("1.25", (await node.CarriedAsync("CLOUD", again.GetProperty("sequence").GetInt64())).GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Theory]
    [InlineData("application/cloudevents+json", "{\"specversion\":\"1.0\"}", 400, "missing_field")]
    [InlineData("application/cloudevents+avro", "x", 415, "avro")]
    public async Task A_cloud_event_that_is_none_is_a_problem(string type, string body, int status, string detail)
    {
        using var response = await PostAsync("/v1/events", type, body);

        await Problems.AssertAsync(response, (HttpStatusCode)status, detail);
    }

    private static string ReceiptOf(string number, string item, string quantity) => Receipt
        .Replace("{0}", number, StringComparison.Ordinal).Replace("{1}", item, StringComparison.Ordinal).Replace("{2}", quantity, StringComparison.Ordinal);

    private static int Number(JsonElement answer, string name) => answer.GetProperty(name).GetInt32();

    private static async Task<JsonElement> TakenAsync(HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string type, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        return await node.Client.PostAsync(new Uri(path, UriKind.Relative), content);
    }
}
