using System.Text;
using RetailFlow.Connectors.CloudEvents;
using Xunit;

namespace RetailFlow.Connectors.Tests.CloudEvents;

public sealed class CloudEventTests
{
    private const string Data = """{"sku":"TEA","location":"store-1","quantity":2,"type":"sale","event_time":"2026-01-02T10:00:00Z"}""";
    private const string Event = """{"specversion":"1.0","id":"e-1","source":"/tills/7","type":"com.example.sale","time":"2026-01-02T11:00:00Z","tenant":"north","data":DATA}""";

    [Fact]
    public void What_the_record_lacks_comes_from_the_event_and_extensions_are_attributes()
    {
        var record = Structured(Event.Replace("DATA", """{"sku":"TEA","location":"store-1","quantity":2}""", StringComparison.Ordinal)).Records.Single();

        Assert.Equal("""{"sku":"TEA","location":"store-1","quantity":2,"event_id":"e-1","source":"/tills/7","event_time":"2026-01-02T11:00:00Z","type":"sale","attributes":{"tenant":"north"}}""", Encoding.UTF8.GetString(record.Json.Span));
    }

    [Fact]
    public void What_the_record_has_stays()
    {
        var record = Structured(Event.Replace("DATA", """{"event_id":"own","source":"till","line":3,"sku":"TEA","location":"store-1","quantity":1.50,"type":"return","event_time":"2026-01-02T10:00:00Z","attributes":{"tenant":"own","x":1}}""", StringComparison.Ordinal)).Records.Single();

        Assert.Equal("""{"event_id":"own","source":"till","line":3,"sku":"TEA","location":"store-1","quantity":1.50,"type":"return","event_time":"2026-01-02T10:00:00Z","attributes":{"tenant":"own","x":1}}""", Encoding.UTF8.GetString(record.Json.Span));
    }

    [Fact]
    public void Every_mode_comes_to_the_same_record()
    {
        var structured = Structured(Event.Replace("DATA", Data, StringComparison.Ordinal));
        var base64 = Structured(Event.Replace("\"data\":DATA", $"\"data_base64\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(Data))}\"", StringComparison.Ordinal));
        var batch = CloudEventTranslator.Batch(Records.Utf8($"[{Event.Replace("DATA", Data, StringComparison.Ordinal)}]"));
        var binary = CloudEventTranslator.Binary(
            new Dictionary<string, string> { ["specversion"] = "1.0", ["id"] = "\"e-1\"", ["source"] = "%2Ftills%2F7", ["type"] = "com.example.sale", ["time"] = "2026-01-02T11:00:00Z", ["tenant"] = "north", ["traceparent"] = "00-1-2-00" },
            "application/json; charset=utf-8",
            Records.Utf8(Data));

        var texts = new[] { structured, base64, batch, binary }.Select(t => Encoding.UTF8.GetString(t.Records.Single().Json.Span)).ToList();
        Assert.Single(texts.Distinct());
        Assert.Contains("\"event_id\":\"e-1\",\"source\":\"/tills/7\"", texts[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"", "/specversion not_supported specversion")]
    [InlineData("\"specversion\":\"1.0\",", "", "/specversion missing_field specversion")]
    [InlineData("\"id\":\"e-1\"", "\"id\":\"\"", "/id missing_field id")]
    [InlineData("\"id\":\"e-1\"", "\"id\":1", "/id wrong_type id")]
    [InlineData("\"source\":\"/tills/7\",", "", "/source missing_field source")]
    [InlineData("\"type\":\"com.example.sale\",", "", "/type missing_field type")]
    [InlineData("\"time\":\"2026-01-02T11:00:00Z\"", "\"time\":\"yesterday\"", "/time event_time_invalid time")]
    [InlineData("\"tenant\"", "\"Ten-ant\"", "/Ten-ant unknown_field Ten-ant")]
    [InlineData("\"tenant\":\"north\"", "\"tenant\":{}", "/tenant wrong_type tenant")]
    [InlineData("\"tenant\":\"north\"", "\"datacontenttype\":\"text/xml\"", "/datacontenttype not_supported datacontenttype")]
    [InlineData("\"data\":DATA", "\"dataschema\":\"urn:x\"", "/data missing_field data")]
    [InlineData("\"data\":DATA", "\"data\":[1]", "/data not_an_object data")]
    [InlineData("\"data\":DATA", "\"data\":{},\"data_base64\":\"\"", "/data_base64 contradiction data_base64")]
    [InlineData("\"data\":DATA", "\"data_base64\":\"%%\"", "/data_base64 invalid_value data_base64")]
    [InlineData("\"data\":DATA", "\"data_base64\":\"e30g\"", "/data missing_field sku")]
    public void An_event_that_breaks_a_rule_is_refused(string part, string instead, string refusal)
    {
        var text = Event.Replace(part, instead, StringComparison.Ordinal).Replace("DATA", Data, StringComparison.Ordinal);

        Assert.Equal([refusal], Structured(text).Refused());
    }

    [Fact]
    public void Of_a_batch_the_good_events_are_taken_and_the_others_told_with_their_place()
    {
        var good = Event.Replace("DATA", Data, StringComparison.Ordinal);

        var translation = CloudEventTranslator.Batch(Records.Utf8($"[{good},7,{good.Replace("e-1", "e-2", StringComparison.Ordinal).Replace("\"1.0\"", "\"2\"", StringComparison.Ordinal)}]"));

        Assert.Single(translation.Records);
        Assert.Equal(["/1 not_an_object ", "/2/specversion not_supported specversion"], translation.Refused());
    }

    [Fact]
    public void A_long_id_is_cut_and_still_its_own()
    {
        var one = Structured(Event.Replace("DATA", Data, StringComparison.Ordinal).Replace("\"e-1\"", $"\"{new string('x', 300)}1\"", StringComparison.Ordinal)).Records.Single().Field("event_id");
        var two = Structured(Event.Replace("DATA", Data, StringComparison.Ordinal).Replace("\"e-1\"", $"\"{new string('x', 300)}2\"", StringComparison.Ordinal)).Records.Single().Field("event_id");

        Assert.Equal((128, 128), (one.Length, two.Length));
        Assert.NotEqual(one, two);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"id\":\"\\udc00\"}")]
    public void A_body_that_is_no_json_is_refused_whole(string body) => Assert.False(Structured(body).IsReadable);

    [Fact]
    public void A_batch_is_a_list_and_an_event_an_object()
    {
        Assert.False(CloudEventTranslator.Batch(Records.Utf8("{}")).IsReadable);
        Assert.False(Structured("[]").IsReadable);
        Assert.Empty(CloudEventTranslator.Batch(Records.Utf8("[]")).Outcomes);
    }

    private static Translation Structured(string text) => CloudEventTranslator.Structured(Records.Utf8(text));
}
