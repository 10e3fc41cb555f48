using System.Text.Json;

namespace RetailFlow.Delta;

/// <summary>Which types may become which, and how that is written down (protocol section "Type Widening"). Pure.</summary>
public static class TypeWidening
{
    internal const string Key = "delta.typeChanges";

    // Digits that hold every value of the integer type.
    private const int IntegerDigits = 10;
    private const int LongDigits = 20;

    /// <summary>Whether files with the one type can be read as the other, wider one.</summary>
    public static bool IsAllowed(DataType from, DataType to) => (from, to) switch
    {
        (DecimalType a, DecimalType b) => a != b && b.Scale >= a.Scale && b.Precision - a.Precision >= b.Scale - a.Scale,
        (PrimitiveType a, DecimalType b) => a.Name switch
        {
            "byte" or "short" or "integer" => b.Precision - b.Scale >= IntegerDigits,
            "long" => b.Precision - b.Scale >= LongDigits,
            _ => false,
        },
        (PrimitiveType a, PrimitiveType b) => (a.Name, b.Name) switch
        {
            ("byte", "short" or "integer" or "long" or "double") => true,
            ("short", "integer" or "long" or "double") => true,
            ("integer", "long" or "double") => true,
            ("float", "double") => true,
            ("date", "timestamp_ntz") => true,
            _ => false,
        },
        _ => false,
    };

    /// <summary>The annotation of a field after one more change.</summary>
    /// <param name="annotations">Annotations of the nearest field around the changed type.</param>
    /// <param name="from">The type before.</param>
    /// <param name="to">The type after.</param>
    /// <param name="fieldPath">From the field to the changed element, key or value; empty for the field itself.</param>
    internal static FieldMetadata Record(FieldMetadata annotations, DataType from, DataType to, string fieldPath)
    {
        var entry = $"{{\"fromType\":{FieldMetadata.Quote(from.ToString()!)},\"toType\":{FieldMetadata.Quote(to.ToString()!)}"
            + (fieldPath.Length > 0 ? $",\"fieldPath\":{FieldMetadata.Quote(fieldPath)}" : "") + "}";
        var before = annotations.Json(Key) is { } json ? json.Trim()[..^1].TrimEnd() : "[";
        return annotations.With(Key, before.Length > 1 ? $"{before},{entry}]" : $"[{entry}]");
    }

    /// <summary>The recorded changes of a field: from, to, and the path to the element, key or value.</summary>
    /// <exception cref="DeltaException">The annotation is malformed.</exception>
    public static IReadOnlyList<(string From, string To, string Path)> Changes(FieldMetadata annotations)
    {
        if (annotations.Json(Key) is not { } json)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return
            [
                .. document.RootElement.EnumerateArray().Select(c => (
                    c.GetProperty("fromType"u8).GetString()!,
                    c.GetProperty("toType"u8).GetString()!,
                    c.TryGetProperty("fieldPath"u8, out var path) ? path.GetString() ?? "" : "")),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw DeltaException.Corrupt($"The annotation {Key} is malformed: {json}", e);
        }
    }
}
