using System.Text.Json;

namespace RetailFlow.Connectors;

/// <summary>Reading of JSON documents that others wrote: bounded depth, no name twice, every text whole; numbers stay text.</summary>
internal static class JsonText
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>The document, or null with the reason why there is none.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> utf8, out string complaint)
    {
        complaint = string.Empty;
        try
        {
            CheckTexts(utf8.Span);
            return JsonDocument.Parse(utf8, s_options);
        }
        catch (JsonException broken)
        {
            complaint = $"is not a JSON document that is read here: {broken.Message}";
        }
        catch (InvalidOperationException)
        {
            complaint = "holds a text with half a surrogate pair or bytes that are not UTF-8";
        }

        return null;
    }

    /// <summary>A member's text; null where it is absent, null or of another type.</summary>
    public static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>A number or a text that stands for an identifier, as written; null where there is none.</summary>
    public static string? Identifier(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.Number => value.GetRawText(),
                JsonValueKind.String => value.GetString(),
                _ => null,
            }
            : null;

    /// <summary>Whether a member is there and not null.</summary>
    public static bool Has(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A JSON pointer's next step (RFC 6901).</summary>
    public static string Step(string pointer, string name) =>
        $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private static void CheckTexts(ReadOnlySpan<byte> utf8)
    {
        // Half a surrogate pair is JSON by its grammar, but no text: it is met here and not in the middle of a translation.
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                reader.GetString();
            }
        }
    }
}
