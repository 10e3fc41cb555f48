using System.Text;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed class StockRecordValueTests
{
    private readonly ParseFixture fixture = new();

    [Fact]
    public void Every_field_is_read()
    {
        fixture.AssertGood(
            """
            {"event_id":"e-\u00e9\ud83d\ude00","line":3,"source":"pos-1","type":"void","sku":"Ä\/1","location":"L 1","quantity":"2.50",
             "event_time":"2026-11-22T12:30:00+01:00","voids":{"line":4,"event_id":"e-0"},"reference":"R","reason":"two\nlines",
             "unit_cost":12.3400,"channel":"web","attributes":{"b":1.0,"a":[true, null]},"till": 7,"extra":{"x" : [1, "a b"]}}
            """);
        StockRecordDraft draft = fixture.Draft;
        Assert.Equal("e-é😀", ParseFixture.Text(draft.EventId));
        Assert.Equal(3, draft.Line);
        Assert.Equal("pos-1", ParseFixture.Text(draft.Source));
        Assert.Equal(StockRecordType.Void, draft.Type);
        Assert.Equal("Ä/1", ParseFixture.Text(draft.Sku));
        Assert.Equal("L 1", ParseFixture.Text(draft.Location));
        Assert.Equal(Quantity.Parse("2.5"), draft.Quantity);
        Assert.Equal(ParseFixture.Micros("2026-11-22T11:30:00Z"), draft.EventTimeMicros);
        Assert.Equal("e-0", ParseFixture.Text(draft.VoidsEventId));
        Assert.Equal(4, draft.VoidsLine);
        Assert.Equal("R", ParseFixture.Text(draft.Reference));
        Assert.Equal("two\nlines", ParseFixture.Text(draft.Reason));
        Assert.True(draft.HasUnitCost);
        Assert.Equal(123_400, draft.UnitCostRaw);
        Assert.Equal("web", ParseFixture.Text(draft.Channel));
        Assert.Equal("""{"a":[true,null],"b":1}""", ParseFixture.Text(draft.Attributes));
        Assert.Equal("""{"till":7,"extra":{"x":[1,"a b"]}}""", ParseFixture.Text(draft.Rescued));
        Assert.True(draft.IsJsonObject);
    }

    [Fact]
    public void What_is_absent_has_its_default()
    {
        fixture.AssertGood("""{"event_id":"e","source":"s","type":"void","sku":"A","location":"L","quantity":1,"event_time":"2026-01-01T00:00:00Z","voids":{"event_id":"e0"},"reason":null,"line":null,"channel":"","unit_cost":null,"attributes":null}""");
        StockRecordDraft draft = fixture.Draft;
        Assert.Equal(0, draft.Line);
        Assert.Equal(0, draft.VoidsLine);
        Assert.False(draft.HasUnitCost);
        Assert.True(draft.Reason.IsEmpty && draft.Channel.IsEmpty && draft.Reference.IsEmpty && draft.Attributes.IsEmpty && draft.Rescued.IsEmpty);
        fixture.AssertGood(ParseFixture.Good);
        Assert.Equal(2, draft.Line);
        Assert.True(draft.VoidsEventId.IsEmpty);
    }

    [Theory]
    [InlineData("sale", StockRecordType.Sale)]
    [InlineData("transfer_out", StockRecordType.TransferOut)]
    [InlineData("damage", StockRecordType.Damage)]
    [InlineData("shrink", StockRecordType.Shrink)]
    [InlineData("receipt", StockRecordType.Receipt)]
    [InlineData("return", StockRecordType.Return)]
    [InlineData("transfer_in", StockRecordType.TransferIn)]
    [InlineData("adjustment", StockRecordType.Adjustment)]
    [InlineData("count", StockRecordType.Count)]
    public void Every_type_is_known_by_its_name(string name, StockRecordType type)
    {
        fixture.AssertGood(ParseFixture.Good.Replace("\"sale\"", $"\"{name}\"", StringComparison.Ordinal));
        Assert.Equal(type, fixture.Draft.Type);
        Assert.Equal(name, StockRecordTypeName.Of(type));
        Assert.Equal(name, ParseFixture.Text(StockRecordTypeName.Utf8Of(type)));
    }

    [Theory]
    [InlineData("count", "0", 0)]
    [InlineData("count", "-0.0", 0)]
    [InlineData("adjustment", "-2.5", -250_000)]
    [InlineData("adjustment", "\"-2.5\"", -250_000)]
    [InlineData("sale", "1e2", 10_000_000)]
    [InlineData("sale", "999999999999.99999", 99_999_999_999_999_999)]
    [InlineData("receipt", "0.00001", 1)]
    public void Quantities_of_each_kind_are_exact(string type, string quantity, long raw)
    {
        fixture.AssertGood(ParseFixture.Good
            .Replace("\"sale\"", $"\"{type}\"", StringComparison.Ordinal).Replace("1.5", quantity, StringComparison.Ordinal));
        Assert.Equal(raw, fixture.Draft.Quantity.Raw);
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0.00", "0")]
    [InlineData("0e99999999999", "0")]
    [InlineData("1.50", "1.5")]
    [InlineData("15e-1", "1.5")]
    [InlineData("-100", "-100")]
    [InlineData("1E2", "100")]
    [InlineData("123456789012345678901", "123456789012345678901")]
    [InlineData("100000000000000000000", "100000000000000000000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1e21", "1e21")]
    [InlineData("12e20", "1.2e21")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000010", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("1.25e-7", "1.25e-7")]
    [InlineData("0.1000000000000000000000000000000000001", "0.1000000000000000000000000000000000001")]
    [InlineData("1e0000000000000000000000005", "100000")]
    public void A_number_in_attributes_has_one_text(string written, string canonical)
    {
        fixture.AssertGood(ParseFixture.Good.Replace("\"line\":2", $"\"attributes\":{{\"n\":{written}}}", StringComparison.Ordinal));
        Assert.Equal($"{{\"n\":{canonical}}}", ParseFixture.Text(fixture.Draft.Attributes));
    }

    [Fact]
    public void A_clock_that_runs_ahead_by_the_allowance_is_believed()
    {
        fixture.AssertGood(ParseFixture.Good.Replace("T11:00:00Z", "T12:05:00Z", StringComparison.Ordinal));
    }

    [Fact]
    public void The_records_own_source_goes_before_the_default()
    {
        fixture.AssertGood(ParseFixture.Good, defaultSource: "feed");
        Assert.Equal("pos", ParseFixture.Text(fixture.Draft.Source));
        fixture.AssertGood(ParseFixture.Good.Replace("\"pos\"", "null", StringComparison.Ordinal), defaultSource: "feed");
        Assert.Equal("feed", ParseFixture.Text(fixture.Draft.Source));
        Assert.Equal(
            RecordRule.ControlCharacter,
            fixture.Parse(ParseFixture.Good.Replace("\"source\":\"pos\",", string.Empty, StringComparison.Ordinal), "a\u0007b")?.Rule);
    }

    [Theory]
    [InlineData("1.5", "15e-1")]
    [InlineData("1.5", "\"1.50000\"")]
    [InlineData("2026-11-22T11:00:00Z", "2026-11-22T13:00:00.000000+02:00")]
    [InlineData("\"L1\"", "\"\\u004c1\"")]
    [InlineData("\"line\":2", "\"line\":2,\"unknown\":true,\"reason\":null,\"reference\":\"\"")]
    [InlineData("\"e-1\"", "\"e-2\"")]
    [InlineData("\"line\":2", "\"line\":5")]
    [InlineData("\"pos\"", "\"other\"")]
    public void Content_is_equal_however_it_is_written_and_whatever_its_identity(string part, string replacement)
    {
        ParseFixture other = new();
        fixture.AssertGood(ParseFixture.Good);
        other.AssertGood(ParseFixture.Good.Replace(part, replacement, StringComparison.Ordinal));
        Assert.True(fixture.Draft.ContentEquals(other.Draft));
        Assert.Equal(fixture.Draft.ContentHash, other.Draft.ContentHash);
    }

    [Theory]
    [InlineData("1.5", "1.50001")]
    [InlineData("T11:00:00Z", "T11:00:00.000001Z")]
    [InlineData("\"sale\"", "\"damage\"")]
    [InlineData("\"A-1\"", "\"A-2\"")]
    [InlineData("\"L1\"", "\"L2\"")]
    [InlineData("\"line\":2", "\"line\":2,\"reason\":\"x\"")]
    [InlineData("\"line\":2", "\"line\":2,\"reference\":\"x\"")]
    [InlineData("\"line\":2", "\"line\":2,\"channel\":\"x\"")]
    [InlineData("\"line\":2", "\"line\":2,\"unit_cost\":0")]
    [InlineData("\"line\":2", "\"line\":2,\"attributes\":{}")]
    [InlineData("\"A-1\",\"location\":\"L1\"", "\"A-1L\",\"location\":\"1\"")]
    public void Content_differs_by_any_field_of_the_table(string part, string replacement)
    {
        ParseFixture other = new();
        fixture.AssertGood(ParseFixture.Good);
        other.AssertGood(ParseFixture.Good.Replace(part, replacement, StringComparison.Ordinal));
        Assert.False(fixture.Draft.ContentEquals(other.Draft));
        Assert.NotEqual(fixture.Draft.ContentHash, other.Draft.ContentHash);
    }

    [Fact]
    public void The_content_hash_never_changes_between_versions()
    {
        fixture.AssertGood(ParseFixture.Good);
        Assert.Equal(HashOfGood, fixture.Draft.ContentHash);
        Assert.Equal(UInt128.Parse(FingerprintOfGood, System.Globalization.CultureInfo.InvariantCulture), fixture.Draft.IdentityFingerprint());
    }

    [Fact]
    public void Identities_have_one_key_and_one_fingerprint()
    {
        HashSet<UInt128> fingerprints = [];
        HashSet<string> keys = [];
        foreach (string source in (string[])["a", "ab", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopq"])
        {
            foreach (string eventId in (string[])["b", "bb", "ba", "1", "", "bcdefghijklmnopqrstuvwxyz0123456789"])
            {
                for (long line = 0; line < 50; line++)
                {
                    System.Buffers.ArrayBufferWriter<byte> key = new();
                    RecordIdentity.WriteKey(key, Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(eventId), line);
                    Assert.Equal($"{source}\u001F{eventId}\u001F{line}", Encoding.UTF8.GetString(key.WrittenSpan));
                    fingerprints.Add(RecordIdentity.Fingerprint(Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(eventId), line));
                    keys.Add(Encoding.UTF8.GetString(key.WrittenSpan));
                }
            }
        }

        Assert.Equal(6 * 6 * 50, keys.Count);
        Assert.Equal(keys.Count, fingerprints.Count);
    }

    [Fact]
    public void A_valid_record_costs_no_allocation()
    {
        byte[] json = Encoding.UTF8.GetBytes(ParseFixture.Good.Replace(
            "\"line\":2", "\"line\":2,\"reason\":\"a\\nb\",\"attributes\":{\"a\":1,\"b\":[2.50]},\"till\":7", StringComparison.Ordinal));
        StockRecordParser parser = new(new StockRecordRules());
        StockRecordContext context = new("pos"u8, ParseFixture.Micros(ParseFixture.ReceivedAt));
        Assert.True(parser.Parse(json, context, fixture.Draft, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            parser.Parse(json, context, fixture.Draft, out _);
            _ = fixture.Draft.ContentHash;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private const long HashOfGood = 2627100808697270114;
    private const string FingerprintOfGood = "34507784927902487792704630449151685036";
}
