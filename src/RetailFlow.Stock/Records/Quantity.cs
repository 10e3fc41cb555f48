using System.Globalization;
using System.Text;

namespace RetailFlow.Stock.Records;

/// <summary>
/// A quantity of goods: fixed point with five decimal places, exact. One record's quantity is below 10^12 in absolute value;
/// sums may be larger. One beyond 64 bits (92,233,720,368,547.75807) stays at that limit: no record and no request may stop who adds.
/// </summary>
/// <param name="Raw">The quantity in units of 0.00001.</param>
public readonly record struct Quantity(long Raw) : IComparable<Quantity>
{
    /// <summary>Decimal places kept.</summary>
    public const int Places = 5;

    /// <summary>Raw units in one whole.</summary>
    public const long Scale = 100_000;

    /// <summary>Digits before the point that one record's quantity may have.</summary>
    public const int WholeDigits = 12;

    private static readonly decimal s_limit = long.MaxValue / (decimal)Scale;

    /// <summary>Nothing.</summary>
    public static Quantity Zero => default;

    /// <summary>A whole number of units.</summary>
    /// <exception cref="OverflowException">The number is beyond the range of sums.</exception>
    public static Quantity Of(long units) => new(units * Scale);

    /// <summary>The quantity equal to <paramref name="value"/>, or the limit if it is beyond it.</summary>
    /// <exception cref="ArgumentException">The value has more than five significant decimal places.</exception>
    public static Quantity FromDecimal(decimal value)
    {
        if (decimal.Abs(value) > s_limit)
        {
            return new Quantity(value > 0 ? long.MaxValue : long.MinValue);
        }

        decimal scaled = value * Scale;
        return decimal.Truncate(scaled) == scaled
            ? new Quantity((long)scaled)
            : throw new ArgumentException($"{value} has more than {Places} decimal places.", nameof(value));
    }

    /// <summary>Reads decimal text exactly: sign, digits, point, exponent; at most five significant places, below 10^12.</summary>
    public static DecimalFault Parse(ReadOnlySpan<byte> utf8, out Quantity quantity)
    {
        DecimalFault fault = DecimalText.Parse(utf8, Places, WholeDigits, out long raw);
        quantity = new Quantity(raw);
        return fault;
    }

    /// <summary>As <see cref="Parse(ReadOnlySpan{byte}, out Quantity)"/>, for text known to be right.</summary>
    /// <exception cref="FormatException">It is not right.</exception>
    public static Quantity Parse(string text)
    {
        DecimalFault fault = Parse(Encoding.UTF8.GetBytes(text), out Quantity quantity);
        return fault == DecimalFault.None ? quantity : throw new FormatException($"'{text}' is not a quantity: {fault}.");
    }

    /// <summary>The sum, or the limit on its side.</summary>
    public static Quantity operator +(Quantity left, Quantity right)
    {
        long sum = unchecked(left.Raw + right.Raw);

        // It does not fit where both have a sign that it has not.
        return ((left.Raw ^ sum) & (right.Raw ^ sum)) >= 0 ? new Quantity(sum) : Limit(left.Raw);
    }

    /// <summary>The difference, or the limit on its side.</summary>
    public static Quantity operator -(Quantity left, Quantity right)
    {
        long difference = unchecked(left.Raw - right.Raw);
        return ((left.Raw ^ right.Raw) & (left.Raw ^ difference)) >= 0 ? new Quantity(difference) : Limit(left.Raw);
    }

    /// <summary>The opposite, or the limit on its side.</summary>
    public static Quantity operator -(Quantity value) => Zero - value;

    /// <summary>Whether <paramref name="left"/> is the smaller.</summary>
    public static bool operator <(Quantity left, Quantity right) => left.Raw < right.Raw;

    /// <summary>Whether <paramref name="left"/> is the greater.</summary>
    public static bool operator >(Quantity left, Quantity right) => left.Raw > right.Raw;

    /// <summary>Whether <paramref name="left"/> is not the greater.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left.Raw <= right.Raw;

    /// <summary>Whether <paramref name="left"/> is not the smaller.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left.Raw >= right.Raw;

    /// <summary>The sum, by name.</summary>
    public static Quantity Add(Quantity left, Quantity right) => left + right;

    /// <summary>The difference, by name.</summary>
    public static Quantity Subtract(Quantity left, Quantity right) => left - right;

    /// <summary>The opposite, by name.</summary>
    public static Quantity Negate(Quantity value) => -value;

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => Raw.CompareTo(other.Raw);

    /// <summary>The same value as a decimal, without trailing zeros.</summary>
    public decimal ToDecimal()
    {
        long raw = Raw;
        byte places = Places;
        while (places > 0 && raw % 10 == 0)
        {
            raw /= 10;
            places--;
        }

        ulong magnitude = unchecked((ulong)(raw < 0 ? -raw : raw));
        return new decimal(unchecked((int)magnitude), unchecked((int)(magnitude >> 32)), 0, raw < 0, places);
    }

    /// <summary>The shortest decimal text: <c>3</c>, <c>-0.5</c>, <c>1.00001</c>.</summary>
    public override string ToString() => ToDecimal().ToString(CultureInfo.InvariantCulture);

    private static Quantity Limit(long sign) => new(sign < 0 ? long.MinValue : long.MaxValue);
}
