using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RetailFlow.Connectors;

/// <summary>The fields of a stock record (stock.md section 1) as text; a field that is null or empty is absent.</summary>
internal sealed record StockFields
{
    private const int SourceCharacters = 64;
    private const int IdentifierCharacters = 128;
    private const int DigestCharacters = 32;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, string> _attributes = new(StringComparer.Ordinal);

    public required string Source { get; init; }

    public required string EventId { get; init; }

    public long Line { get; init; }

    public required string Type { get; init; }

    public required string? Sku { get; init; }

    public required string? Location { get; init; }

    /// <summary>Decimal text as the document has it.</summary>
    public required string Quantity { get; init; }

    public required string EventTime { get; init; }

    public string? VoidsEventId { get; init; }

    public long VoidsLine { get; init; }

    public string? Reference { get; init; }

    public string? Reason { get; init; }

    public string? Channel { get; init; }

    /// <summary>An identifier of another system, made to fit: a longer one ends with 128 bits of its SHA-256, so that none meets another.</summary>
    public static string Fit(string text, int characters = IdentifierCharacters)
    {
        if (text.Length <= characters)
        {
            return text;
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..DigestCharacters];
        var kept = characters - DigestCharacters - 1;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[kept - 1]) ? kept - 1 : kept), "~", digest);
    }

    /// <summary>A source that fits (64 characters).</summary>
    public static string FitSource(string text) => Fit(text, SourceCharacters);

    /// <summary>Keeps something else that the document says; nothing where it says nothing.</summary>
    public StockFields With(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _attributes[name] = value;
        }

        return this;
    }

    /// <summary>The record: members in the order of stock.md, attributes by name.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("event_id"u8, EventId);
            json.WriteNumber("line"u8, Line);
            json.WriteString("source"u8, Source);
            json.WriteString("type"u8, Type);
            Optional(json, "sku", Sku);
            Optional(json, "location", Location);
            json.WriteString("quantity"u8, Quantity);
            json.WriteString("event_time"u8, EventTime);
            if (VoidsEventId is not null)
            {
                json.WriteStartObject("voids"u8);
                json.WriteString("event_id"u8, VoidsEventId);
                json.WriteNumber("line"u8, VoidsLine);
                json.WriteEndObject();
            }

            Optional(json, "reference", Reference);
            Optional(json, "reason", Reason);
            Optional(json, "channel", Channel);
            if (_attributes.Count > 0)
            {
                json.WriteStartObject("attributes"u8);
                foreach (var (name, value) in _attributes)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }
}
