using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed partial class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("3", 300_000)]
    [InlineData("1.50000", 150_000)]
    [InlineData("1.5000000000000000000000000000000", 150_000)]
    [InlineData("1e2", 10_000_000)]
    [InlineData("1.5E+1", 1_500_000)]
    [InlineData("100e-2", 100_000)]
    [InlineData("0.00001", 1)]
    [InlineData("-0.00001", -1)]
    [InlineData("1e-5", 1)]
    [InlineData(".5", 50_000)]
    [InlineData("5.", 500_000)]
    [InlineData("+7", 700_000)]
    [InlineData("007", 700_000)]
    [InlineData("999999999999.99999", 99_999_999_999_999_999)]
    [InlineData("-999999999999.99999", -99_999_999_999_999_999)]
    [InlineData("0e999999999999999999999", 0)]
    [InlineData("0.000000000000000000000001e23", 10_000)]
    [InlineData("100000000000000000000000000000e-29", 100_000)]
    public void Decimal_text_is_read_exactly(string text, long raw)
    {
        Assert.Equal(DecimalFault.None, Quantity.Parse(Encoding.UTF8.GetBytes(text), out Quantity quantity));
        Assert.Equal(raw, quantity.Raw);
    }

    [Theory]
    [InlineData("", DecimalFault.NotANumber)]
    [InlineData("-", DecimalFault.NotANumber)]
    [InlineData(".", DecimalFault.NotANumber)]
    [InlineData("1.2.3", DecimalFault.NotANumber)]
    [InlineData("1,000", DecimalFault.NotANumber)]
    [InlineData(" 1", DecimalFault.NotANumber)]
    [InlineData("1 ", DecimalFault.NotANumber)]
    [InlineData("0x10", DecimalFault.NotANumber)]
    [InlineData("NaN", DecimalFault.NotANumber)]
    [InlineData("Infinity", DecimalFault.NotANumber)]
    [InlineData("1e", DecimalFault.NotANumber)]
    [InlineData("1e+", DecimalFault.NotANumber)]
    [InlineData("e5", DecimalFault.NotANumber)]
    [InlineData("--1", DecimalFault.NotANumber)]
    [InlineData("١", DecimalFault.NotANumber)]
    [InlineData("1000000000000", DecimalFault.TooLarge)]
    [InlineData("1e12", DecimalFault.TooLarge)]
    [InlineData("1e999999999999999999999", DecimalFault.TooLarge)]
    [InlineData("123456789012345678901234567890", DecimalFault.TooLarge)]
    [InlineData("0.000001", DecimalFault.TooPrecise)]
    [InlineData("1.000001", DecimalFault.TooPrecise)]
    [InlineData("1e-6", DecimalFault.TooPrecise)]
    [InlineData("1.00000000000000000000000000000000001", DecimalFault.TooPrecise)]
    [InlineData("1e-999999999999999999999", DecimalFault.TooPrecise)]
    public void Other_text_is_refused_with_its_fault(string text, DecimalFault fault)
    {
        Assert.Equal(fault, Quantity.Parse(Encoding.UTF8.GetBytes(text), out Quantity quantity));
        Assert.Equal(0, quantity.Raw);
    }

    [Theory]
    [InlineData(300_000, "3")]
    [InlineData(-50_000, "-0.5")]
    [InlineData(100_001, "1.00001")]
    [InlineData(0, "0")]
    [InlineData(99_999_999_999_999_999, "999999999999.99999")]
    public void Text_is_the_shortest(long raw, string text) => Assert.Equal(text, new Quantity(raw).ToString());

    [Fact]
    public void Sums_are_exact_and_stay_at_the_limit_beyond_it()
    {
        Quantity most = new(long.MaxValue);
        Quantity least = new(long.MinValue);
        Assert.Equal(most, most + new Quantity(1));
        Assert.Equal(most, most - least);
        Assert.Equal(most, -least);
        Assert.Equal(least, least - new Quantity(1));
        Assert.Equal(least, least + least);
        Assert.Equal(new Quantity(-1), most + least);
        Assert.Equal(new Quantity(long.MaxValue - 1), most - new Quantity(1));
        Assert.Equal(most, Quantity.FromDecimal(decimal.MaxValue));
        Assert.Equal(least, Quantity.FromDecimal(-100_000_000_000_000m));
        Assert.Equal(most, Quantity.FromDecimal(92_233_720_368_547.75807m));
        Assert.Equal(Quantity.Parse("0.3"), Quantity.Parse("0.1") + Quantity.Parse("0.2"));
        Assert.Equal(Quantity.Parse("-1.5"), -Quantity.FromDecimal(1.5m));
        Assert.Throws<ArgumentException>(() => Quantity.FromDecimal(0.000001m));
    }

    [Fact]
    public void Any_decimal_text_has_the_value_that_whole_number_arithmetic_gives_it()
    {
        Gen<string> texts =
            from sign in Gen.Elements("", "-", "+")
            from whole in Digits(0, 16)
            from point in Gen.Elements("", ".")
            from places in Digits(0, 9)
            from zeros in Gen.Elements("", "0", "0000000")
            from exponent in Gen.Elements("", "", "e0", "e3", "E-3", "e+11", "e-18", "e17")
            select sign + whole + point + (point.Length == 0 ? "" : places) + zeros + exponent;
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            DecimalFault fault = Quantity.Parse(Encoding.UTF8.GetBytes(text), out Quantity quantity);
            Assert.Equal(Oracle(text), (fault, quantity.Raw));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    private static Gen<string> Digits(int least, int most) =>
        from count in Gen.Choose(least, most)
        from digits in Gen.Elements('0', '0', '1', '5', '9').ArrayOf(count)
        select new string(digits);

    private static (DecimalFault Fault, long Raw) Oracle(string text)
    {
        Match match = Number().Match(text);
        string whole = match.Groups["whole"].Value;
        string places = match.Groups["places"].Value;
        if (!match.Success || whole.Length + places.Length == 0)
        {
            return (DecimalFault.NotANumber, 0);
        }

        int exponent = match.Groups["exponent"].Success ? int.Parse(match.Groups["exponent"].Value, CultureInfo.InvariantCulture) : 0;
        BigInteger numerator = BigInteger.Parse("0" + whole + places, CultureInfo.InvariantCulture) * BigInteger.Pow(10, 100 + exponent);
        BigInteger denominator = BigInteger.Pow(10, 100 + places.Length);
        if (numerator >= denominator * BigInteger.Pow(10, 12))
        {
            return (DecimalFault.TooLarge, 0);
        }

        BigInteger raw = BigInteger.DivRem(numerator * 100_000, denominator, out BigInteger rest);
        return rest.IsZero
            ? (DecimalFault.None, (long)raw * (match.Groups["sign"].Value == "-" ? -1 : 1))
            : (DecimalFault.TooPrecise, 0);
    }

    [GeneratedRegex(@"^(?<sign>[+-]?)(?<whole>[0-9]*)(\.(?<places>[0-9]*))?([eE](?<exponent>[+-]?[0-9]+))?$")]
    private static partial Regex Number();
}
