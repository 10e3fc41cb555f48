using System.Text;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed class StockRecordRefusalTests
{
    private readonly ParseFixture fixture = new();

    // Each row replaces one part of the good record; ~ in the replacement stands for nothing.
    [Theory]
    [InlineData("\"e-1\"", "\"\"", RecordRule.TextLength, "event_id")]
    [InlineData("\"e-1\"", "null", RecordRule.MissingField, "event_id")]
    [InlineData("\"e-1\"", "7", RecordRule.WrongType, "event_id")]
    [InlineData("\"e-1\"", "\"a\\u0000b\"", RecordRule.ControlCharacter, "event_id")]
    [InlineData("\"e-1\"", "\"a\\nb\"", RecordRule.ControlCharacter, "event_id")]
    [InlineData("\"e-1\"", "\"a\u007Fb\"", RecordRule.ControlCharacter, "event_id")]
    [InlineData("\"e-1\"", "\"a\u007Fb and enough behind it for another block\"", RecordRule.ControlCharacter, "event_id")]
    [InlineData("\"e-1\"", "\"a\u0085b\"", RecordRule.ControlCharacter, "event_id")]
    [InlineData("\"event_id\":\"e-1\",", "~", RecordRule.MissingField, "event_id")]
    [InlineData("\"source\":\"pos\",", "~", RecordRule.MissingField, "source")]
    [InlineData("\"pos\"", "[\"pos\"]", RecordRule.WrongType, "source")]
    [InlineData("\"type\":\"sale\",", "~", RecordRule.MissingField, "type")]
    [InlineData("\"sale\"", "\"Sale\"", RecordRule.UnknownType, "type")]
    [InlineData("\"sale\"", "\"sold\"", RecordRule.UnknownType, "type")]
    [InlineData("\"sale\"", "\"\"", RecordRule.UnknownType, "type")]
    [InlineData("\"sale\"", "true", RecordRule.WrongType, "type")]
    [InlineData("\"sku\":\"A-1\",", "~", RecordRule.MissingField, "sku")]
    [InlineData("\"A-1\"", "12345", RecordRule.WrongType, "sku")]
    [InlineData("\"location\":\"L1\",", "~", RecordRule.MissingField, "location")]
    [InlineData("\"L1\"", "{\"id\":1}", RecordRule.WrongType, "location")]
    [InlineData("\"line\":2", "\"line\":-1", RecordRule.LineInvalid, "line")]
    [InlineData("\"line\":2", "\"line\":2.5", RecordRule.LineInvalid, "line")]
    [InlineData("\"line\":2", "\"line\":1e18", RecordRule.LineInvalid, "line")]
    [InlineData("\"line\":2", "\"line\":\"2\"", RecordRule.WrongType, "line")]
    [InlineData("\"quantity\":1.5,", "~", RecordRule.MissingField, "quantity")]
    [InlineData("1.5", "0", RecordRule.QuantityNotPositive, "quantity")]
    [InlineData("1.5", "-1", RecordRule.QuantityNotPositive, "quantity")]
    [InlineData("1.5", "1.000001", RecordRule.NumberTooPrecise, "quantity")]
    [InlineData("1.5", "1e12", RecordRule.NumberTooLarge, "quantity")]
    [InlineData("1.5", "1e400", RecordRule.NumberTooLarge, "quantity")]
    [InlineData("1.5", "\"NaN\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "\"Infinity\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "\"\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "\"0x1F\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "\"1,5\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "\"two\"", RecordRule.NotANumber, "quantity")]
    [InlineData("1.5", "true", RecordRule.WrongType, "quantity")]
    [InlineData("1.5", "[1]", RecordRule.WrongType, "quantity")]
    [InlineData("1.5", "NaN", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "Infinity", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "0x1F", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "01", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "+1", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "1.", RecordRule.MalformedJson, "")]
    [InlineData("1.5", ".5", RecordRule.MalformedJson, "")]
    [InlineData("1.5", "~", RecordRule.MalformedJson, "")]
    [InlineData("\"event_time\":\"2026-11-22T11:00:00Z\"", "\"x\":1", RecordRule.MissingField, "event_time")]
    [InlineData("T11:00:00Z", "T25:44:00Z", RecordRule.EventTimeInvalid, "event_time")]
    [InlineData("2026-11-22T", "2026-02-30T", RecordRule.EventTimeInvalid, "event_time")]
    [InlineData("T11:00:00Z", "T11:00:60Z", RecordRule.EventTimeInvalid, "event_time")]
    [InlineData("T11:00:00Z", "T11:00:00", RecordRule.EventTimeWithoutOffset, "event_time")]
    [InlineData("T11:00:00Z", "T12:05:00.000001Z", RecordRule.EventTimeInFuture, "event_time")]
    [InlineData("T11:00:00Z", "T12:00:00-00:06", RecordRule.EventTimeInFuture, "event_time")]
    [InlineData("\"2026-11-22T11:00:00Z\"", "1795305600", RecordRule.WrongType, "event_time")]
    [InlineData("\"line\":2", "\"voids\":{\"event_id\":\"e\"}", RecordRule.VoidsOnlyForVoid, "voids")]
    [InlineData("\"sale\"", "\"void\"", RecordRule.MissingField, "voids.event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{}", RecordRule.MissingField, "voids.event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":null", RecordRule.MissingField, "voids.event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":\"e-0\"", RecordRule.WrongType, "voids")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":1}", RecordRule.WrongType, "voids.event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":\"\"}", RecordRule.TextLength, "voids.event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":\"e\",\"line\":-1}", RecordRule.LineInvalid, "voids.line")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":\"e\",\"source\":\"other\"}", RecordRule.VoidsUnknownField, "source")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":\"e\",\"event_id\":\"f\"}", RecordRule.DuplicateKey, "event_id")]
    [InlineData("\"sale\"", "\"void\",\"voids\":{\"event_id\":\"e-1\",\"line\":2}", RecordRule.VoidOfItself, "voids")]
    [InlineData("\"sale\"", "\"adjustment\",\"x\":0,\"quantity\":0", RecordRule.DuplicateKey, "quantity")]
    [InlineData("\"line\":2", "\"sk\\u0075\":\"B\"", RecordRule.DuplicateKey, "sku")]
    [InlineData("\"line\":2", "\"x\":1,\"y\":2,\"\\u0078\":3", RecordRule.DuplicateKey, "x")]
    [InlineData("\"line\":2", "\"attributes\":[1]", RecordRule.WrongType, "attributes")]
    [InlineData("\"line\":2", "\"attributes\":\"{}\"", RecordRule.WrongType, "attributes")]
    [InlineData("\"line\":2", "\"attributes\":{\"a\":{\"b\":1,\"c\":2,\"b\":1}}", RecordRule.DuplicateKey, "attributes")]
    [InlineData("\"line\":2", "\"attributes\":{\"a\":1e1234567890}", RecordRule.NumberTooLarge, "attributes")]
    [InlineData("\"line\":2", "\"unit_cost\":1.00001", RecordRule.NumberTooPrecise, "unit_cost")]
    [InlineData("\"line\":2", "\"unit_cost\":\"free\"", RecordRule.NotANumber, "unit_cost")]
    [InlineData("\"line\":2", "\"unit_cost\":100000000000000", RecordRule.NumberTooLarge, "unit_cost")]
    [InlineData("\"line\":2", "\"reference\":7", RecordRule.WrongType, "reference")]
    [InlineData("\"line\":2", "\"channel\":\"a\\tb\"", RecordRule.ControlCharacter, "channel")]
    [InlineData("\"line\":2", "\"x\":\"\\ud800\"", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":\"\\udc00\\ud800\"", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":\"\\x41\"", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":\"\\u00g0\"", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":\"a\tb\"", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":tru", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":[1,]", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":[1 2]", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"x\":{\"a\"}", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "'line':2", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "line:2", RecordRule.MalformedJson, "")]
    [InlineData("\"line\":2", "\"line\":2 /* two */", RecordRule.MalformedJson, "")]
    public void A_record_that_breaks_a_rule_is_refused_by_name(string part, string replacement, string rule, string field)
    {
        Assert.Contains(part, ParseFixture.Good, StringComparison.Ordinal);
        string json = ParseFixture.Good.Replace(part, replacement == "~" ? string.Empty : replacement, StringComparison.Ordinal);
        RecordViolation? violation = fixture.Parse(json);
        Assert.Equal((rule, field), (violation?.Rule, violation?.Field));
        Assert.Equal(rule is not RecordRule.MalformedJson, fixture.Draft.IsJsonObject);
        Assert.Contains(rule, violation!.Value.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(violation.Value.Detail, char.IsControl);
    }

    [Theory]
    [InlineData("", RecordRule.MalformedJson)]
    [InlineData("   \r\n", RecordRule.MalformedJson)]
    [InlineData("{", RecordRule.MalformedJson)]
    [InlineData("{}", RecordRule.MissingField)]
    [InlineData("{}}", RecordRule.MalformedJson)]
    [InlineData("{} {}", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":\"e", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":\"e\\", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":\"\\u12", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\"", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":1,", RecordRule.MalformedJson)]
    [InlineData("{\"event_id\":1,}", RecordRule.MalformedJson)]
    [InlineData("{,}", RecordRule.MalformedJson)]
    [InlineData("[]", RecordRule.NotAnObject)]
    [InlineData("[{}]", RecordRule.NotAnObject)]
    [InlineData("12", RecordRule.NotAnObject)]
    [InlineData("\"text\"", RecordRule.NotAnObject)]
    [InlineData("null", RecordRule.NotAnObject)]
    [InlineData("null x", RecordRule.MalformedJson)]
    [InlineData("event_id,sku,quantity", RecordRule.MalformedJson)]
    [InlineData("<record/>", RecordRule.MalformedJson)]
    [InlineData("\uFEFF{}", RecordRule.MalformedJson)]
    [InlineData("\0{}", RecordRule.MalformedJson)]
    [InlineData("{}\0", RecordRule.MalformedJson)]
    public void Text_that_is_no_record_is_refused_as_a_whole(string text, string rule) =>
        Assert.Equal(rule, fixture.Parse(text)?.Rule);

    [Fact]
    public void Every_beginning_of_a_record_is_malformed()
    {
        byte[] json = Encoding.UTF8.GetBytes(ParseFixture.Good);
        for (int length = 0; length < json.Length; length++)
        {
            Assert.Equal(RecordRule.MalformedJson, fixture.Parse(json.AsSpan(0, length))?.Rule);
        }

        Assert.Null(fixture.Parse(json));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xE2, 0x82 })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    public void Bytes_that_are_not_utf8_are_refused(byte[] bytes)
    {
        byte[] json = [.. "{\"event_id\":\""u8, .. bytes, .. "\"}"u8];
        Assert.Equal(RecordRule.InvalidUtf8, fixture.Parse(json)?.Rule);
        Assert.False(fixture.Draft.IsJsonObject);
    }

    [Fact]
    public void Lengths_count_characters_not_bytes()
    {
        Assert.Null(fixture.Parse(ParseFixture.Good.Replace("e-1", new string('x', 128), StringComparison.Ordinal)));
        Assert.Equal(
            RecordRule.TextLength, fixture.Parse(ParseFixture.Good.Replace("e-1", new string('x', 129), StringComparison.Ordinal))?.Rule);
        string wide = string.Concat(Enumerable.Repeat("😀", 128));
        Assert.Null(fixture.Parse(ParseFixture.Good.Replace("e-1", wide, StringComparison.Ordinal)));
        Assert.Equal(RecordRule.TextLength, fixture.Parse(ParseFixture.Good.Replace("e-1", wide + "é", StringComparison.Ordinal))?.Rule);
        Assert.Null(fixture.Parse(ParseFixture.Good.Replace("\"pos\"", $"\"{new string('s', 64)}\"", StringComparison.Ordinal)));
        Assert.Equal(
            RecordRule.TextLength,
            fixture.Parse(ParseFixture.Good.Replace("\"pos\"", $"\"{new string('s', 65)}\"", StringComparison.Ordinal))?.Rule);
    }

    [Fact]
    public void A_record_of_more_than_a_mebibyte_is_refused_and_one_of_a_mebibyte_is_not()
    {
        string filled = ParseFixture.Good.Replace("\"line\":2", "\"line\":2,\"note\":\"~\"", StringComparison.Ordinal);
        int room = (1 << 20) - (filled.Length - 1);
        Assert.Null(fixture.Parse(filled.Replace("~", new string('n', room), StringComparison.Ordinal)));
        RecordViolation? violation = fixture.Parse(filled.Replace("~", new string('n', room + 1), StringComparison.Ordinal));
        Assert.Equal(RecordRule.RecordTooLarge, violation?.Rule);
        Assert.True(violation?.Detail.Length < 200);
    }

    [Fact]
    public void Nesting_ends_at_the_allowed_depth()
    {
        Assert.Null(fixture.Parse(Nested(63)));
        Assert.Equal(RecordRule.NestedTooDeep, fixture.Parse(Nested(64))?.Rule);
        Assert.Equal(RecordRule.NestedTooDeep, fixture.Parse(Nested(100_000))?.Rule);

        static string Nested(int depth) => ParseFixture.Good.Replace(
            "\"line\":2", $"\"x\":{new string('[', depth)}{new string(']', depth)}", StringComparison.Ordinal);
    }

    [Fact]
    public void The_detail_shows_a_hostile_value_short_and_printable()
    {
        RecordViolation? violation = fixture.Parse(
            ParseFixture.Good.Replace("e-1", "\\u001b[2J" + new string('x', 500), StringComparison.Ordinal));
        Assert.StartsWith("event_id '\\x1b[2Jxxx", violation?.Detail, StringComparison.Ordinal);
        Assert.True(violation?.Detail.Length < 250);
    }
}
