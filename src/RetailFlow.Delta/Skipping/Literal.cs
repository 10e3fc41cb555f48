using System.Globalization;
using System.Numerics;

namespace RetailFlow.Delta;

/// <summary>Which values a <see cref="Literal"/> can hold.</summary>
public enum LiteralKind
{
    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A 64-bit integer.</summary>
    Integer,

    /// <summary>An exact number with digits after the point.</summary>
    Decimal,

    /// <summary>A 64-bit floating point number, never NaN.</summary>
    Float,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A day, counted from 1970-01-01.</summary>
    Date,

    /// <summary>An instant, in microseconds from 1970 UTC.</summary>
    Timestamp,

    /// <summary>A wall-clock time without a zone, in microseconds from 1970.</summary>
    LocalTimestamp,
}

/// <summary>A value that a predicate compares a column with. Never null and never NaN: such comparisons match no file bound.</summary>
public readonly struct Literal : IEquatable<Literal>
{
    internal const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    private readonly long bits;
    private readonly object? reference;

    private Literal(LiteralKind kind, long bits, object? reference = null, int scale = 0)
    {
        Kind = kind;
        Scale = scale;
        this.bits = bits;
        this.reference = reference;
    }

    /// <summary>What kind of value it is.</summary>
    public LiteralKind Kind { get; }

    internal int Scale { get; }

    /// <summary>Integer, days, microseconds, or 0 and 1 for booleans.</summary>
    internal long Number => bits;

    internal double FloatValue => BitConverter.Int64BitsToDouble(bits);

    internal string TextValue => (string)reference!;

    /// <summary>Digits of an integer or decimal; its value is this times 10 to the power of minus <see cref="Scale"/>.</summary>
    internal BigInteger Unscaled => Kind == LiteralKind.Decimal ? (BigInteger)reference! : bits;

    /// <summary>True or false.</summary>
    public static Literal Of(bool value) => new(LiteralKind.Boolean, value ? 1 : 0);

    /// <summary>An integer.</summary>
    public static Literal Of(long value) => new(LiteralKind.Integer, value);

    /// <summary>A floating point number.</summary>
    /// <exception cref="ArgumentException">The value is NaN.</exception>
    public static Literal Of(double value) => double.IsNaN(value)
        ? throw new ArgumentException("NaN is not a literal: files keep no bounds for it.", nameof(value))
        : new(LiteralKind.Float, BitConverter.DoubleToInt64Bits(value));

    /// <summary>An exact number.</summary>
    public static Literal Of(decimal value)
    {
        Span<int> words = stackalloc int[4];
        decimal.GetBits(value, words);
        var magnitude = ((BigInteger)(uint)words[2] << 64) | ((BigInteger)(uint)words[1] << 32) | (uint)words[0];
        return Of(words[3] < 0 ? -magnitude : magnitude, value.Scale);
    }

    /// <summary>An exact number of any length: <paramref name="unscaled"/> times 10 to the power of minus <paramref name="scale"/>.</summary>
    public static Literal Of(BigInteger unscaled, int scale) => scale is >= 0 and <= 1000
        ? new(LiteralKind.Decimal, 0, unscaled, scale)
        : throw new ArgumentOutOfRangeException(nameof(scale), scale, "A scale is 0 to 1000.");

    /// <summary>Text.</summary>
    public static Literal Of(string value) => new(LiteralKind.Text, 0, value);

    /// <summary>A day.</summary>
    public static Literal Of(DateOnly value) => new(LiteralKind.Date, value.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber);

    /// <summary>An instant, to the microsecond.</summary>
    public static Literal Of(DateTimeOffset value) => OfTimestamp((value.UtcTicks - DateTime.UnixEpoch.Ticks) / TicksPerMicrosecond);

    /// <summary>A wall-clock time without a zone, to the microsecond; the kind of <paramref name="value"/> is ignored.</summary>
    public static Literal OfLocal(DateTime value) => OfLocalTimestamp((value.Ticks - DateTime.UnixEpoch.Ticks) / TicksPerMicrosecond);

    internal static Literal OfDate(long days) => new(LiteralKind.Date, days);

    internal static Literal OfTimestamp(long microseconds) => new(LiteralKind.Timestamp, microseconds);

    internal static Literal OfLocalTimestamp(long microseconds) => new(LiteralKind.LocalTimestamp, microseconds);

    /// <inheritdoc/>
    public bool Equals(Literal other) => Kind == other.Kind && Compare(this, other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Literal other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Kind switch
    {
        LiteralKind.Text => TextValue.GetHashCode(StringComparison.Ordinal),
        LiteralKind.Decimal or LiteralKind.Float => (int)Kind,
        LiteralKind.Boolean or LiteralKind.Integer or LiteralKind.Date or LiteralKind.Timestamp or LiteralKind.LocalTimestamp => bits.GetHashCode(),
        _ => 0,
    };

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        LiteralKind.Boolean => bits != 0 ? "true" : "false",
        LiteralKind.Float => FloatValue.ToString("R", CultureInfo.InvariantCulture),
        LiteralKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"{Unscaled}e-{Scale}"),
        LiteralKind.Text => TextValue,
        _ => bits.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The same value of the same kind.</summary>
    public static bool operator ==(Literal left, Literal right) => left.Equals(right);

    /// <summary>Another value or another kind.</summary>
    public static bool operator !=(Literal left, Literal right) => !left.Equals(right);

    /// <summary>
    /// The order in which engines compare the two values; null where it depends on the engine's conversions, so that no
    /// conclusion may be drawn. Text compares by code point, which is the order of UTF-8 bytes.
    /// </summary>
    internal static int? Compare(Literal left, Literal right)
    {
        if (left.Kind == right.Kind)
        {
            return left.Kind switch
            {
                LiteralKind.Text => CompareText(left.TextValue, right.TextValue),
                LiteralKind.Float => left.FloatValue == right.FloatValue ? 0 : left.FloatValue.CompareTo(right.FloatValue),
                LiteralKind.Decimal => CompareExact(left, right),
                _ => left.bits.CompareTo(right.bits),
            };
        }

        var numeric = IsExact(left.Kind) && IsExact(right.Kind);
        if (numeric)
        {
            return CompareExact(left, right);
        }

        // An integer that a double represents exactly compares the same on either side of the conversion.
        return (left.Kind, right.Kind) switch
        {
            (LiteralKind.Float, LiteralKind.Integer) when IsExactDouble(right.bits) => Compare(left, Of((double)right.bits)),
            (LiteralKind.Integer, LiteralKind.Float) when IsExactDouble(left.bits) => Compare(Of((double)left.bits), right),
            _ => null,
        };
    }

    internal static int CompareText(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a != b)
            {
                // Surrogates stand for code points above every other character, though their own values lie below U+E000.
                var (sa, sb) = (char.IsSurrogate(a), char.IsSurrogate(b));
                return sa == sb ? a.CompareTo(b) : sa ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static bool IsExact(LiteralKind kind) => kind is LiteralKind.Integer or LiteralKind.Decimal;

    private static bool IsExactDouble(long value) => value is > -(1L << 53) and < 1L << 53;

    private static int CompareExact(Literal left, Literal right)
    {
        var (a, b) = (left.Unscaled, right.Unscaled);
        if (left.Scale < right.Scale)
        {
            a *= BigInteger.Pow(10, right.Scale - left.Scale);
        }
        else if (right.Scale < left.Scale)
        {
            b *= BigInteger.Pow(10, left.Scale - right.Scale);
        }

        return a.CompareTo(b);
    }
}
