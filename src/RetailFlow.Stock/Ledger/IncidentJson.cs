using System.Buffers;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Incidents as JSON, as the journal has them (docs/formats/journal.md).</summary>
public static class IncidentJson
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    /// <summary>Writes an incident as one JSON object. Its moment is that of the envelope and is not written.</summary>
    public static void Write(OversellIncident incident, IBufferWriter<byte> into)
    {
        using Utf8JsonWriter json = new(into, Options);
        json.WriteStartObject();
        WriteMembers(incident, json);
        json.WriteEndObject();
    }

    /// <summary>Writes the members of an incident into the current object.</summary>
    public static void WriteMembers(OversellIncident incident, Utf8JsonWriter json)
    {
        json.WriteString("sku"u8, incident.Sku);
        json.WriteString("location"u8, incident.Location);
        json.WriteNumber("cause"u8, incident.Sequence);
        json.WriteNumber("on_hand"u8, incident.OnHand.ToDecimal());
        json.WriteNumber("held"u8, incident.Held.ToDecimal());
        json.WriteNumber("committed"u8, incident.Committed.ToDecimal());
        json.WriteNumber("shortage"u8, incident.Shortage.ToDecimal());
        json.WriteStartArray("reservations"u8);
        foreach (string id in incident.Reservations)
        {
            json.WriteStringValue(id);
        }

        json.WriteEndArray();
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="atMicros">The moment of the envelope.</param>
    /// <exception cref="InvalidDataException">It is no incident; the message names what is wrong.</exception>
    public static OversellIncident Read(ReadOnlySpan<byte> utf8, long atMicros)
    {
        try
        {
            Utf8JsonReader reader = new(utf8);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            return new OversellIncident(
                root.GetProperty("sku").GetString()!,
                root.GetProperty("location").GetString()!,
                root.GetProperty("cause").GetInt64(),
                atMicros,
                Quantity.FromDecimal(root.GetProperty("on_hand").GetDecimal()),
                Quantity.FromDecimal(root.GetProperty("held").GetDecimal()),
                Quantity.FromDecimal(root.GetProperty("committed").GetDecimal()),
                [.. root.GetProperty("reservations").EnumerateArray().Select(id => id.GetString()!)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The journal holds an incident that cannot be read: {e.Message}", e);
        }
    }
}
