using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.CloudEvents;

/// <summary>
/// CloudEvents 1.0 whose data is a stock record. What the record does not have itself comes from the event: <c>event_id</c> from id,
/// <c>source</c>, <c>event_time</c> from time, <c>type</c> from the last word of the event's type. Extensions become attributes.
/// </summary>
public static class CloudEventTranslator
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] s_required = ["specversion", "id", "source", "type"];
    private static readonly HashSet<string> s_own = new(StringComparer.Ordinal) { "specversion", "id", "source", "type", "time", "datacontenttype" };

    // They belong to a delivery and differ from one to the next: kept, a retry would be another record.
    private static readonly HashSet<string> s_ofDelivery = new(StringComparer.Ordinal) { "traceparent", "tracestate", "baggage" };

    /// <summary>One event in structured mode (<c>application/cloudevents+json</c>).</summary>
    /// <param name="utf8">The body.</param>
    public static Translation Structured(ReadOnlyMemory<byte> utf8) => Read(utf8, JsonValueKind.Object, static (root, outcomes) => Event(root, string.Empty, outcomes));

    /// <summary>Events in batched mode (<c>application/cloudevents-batch+json</c>).</summary>
    /// <param name="utf8">The body.</param>
    public static Translation Batch(ReadOnlyMemory<byte> utf8) => Read(utf8, JsonValueKind.Array, static (root, outcomes) =>
    {
        var index = 0;
        foreach (var item in root.EnumerateArray())
        {
            Event(item, $"/{index++.ToString(CultureInfo.InvariantCulture)}", outcomes);
        }
    });

    /// <summary>One event in binary mode: attributes from <c>ce-</c> headers, the body is its data.</summary>
    /// <param name="headers">Attributes without the prefix, in lower case, as the headers have them.</param>
    /// <param name="contentType">Content type of the body.</param>
    /// <param name="data">The body.</param>
    public static Translation Binary(IEnumerable<KeyValuePair<string, string>> headers, string? contentType, ReadOnlyMemory<byte> data) =>
        Attributed(headers.ToDictionary(h => h.Key, h => Decode(h.Value), StringComparer.Ordinal), contentType, data);

    /// <summary>One event in binary mode of a binding that writes attributes as they are.</summary>
    /// <param name="attributes">Attributes by name.</param>
    /// <param name="contentType">Content type of the data.</param>
    /// <param name="data">The data.</param>
    internal static Translation Attributed(Dictionary<string, string> attributes, string? contentType, ReadOnlyMemory<byte> data)
    {
        var outcomes = new OutcomeList();
        if (contentType is not null)
        {
            attributes["datacontenttype"] = contentType;
        }

        Take(attributes, data, string.Empty, outcomes);
        return outcomes.ToTranslation();
    }

    private static Translation Read(ReadOnlyMemory<byte> utf8, JsonValueKind kind, Action<JsonElement, OutcomeList> read)
    {
        using var document = JsonText.Parse(utf8, out var complaint);
        if (document is null)
        {
            return OutcomeList.Unreadable(string.Empty, ConnectorRule.MalformedDocument, $"The body {complaint}.");
        }

        if (document.RootElement.ValueKind != kind)
        {
            return OutcomeList.Unreadable(string.Empty, RecordRule.WrongType, kind == JsonValueKind.Array ? "A batch is a JSON array of events." : "An event is a JSON object.");
        }

        var outcomes = new OutcomeList();
        read(document.RootElement, outcomes);
        return outcomes.ToTranslation();
    }

    private static void Event(JsonElement item, string place, OutcomeList outcomes)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            outcomes.Refuse(place, RecordRule.NotAnObject, string.Empty, "An event is not a JSON object.");
            return;
        }

        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in item.EnumerateObject().Where(m => m.Name is not ("data" or "data_base64") && m.Value.ValueKind != JsonValueKind.Null))
        {
            if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
                || (member.Value.ValueKind != JsonValueKind.String && (s_required.Contains(member.Name) || s_own.Contains(member.Name))))
            {
                outcomes.Refuse(JsonText.Step(place, member.Name), RecordRule.WrongType, member.Name, $"Attribute {member.Name} is not a text.");
                return;
            }

            attributes[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
        }

        var hasData = JsonText.Has(item, "data");
        if (hasData && JsonText.Has(item, "data_base64"))
        {
            outcomes.Refuse(JsonText.Step(place, "data_base64"), ConnectorRule.Contradiction, "data_base64", "An event has data or data_base64, not both.");
        }
        else if (hasData)
        {
            var data = item.GetProperty("data");

            // JSON within a text is data of another form; base64 is there for bytes.
            Take(attributes, Encoding.UTF8.GetBytes(data.GetRawText()), place, outcomes);
        }
        else if (!JsonText.Has(item, "data_base64"))
        {
            Take(attributes, default, place, outcomes);
        }
        else if (item.GetProperty("data_base64") is { ValueKind: JsonValueKind.String } base64 && base64.TryGetBytesFromBase64(out var bytes))
        {
            Take(attributes, bytes, place, outcomes);
        }
        else
        {
            outcomes.Refuse(JsonText.Step(place, "data_base64"), ConnectorRule.InvalidValue, "data_base64", "data_base64 is not base64.");
        }
    }

    private static void Take(Dictionary<string, string> attributes, ReadOnlyMemory<byte> data, string place, OutcomeList outcomes)
    {
        var before = outcomes.Refused;
        foreach (var name in s_required.Where(n => string.IsNullOrEmpty(attributes.GetValueOrDefault(n))))
        {
            outcomes.Refuse(JsonText.Step(place, name), RecordRule.MissingField, name, $"Attribute {name} is missing or empty.");
        }

        if (attributes.GetValueOrDefault("specversion") is { Length: > 0 } version && version != "1.0")
        {
            outcomes.Refuse(JsonText.Step(place, "specversion"), ConnectorRule.NotSupported, "specversion", $"specversion '{version}' is not 1.0.");
        }

        foreach (var name in attributes.Keys.Where(n => n.Length == 0 || !n.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))).Order(StringComparer.Ordinal))
        {
            outcomes.Refuse(JsonText.Step(place, name), ConnectorRule.UnknownField, name, $"Attribute '{name}' has other characters than a-z and 0-9.");
        }

        if (attributes.GetValueOrDefault("time") is { } time && RecordTime.Parse(Encoding.UTF8.GetBytes(time), out _) != TimeFault.None)
        {
            outcomes.Refuse(JsonText.Step(place, "time"), RecordRule.EventTimeInvalid, "time", $"time '{time}' is not a date and time with an offset (RFC 3339).");
        }

        if (attributes.GetValueOrDefault("datacontenttype") is { } type && !IsJson(type))
        {
            outcomes.Refuse(JsonText.Step(place, "datacontenttype"), ConnectorRule.NotSupported, "datacontenttype", $"datacontenttype '{type}' is not JSON.");
        }

        if (outcomes.Refused == before)
        {
            Record(attributes, data, place, outcomes);
        }
    }

    private static void Record(Dictionary<string, string> attributes, ReadOnlyMemory<byte> data, string place, OutcomeList outcomes)
    {
        if (data.IsEmpty)
        {
            outcomes.Refuse(JsonText.Step(place, "data"), RecordRule.MissingField, "data", "The event has no data.");
            return;
        }

        using var document = JsonText.Parse(data, out var complaint);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object)
        {
            outcomes.Refuse(
                JsonText.Step(place, "data"),
                document is null ? RecordRule.MalformedJson : RecordRule.NotAnObject,
                "data",
                document is null ? $"The data {complaint}." : "The data is not one stock record: it is no JSON object.");
            return;
        }

        outcomes.Record(JsonText.Step(place, "data"), Merge(attributes, document.RootElement));
    }

    /// <summary>The record with what the event adds; members of its own stay as they are and where they are.</summary>
    private static ReadOnlyMemory<byte> Merge(Dictionary<string, string> attributes, JsonElement record)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            foreach (var member in record.EnumerateObject().Where(m => m.Name != "attributes" || m.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)))
            {
                member.WriteTo(json);
            }

            Add(json, record, "event_id", StockFields.Fit(attributes["id"]));
            Add(json, record, "source", StockFields.FitSource(attributes["source"]));
            Add(json, record, "event_time", attributes.GetValueOrDefault("time"));
            Add(json, record, "type", attributes["type"][(attributes["type"].LastIndexOf('.') + 1)..]);
            if (!record.TryGetProperty("attributes", out var own) || own.ValueKind is JsonValueKind.Object or JsonValueKind.Null)
            {
                Attributes(json, attributes, own);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void Attributes(Utf8JsonWriter json, Dictionary<string, string> attributes, JsonElement own)
    {
        var added = attributes.Where(a => !s_own.Contains(a.Key) && !s_ofDelivery.Contains(a.Key) && !JsonText.Has(own, a.Key)).OrderBy(a => a.Key, StringComparer.Ordinal).ToList();
        if (added.Count == 0 && own.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        json.WriteStartObject("attributes"u8);
        if (own.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in own.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null || !added.Exists(a => a.Key == m.Name)))
            {
                member.WriteTo(json);
            }
        }

        added.ForEach(a => json.WriteString(a.Key, a.Value));
        json.WriteEndObject();
    }

    private static void Add(Utf8JsonWriter json, JsonElement record, string name, string? value)
    {
        if (value is not null && !record.TryGetProperty(name, out _))
        {
            json.WriteString(name, value);
        }
    }

    private static bool IsJson(string type)
    {
        var media = type.Split(';', 2)[0].Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.Equals("text/json", StringComparison.OrdinalIgnoreCase)
            || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A header's value (CloudEvents HTTP binding 3.1.3.2): quotes taken off, then percent-encoded UTF-8.</summary>
    private static string Decode(string header)
    {
        var text = header.Trim();
        if (text is ['"', .., '"'] && text.Length >= 2)
        {
            var plain = new StringBuilder();
            for (var i = 1; i < text.Length - 1; i++)
            {
                i += text[i] == '\\' && i + 1 < text.Length - 1 ? 1 : 0;
                plain.Append(text[i]);
            }

            text = plain.ToString();
        }

        return Uri.UnescapeDataString(text);
    }
}
