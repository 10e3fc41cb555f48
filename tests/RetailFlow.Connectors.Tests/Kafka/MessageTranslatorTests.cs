using System.Text;
using RetailFlow.Connectors.Kafka;
using RetailFlow.Stock.Journal;
using Xunit;

namespace RetailFlow.Connectors.Tests.Kafka;

public sealed class MessageTranslatorTests
{
    private const string Data = """{"sku":"A","location":"L","quantity":1}""";
    private static readonly MessageOrigin s_origin = new(new MessagePartition("pos", "stock", 3), 17);

    [Fact]
    public void A_stock_message_is_its_value_untouched_whatever_it_is()
    {
        byte[] bytes = [0xFF, 0x00, 0x7B];

        var entry = MessageTranslator.Stock(Message(bytes), "till", null);

        Assert.Equal(bytes, entry.Bytes.ToArray());
        Assert.Equal((s_origin, "till"), (entry.Origin, entry.Source));
        Assert.Null(entry.Refused);
    }

    [Fact]
    public void The_header_names_the_source_before_the_default_and_the_last_one_counts()
    {
        Assert.Equal("b", MessageTranslator.Stock(Message(Data, ("origin", "a"), ("origin", "b"), ("Origin", "c")), "till", "origin").Source);
        Assert.Equal("till", MessageTranslator.Stock(Message(Data, ("other", "a")), "till", "origin").Source);
        Assert.Null(MessageTranslator.Stock(Message(Data), null, "origin").Source);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0x61, 0x0A })]
    public void A_header_that_is_no_source_refuses_the_message_and_keeps_its_value(byte[] header)
    {
        var message = Message(Data) with { Headers = [KeyValuePair.Create("origin", (ReadOnlyMemory<byte>)header)] };

        var entry = MessageTranslator.Stock(message, "till", "origin");

        Assert.Equal(("invalid_value", "origin"), (entry.Refused!.Value.Rule, entry.Refused.Value.Field));
        Assert.EndsWith("(invalid_value; pos/stock/3 offset 17)", entry.Refused.Value.Detail, StringComparison.Ordinal);
        Assert.Equal(Data, Text(entry));
    }

    [Fact]
    public void A_tombstone_is_refused_in_both_formats_and_an_empty_value_is_not_one()
    {
        var tombstone = Message(Data) with { Value = null };

        Assert.All([MessageTranslator.Stock(tombstone, null, null), MessageTranslator.CloudEvent(tombstone)], entry =>
        {
            Assert.Equal("tombstone", entry.Refused!.Value.Rule);
            Assert.True(entry.Bytes.IsEmpty);
        });
        Assert.Null(MessageTranslator.Stock(Message(""), null, null).Refused);
        Assert.Equal("missing_field", MessageTranslator.CloudEvent(Event("")).Refused!.Value.Rule);
    }

    [Fact]
    public void An_event_in_binary_mode_has_its_attributes_as_they_are()
    {
        var entry = MessageTranslator.CloudEvent(Event(Data, ("ce_subject", "käse %41"), ("traceparent", "00-1")));

        Assert.Null(entry.Refused);
        Assert.Equal("""{"sku":"A","location":"L","quantity":1,"event_id":"e1","source":"/tills","event_time":"2026-01-02T00:00:00Z","type":"sale","attributes":{"subject":"käse %41"}}""", Text(entry));
    }

    [Fact]
    public void An_event_in_structured_mode_is_its_record()
    {
        var structured = """{"specversion":"1.0","id":"e1","source":"/tills","type":"com.shop.sale","time":"2026-01-02T00:00:00Z","data":""" + Data + "}";

        var entry = MessageTranslator.CloudEvent(Message(structured, ("content-type", "Application/CloudEvents+JSON; charset=utf-8")));

        Assert.Null(entry.Refused);
        Assert.Equal(Text(MessageTranslator.CloudEvent(Event(Data))), Text(entry));
    }

    [Theory]
    [InlineData("application/cloudevents-batch+json", "[]", "not_supported", "content-type")]
    [InlineData("application/cloudevents+avro", "x", "not_supported", "content-type")]
    [InlineData("application/cloudevents+json", "no json", "malformed_document", "")]
    [InlineData("application/cloudevents+json", "{}", "missing_field", "specversion")]
    [InlineData("application/json", Data, "missing_field", "specversion")]
    [InlineData("application/xml", Data, "missing_field", "specversion")]
    public void What_is_no_event_is_refused_with_the_rule_and_kept_as_it_came(string type, string value, string rule, string field)
    {
        var entry = MessageTranslator.CloudEvent(Message(value, ("content-type", type)));

        Assert.Equal((rule, field), (entry.Refused!.Value.Rule, entry.Refused.Value.Field));
        Assert.Equal(value, Text(entry));
    }

    [Fact]
    public void The_same_message_gives_the_same_entry_whenever_it_is_delivered()
    {
        var first = MessageTranslator.CloudEvent(Event(Data) with { TimestampMicros = 1 });
        var again = MessageTranslator.CloudEvent(Event(Data, ("traceparent", "00-2")) with { TimestampMicros = 2 });

        Assert.Equal(Text(first), Text(again));
    }

    private static TopicMessage Event(string data, params (string Name, string Value)[] more) => Message(
        data,
        [("ce_specversion", "1.0"), ("ce_id", "e1"), ("ce_source", "/tills"), ("ce_type", "com.shop.sale"), ("ce_time", "2026-01-02T00:00:00Z"), ("content-type", "application/json"), .. more]);

    private static TopicMessage Message(string value, params (string Name, string Value)[] headers) => Message(Encoding.UTF8.GetBytes(value), headers);

    private static TopicMessage Message(byte[] value, params (string Name, string Value)[] headers) => new(
        s_origin, value, [.. headers.Select(h => KeyValuePair.Create(h.Name, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(h.Value)))]);

    private static string Text(MessageEntry entry) => Encoding.UTF8.GetString(entry.Bytes.Span);
}
