using System.Text;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

/// <summary>A parser with one moment of receipt, and a good record to vary.</summary>
internal sealed class ParseFixture
{
    public const string ReceivedAt = "2026-11-22T12:00:00Z";

    public const string Good =
        """{"event_id":"e-1","line":2,"source":"pos","type":"sale","sku":"A-1","location":"L1","quantity":1.5,"event_time":"2026-11-22T11:00:00Z"}""";

    private readonly StockRecordParser parser = new(new StockRecordRules());

    public StockRecordDraft Draft { get; } = new();

    public static long Micros(string time)
    {
        Assert.Equal(TimeFault.None, RecordTime.Parse(Encoding.UTF8.GetBytes(time), out long micros));
        return micros;
    }

    public RecordViolation? Parse(ReadOnlySpan<byte> json, string defaultSource = "") =>
        parser.Parse(json, new StockRecordContext(Encoding.UTF8.GetBytes(defaultSource), Micros(ReceivedAt)), Draft, out RecordViolation violation)
            ? null
            : violation;

    public RecordViolation? Parse(string json, string defaultSource = "") => Parse(Encoding.UTF8.GetBytes(json), defaultSource);

    public RecordViolation? Validate(string defaultSource = "") =>
        parser.Validate(Draft, new StockRecordContext(Encoding.UTF8.GetBytes(defaultSource), Micros(ReceivedAt)), out RecordViolation violation)
            ? null
            : violation;

    public void AssertGood(string json, string defaultSource = "") => Assert.Null(Parse(json, defaultSource));

    public static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
