using System.Globalization;
using System.Numerics;

namespace RetailFlow.DuckDb;

/// <summary>A DECIMAL of up to 38 digits: <paramref name="Unscaled"/> divided by ten to the power of <paramref name="Scale"/>.</summary>
/// <param name="Unscaled">All digits as an integer.</param>
/// <param name="Scale">Digits after the point, 0 to 38.</param>
public readonly record struct DuckDbDecimal(Int128 Unscaled, int Scale)
{
    private static readonly Int128 DecimalLimit = (Int128)BigInteger.Pow(2, 96);

    /// <summary>The value as a <see cref="decimal"/>, when it fits without loss.</summary>
    /// <param name="value">The value, or 0.</param>
    /// <returns>Whether the scale is at most 28 and the digits need at most 96 bits.</returns>
    public bool TryToDecimal(out decimal value)
    {
        Int128 magnitude = Unscaled == Int128.MinValue ? Int128.MaxValue : Int128.Abs(Unscaled);
        if (Scale > 28 || magnitude >= DecimalLimit)
        {
            value = 0;
            return false;
        }

        value = unchecked(new decimal((int)magnitude, (int)(magnitude >> 32), (int)(magnitude >> 64), Int128.IsNegative(Unscaled), (byte)Scale));
        return true;
    }

    /// <summary>The digits and scale of a <see cref="decimal"/>, trailing zeros kept.</summary>
    public static DuckDbDecimal FromDecimal(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        Int128 magnitude = unchecked(((Int128)(uint)parts[2] << 64) | ((Int128)(uint)parts[1] << 32) | (uint)parts[0]);
        return new DuckDbDecimal(decimal.IsNegative(value) ? -magnitude : magnitude, value.Scale);
    }

    /// <summary>The value in plain decimal digits.</summary>
    public override string ToString()
    {
        string digits = BigInteger.Abs(Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        string text = Scale == 0 ? digits : $"{digits[..^Scale]}.{digits[^Scale..]}";
        return Int128.IsNegative(Unscaled) ? "-" + text : text;
    }
}

/// <summary>An INTERVAL; the three parts do not convert into one another.</summary>
/// <param name="Months">Months.</param>
/// <param name="Days">Days.</param>
/// <param name="Micros">Microseconds.</param>
public readonly record struct DuckDbInterval(int Months, int Days, long Micros);

/// <summary>A TIME WITH TIME ZONE.</summary>
/// <param name="Time">The local time.</param>
/// <param name="Offset">What the local time is ahead of UTC.</param>
public readonly record struct DuckDbTimeTz(TimeOnly Time, TimeSpan Offset);
