using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed class RecordTimeTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:00.000001Z", 1)]
    [InlineData("1969-12-31T23:59:59.999999Z", -1)]
    [InlineData("1970-01-01T01:00:00+01:00", 0)]
    [InlineData("1969-12-31T18:30:00-05:30", 0)]
    [InlineData("1970-01-01t00:00:00z", 0)]
    [InlineData("1970-01-01 00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:00-00:00", 0)]
    [InlineData("1970-01-01T00:00:01.5Z", 1_500_000)]
    [InlineData("1970-01-01T00:00:00.1234569Z", 123_456)]
    [InlineData("1970-01-01T00:00:00.123456789012345678901234567890Z", 123_456)]
    [InlineData("2024-02-29T12:00:00Z", 1_709_208_000_000_000)]
    [InlineData("2000-02-29T00:00:00Z", 951_782_400_000_000)]
    [InlineData("2026-11-22T00:00:00.123456Z", 1_795_305_600_123_456)]
    [InlineData("0001-01-01T00:00:00Z", RecordTime.MinMicros)]
    [InlineData("9999-12-31T23:59:59.999999Z", RecordTime.MaxMicros)]
    [InlineData("1970-01-02T23:58:59+23:59", 86_340_000_000 - 1_000_000 + 60_000_000)]
    public void Times_are_read_as_instants(string text, long micros)
    {
        Assert.Equal(TimeFault.None, RecordTime.Parse(Encoding.UTF8.GetBytes(text), out long read));
        Assert.Equal(micros, read);
    }

    [Theory]
    [InlineData("2026-11-22T25:44:00Z")]
    [InlineData("2026-11-22T24:00:00Z")]
    [InlineData("2026-11-22T23:60:00Z")]
    [InlineData("2026-02-30T00:00:00Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("1900-02-29T00:00:00Z")]
    [InlineData("2026-04-31T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-01-00T00:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2016-12-31T23:59:60Z")]
    [InlineData("2026-11-22T00:00:00.Z")]
    [InlineData("2026-11-22T00:00:00+24:00")]
    [InlineData("2026-11-22T00:00:00+01:60")]
    [InlineData("2026-11-22T00:00:00+0100")]
    [InlineData("2026-11-22T00:00:00+01")]
    [InlineData("2026-11-22T00:00:00 Z")]
    [InlineData("2026-11-22T00:00:00Zx")]
    [InlineData("2026-11-22T00:00Z")]
    [InlineData("2026-11-22")]
    [InlineData("20261122T000000Z")]
    [InlineData("22/11/2026 00:00:00")]
    [InlineData("1795305600")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("2O26-11-22T00:00:00Z")]
    [InlineData("-026-11-22T00:00:00Z")]
    [InlineData("2026-11-22T00:00:00,5Z")]
    [InlineData("")]
    public void What_no_calendar_and_clock_shows_is_refused(string text) =>
        Assert.Equal(TimeFault.NotATime, RecordTime.Parse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("2026-11-22T00:00:00")]
    [InlineData("2026-11-22 00:00:00.25")]
    public void A_local_time_is_told_apart(string text) =>
        Assert.Equal(TimeFault.NoOffset, RecordTime.Parse(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Every_time_that_the_platform_writes_is_read_back()
    {
        Gen<DateTimeOffset> instants =
            from day in Gen.Choose(-719_161, 2_932_895)
            from second in Gen.Choose(0, 86_399)
            from fraction in Gen.Choose(0, 999_999)
            from minutes in Gen.Choose(-14 * 60, 14 * 60)
            select RecordTime.ToInstant((((day * 86_400L) + second) * 1_000_000) + fraction).ToOffset(TimeSpan.FromMinutes(minutes));
        Prop.ForAll(instants.ToArbitrary(), instant =>
        {
            string text = instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz", CultureInfo.InvariantCulture);
            Assert.Equal(TimeFault.None, RecordTime.Parse(Encoding.UTF8.GetBytes(text), out long micros));
            Assert.Equal((instant.UtcTicks - DateTime.UnixEpoch.Ticks) / 10, micros);
            Assert.Equal(micros, RecordTime.ToMicros(instant));
            Assert.Equal(TimeFault.None, RecordTime.Parse(Encoding.UTF8.GetBytes(RecordTime.Format(micros)), out long again));
            Assert.Equal(micros, again);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void Finer_digits_of_an_instant_are_cut_towards_the_past()
    {
        Assert.Equal(-1, RecordTime.ToMicros(new DateTimeOffset(DateTime.UnixEpoch.AddTicks(-1))));
        Assert.Equal(0, RecordTime.ToMicros(new DateTimeOffset(DateTime.UnixEpoch.AddTicks(9))));
    }
}
