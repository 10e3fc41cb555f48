using System.Text;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed class TextFieldTests
{
    private readonly ParseFixture fixture = new();

    [Fact]
    public void Fields_set_as_text_give_the_same_record_as_json()
    {
        ParseFixture json = new();
        json.AssertGood(
            """{"event_id":"e-1","line":2,"source":"pos","type":"void","sku":"A","location":"L","quantity":1.5,"event_time":"2026-11-22T11:00:00Z","voids":{"event_id":"e-0","line":1},"reference":"r","reason":"ä","unit_cost":2.5,"channel":"web","attributes":{"b":1,"a":2}}""");
        Set(
            (StockField.EventId, "e-1"), (StockField.Line, "2"), (StockField.Source, "pos"), (StockField.Type, "void"), (StockField.Sku, "A"),
            (StockField.Location, "L"), (StockField.Quantity, "1.50"), (StockField.EventTime, "2026-11-22T12:00:00+01:00"),
            (StockField.VoidsEventId, "e-0"), (StockField.VoidsLine, "1"), (StockField.Reference, "r"), (StockField.Reason, "ä"),
            (StockField.UnitCost, "2.5000"), (StockField.Channel, "web"), (StockField.Attributes, " { \"a\":2.0 , \"b\":1 }"));
        Assert.Null(fixture.Validate());
        Assert.True(fixture.Draft.ContentEquals(json.Draft));
        Assert.Equal(json.Draft.ContentHash, fixture.Draft.ContentHash);
        Assert.Equal(json.Draft.IdentityFingerprint(), fixture.Draft.IdentityFingerprint());
        Assert.Equal("{\"a\":2,\"b\":1}", ParseFixture.Text(fixture.Draft.Attributes));
    }

    [Theory]
    [InlineData(StockField.EventId, "", RecordRule.MissingField)]
    [InlineData(StockField.Sku, "", RecordRule.MissingField)]
    [InlineData(StockField.Sku, "a\tb", RecordRule.ControlCharacter)]
    [InlineData(StockField.Line, "x", RecordRule.LineInvalid)]
    [InlineData(StockField.Type, "verkauf", RecordRule.UnknownType)]
    [InlineData(StockField.Quantity, "1,5", RecordRule.NotANumber)]
    [InlineData(StockField.Quantity, "", RecordRule.MissingField)]
    [InlineData(StockField.EventTime, "22.11.2026", RecordRule.EventTimeInvalid)]
    [InlineData(StockField.EventTime, "2026-11-22 11:00:00", RecordRule.EventTimeWithoutOffset)]
    [InlineData(StockField.VoidsEventId, "e-0", RecordRule.VoidsOnlyForVoid)]
    [InlineData(StockField.UnitCost, "n/a", RecordRule.NotANumber)]
    [InlineData(StockField.Attributes, "{", RecordRule.MalformedJson)]
    [InlineData(StockField.Attributes, "{} x", RecordRule.MalformedJson)]
    [InlineData(StockField.Attributes, "text", RecordRule.WrongType)]
    public void Fields_set_as_text_keep_the_same_rules(StockField field, string text, string rule)
    {
        SetGood();
        fixture.Draft.SetText(field, Encoding.UTF8.GetBytes(text));
        Assert.Equal(rule, fixture.Validate()?.Rule);
    }

    [Theory]
    [InlineData(StockField.Sku)]
    [InlineData(StockField.Reason)]
    [InlineData(StockField.Attributes)]
    public void Text_that_is_not_utf8_is_refused(StockField field)
    {
        SetGood();
        fixture.Draft.SetText(field, [(byte)'{', 0xFF, (byte)'}']);
        Assert.Equal(RecordRule.InvalidUtf8, fixture.Validate()?.Rule);
    }

    [Fact]
    public void Unmapped_columns_are_kept_aside()
    {
        SetGood();
        fixture.Draft.RescueText("Till \"7\""u8, "a\u0001ä"u8);
        fixture.Draft.RescueText("empty"u8, ""u8);
        Assert.Null(fixture.Validate("feed"));
        Assert.Equal("""{"Till \"7\"":"a\u0001ä","empty":""}""", ParseFixture.Text(fixture.Draft.Rescued));
        Assert.Throws<ArgumentException>(() => fixture.Draft.RescueText("x"u8, [0xFF]));
    }

    [Fact]
    public void A_draft_forgets_what_it_held()
    {
        fixture.AssertGood(ParseFixture.Good.Replace("\"line\":2", "\"line\":2,\"reason\":\"x\",\"attributes\":{\"a\":1},\"y\":1", StringComparison.Ordinal));
        long hash = fixture.Draft.ContentHash;
        SetGood();
        Assert.Null(fixture.Validate());
        Assert.True(fixture.Draft.Reason.IsEmpty && fixture.Draft.Attributes.IsEmpty && fixture.Draft.Rescued.IsEmpty && fixture.Draft.Line == 0);
        Assert.NotEqual(hash, fixture.Draft.ContentHash);
    }

    [Fact]
    public void Field_names_are_found_by_name()
    {
        foreach (StockField field in Enum.GetValues<StockField>())
        {
            Assert.True(StockFieldName.TryParse(StockFieldName.Of(field), out StockField found));
            Assert.Equal(field, found);
        }

        Assert.False(StockFieldName.TryParse("voids", out _));
    }

    private void SetGood() => Set(
        (StockField.EventId, "e-1"), (StockField.Source, "pos"), (StockField.Type, "sale"), (StockField.Sku, "A"),
        (StockField.Location, "L"), (StockField.Quantity, "1.5"), (StockField.EventTime, "2026-11-22T11:00:00Z"));

    private void Set(params (StockField Field, string Text)[] fields)
    {
        fixture.Draft.Begin();
        foreach ((StockField field, string text) in fields)
        {
            fixture.Draft.SetText(field, Encoding.UTF8.GetBytes(text));
        }
    }
}
