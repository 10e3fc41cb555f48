using System.Text;

namespace RetailFlow.Delta;

/// <summary>Partition values as bounds (protocol section "Partition Value Serialization").</summary>
internal static class PartitionValue
{
    // A timestamp without a zone is in the zone of its writer, which is not recorded.
    private const long DayInMicroseconds = 86_400_000_000;
    private const int ShortText = 64;

    /// <summary>The bounds of a column that has this one value; the empty text is null for every type.</summary>
    public static ColumnBounds Bounds(string? text, DataType type)
    {
        if (string.IsNullOrEmpty(text))
        {
            return ColumnBounds.OnlyNull;
        }

        Span<byte> buffer = text.Length <= ShortText ? stackalloc byte[ShortText * 3] : new byte[Encoding.UTF8.GetByteCount(text)];
        ReadOnlySpan<byte> utf8 = buffer[..Encoding.UTF8.GetBytes(text, buffer)];
        if (type == PrimitiveType.Timestamp)
        {
            return !LiteralText.TryTimestamp(utf8, out var time, out var hasZone) ? ColumnBounds.Unknown
                : hasZone ? ColumnBounds.Exactly(Literal.OfTimestamp(time))
                : new() { Low = Literal.OfTimestamp(time - DayInMicroseconds), High = Literal.OfTimestamp(time + DayInMicroseconds), MayHaveValue = true };
        }

        var value = type switch
        {
            DecimalType => LiteralText.Exact(utf8),
            PrimitiveType primitive => primitive.Name switch
            {
                "long" or "integer" or "short" or "byte" => LiteralText.Exact(utf8),
                "double" => LiteralText.Float(utf8),
                "string" => Literal.Of(text),
                "boolean" => LiteralText.Boolean(utf8),
                "date" => LiteralText.Date(utf8),
                "timestamp_ntz" => LiteralText.TryTimestamp(utf8, out var time, out var hasZone) && !hasZone ? Literal.OfLocalTimestamp(time) : null,
                _ => null,
            },
            ArrayType or MapType or StructType => null,
            _ => null,
        };
        return value is { } known ? ColumnBounds.Exactly(known) : ColumnBounds.Unknown;
    }
}
