using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>
/// Partition values of the log as SQL (protocol section "Partition Value Serialization"). A text is checked before the engine casts it,
/// because the engine takes more than the protocol: words such as <c>infinity</c> for a day, and digits that it rounds away.
/// </summary>
internal static partial class PartitionText
{
    private const int LargestExponent = 1_000;

    /// <summary>The value; the empty text is null for every type. A timestamp without a zone is taken to be in UTC.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> if the text is no value of the type.</exception>
    public static string ToSql(string? text, DataType type, string column)
    {
        if (string.IsNullOrEmpty(text) || type == PrimitiveType.Void)
        {
            return ReadTypes.Null(type);
        }

        return type switch
        {
            PrimitiveType { Name: "string" } => SqlText.Literal(text),
            PrimitiveType { Name: "binary" } => $"encode({SqlText.Literal(text)})",
            PrimitiveType { Name: "boolean" } when bool.TryParse(text, out var flag) => flag ? "true" : "false",
            PrimitiveType { Name: "byte" or "short" or "integer" or "long" } p when IsInteger(text, p.Name) => Cast(text, type),
            PrimitiveType { Name: "float" or "double" } when FloatingPoint().IsMatch(text) => Cast(text, type),
            PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" } when IsTime(text) => Cast(text.TrimStart('+'), type),
            DecimalType d when IsExact(text, d) => Cast(text, type),
            _ => throw Malformed(text, type, column),
        };
    }

    private static bool IsInteger(string text, string type) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && type switch
        {
            "byte" => value is >= sbyte.MinValue and <= sbyte.MaxValue,
            "short" => value is >= short.MinValue and <= short.MaxValue,
            "integer" => value is >= int.MinValue and <= int.MaxValue,
            _ => true,
        };

    private static bool IsTime(string text)
    {
        if (Time().Match(text) is not { Success: true } match)
        {
            return false;
        }

        // The calendar repeats every 400 years.
        const int cycle = 400, leapCycle = 2000;
        var year = match.Groups["before"].Success ? 1 - Number("year") : Number("year");
        var (month, day) = (Number("month"), Number("day"));
        return month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth((year % cycle) + leapCycle, month)
            && Number("hour") < 24 && Number("minute") < 60 && Number("second") < 60;

        int Number(string part) => match.Groups[part] is { Success: true } group ? int.Parse(group.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
    }

    // Whether the number has no digit that the type has no place for.
    private static bool IsExact(string text, DecimalType type)
    {
        if (Exact().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value;
        var digits = BigInteger.Parse(match.Groups["whole"].Value + fraction, CultureInfo.InvariantCulture);
        if (digits.IsZero)
        {
            return true;
        }

        if (!int.TryParse(match.Groups["exponent"] is { Success: true } e ? e.ValueSpan : "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            || Math.Abs(exponent) > LargestExponent)
        {
            return false;
        }

        var shift = type.Scale - fraction.Length + exponent;
        var limit = BigInteger.Pow(10, type.Precision);
        return shift >= 0
            ? digits * BigInteger.Pow(10, shift) < limit
            : BigInteger.DivRem(digits, BigInteger.Pow(10, -shift), out var rest) < limit && rest.IsZero;
    }

    private static string Cast(string text, DataType type) => $"cast({SqlText.Literal(text)} as {ReadTypes.Sql(type)})";

    private static DeltaException Malformed(string text, DataType type, string column) =>
        new(DeltaErrorKind.Corrupt, $"The partition column {column} has the value '{text}', which is no {type}.");

    [GeneratedRegex(@"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(E[+-]?[0-9]+)?\z|^NaN\z|^[+-]?Inf(inity)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FloatingPoint();

    [GeneratedRegex(@"^[+-]?(?<whole>[0-9]+)(\.(?<fraction>[0-9]*))?(E(?<exponent>[+-]?[0-9]+))?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Exact();

    [GeneratedRegex(
        @"^[+-]?(?<year>[0-9]{4,7})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})([ T](?<hour>[0-9]{1,2}):(?<minute>[0-9]{1,2})(:(?<second>[0-9]{1,2})(\.[0-9]{1,9})?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?(?<before> \(BC\))?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
