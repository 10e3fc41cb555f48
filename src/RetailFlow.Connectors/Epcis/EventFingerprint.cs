using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Epcis;

/// <summary>
/// The name of an event that has none: SHA-256 over its JSON with sorted names and without white space. What does not belong to the
/// event itself is left out (<c>@context</c>, <c>recordTime</c>, <c>errorDeclaration</c>), so that declaring an event wrong names that
/// event; <c>eventTime</c> counts as an instant. This is not the hash of the Core Business Vocabulary.
/// </summary>
internal static class EventFingerprint
{
    public static string Of(JsonElement item)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(item, json, isEvent: true);
        }

        return "sha-256:" + Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void Write(JsonElement value, Utf8JsonWriter json, bool isEvent = false)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    if (isEvent && member.Name is "@context" or "recordTime" or "errorDeclaration" or "eventID")
                    {
                        continue;
                    }

                    json.WritePropertyName(member.Name);
                    if (isEvent && member.Name == "eventTime" && member.Value.ValueKind == JsonValueKind.String
                        && RecordTime.Parse(Encoding.UTF8.GetBytes(member.Value.GetString()!), out var micros) == TimeFault.None)
                    {
                        json.WriteNumberValue(micros);
                    }
                    else
                    {
                        Write(member.Value, json);
                    }
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var element in value.EnumerateArray())
                {
                    Write(element, json);
                }

                json.WriteEndArray();
                break;
            case JsonValueKind.Number or JsonValueKind.String or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null:
                value.WriteTo(json);
                break;
            case JsonValueKind.Undefined:
            default:
                throw new InvalidOperationException("There is no other kind of JSON value.");
        }
    }
}
