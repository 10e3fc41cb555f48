using System.Globalization;
using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>A JSON value of <c>minValues</c> or <c>maxValues</c> as a bound of its column's type.</summary>
internal static class StatisticsBound
{
    // Writers cut timestamps to milliseconds, also the largest.
    private const long MillisecondInMicroseconds = 1000;

    /// <summary>The bound, or null when it is unknown.</summary>
    public static Literal? Read(ref Utf8JsonReader reader, DataType type, bool high)
    {
        if (type is DecimalType)
        {
            return reader.TokenType is JsonTokenType.Number or JsonTokenType.String && !reader.ValueIsEscaped ? LiteralText.Exact(reader.ValueSpan) : null;
        }

        if (type is not PrimitiveType primitive)
        {
            return null;
        }

        return primitive.Name switch
        {
            "long" or "integer" or "short" or "byte" => reader.TokenType == JsonTokenType.Number ? LiteralText.Exact(reader.ValueSpan) : null,
            "double" => Number(ref reader) is { } value ? Literal.Of(value) : null,
            "float" => Number(ref reader) is { } value ? Literal.Of(Widen((float)value, high)) : null,
            "string" => reader.TokenType == JsonTokenType.String ? Literal.Of(reader.GetString()!) : null,
            "boolean" => reader.TokenType is JsonTokenType.True or JsonTokenType.False ? Literal.Of(reader.GetBoolean()) : null,
            "date" => reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped ? LiteralText.Date(reader.ValueSpan) : null,
            "timestamp" => Time(ref reader, high, zoned: true) is { } time ? Literal.OfTimestamp(time) : null,
            "timestamp_ntz" => Time(ref reader, high, zoned: false) is { } time ? Literal.OfLocalTimestamp(time) : null,
            _ => null,
        };
    }

    private static double? Number(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String && !reader.ValueIsEscaped
            && double.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !double.IsNaN(value)
                ? value
                : null;

    // The shortest text of a float is not its value as a double; the neighbour on the safe side is beyond both.
    private static double Widen(float value, bool high) => high ? MathF.BitIncrement(value) : MathF.BitDecrement(value);

    private static long? Time(ref Utf8JsonReader reader, bool high, bool zoned) =>
        reader.TokenType == JsonTokenType.String && LiteralText.TryTimestamp(reader.ValueSpan, out var time, out var hasZone) && hasZone == zoned
            ? time + (high ? MillisecondInMicroseconds : 0)
            : null;
}
