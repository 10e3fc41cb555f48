using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Epcis;

/// <summary>
/// EPCIS 2.0 documents and single events in JSON-LD. Contexts are not fetched: names are read as the standard context gives them. An
/// event with an errorDeclaration becomes voids of the records that the event came to.
/// </summary>
public static class EpcisTranslator
{
    /// <summary>Translates a document. Where one event breaks a rule, the others are translated; the caller decides what becomes of them.</summary>
    /// <param name="utf8">The document.</param>
    /// <param name="source">Source of the records.</param>
    public static Translation Translate(ReadOnlyMemory<byte> utf8, string source)
    {
        using var document = JsonText.Parse(utf8, out var complaint);
        if (document is null)
        {
            return OutcomeList.Unreadable("", ConnectorRule.MalformedDocument, $"The body {complaint}.");
        }

        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return OutcomeList.Unreadable("", RecordRule.NotAnObject, "The body is not a JSON object.");
        }

        var outcomes = new OutcomeList();
        if (!JsonText.Has(root, "@context"))
        {
            outcomes.Refuse("/@context", RecordRule.MissingField, "@context", "@context is missing.");
        }

        var type = JsonText.Text(root, "type");
        if (type == "EPCISDocument")
        {
            Document(root, source, outcomes);
        }
        else if (type is not null && (EventCheck.IsStandard(type) || CbvVocabulary.IsUri(type)))
        {
            Event(root, string.Empty, source, outcomes);
        }
        else
        {
            outcomes.Refuse("/type", type is null ? RecordRule.MissingField : ConnectorRule.UnknownValue, "type", $"type '{type}' is neither EPCISDocument nor an event.");
        }

        return outcomes.ToTranslation();
    }

    private static void Document(JsonElement root, string source, OutcomeList outcomes)
    {
        var version = JsonText.Identifier(root, "schemaVersion");
        if (version is null)
        {
            outcomes.Refuse("/schemaVersion", RecordRule.MissingField, "schemaVersion", "schemaVersion is missing.");
        }
        else if (version != "2" && !version.StartsWith("2.", StringComparison.Ordinal))
        {
            outcomes.Refuse("/schemaVersion", ConnectorRule.NotSupported, "schemaVersion", $"schemaVersion '{version}' is not 2.x.");
        }

        if (!JsonText.Has(root, "creationDate"))
        {
            outcomes.Refuse("/creationDate", RecordRule.MissingField, "creationDate", "creationDate is missing.");
        }
        else if (RecordTime.Parse(Encoding.UTF8.GetBytes(JsonText.Text(root, "creationDate") ?? string.Empty), out _) == TimeFault.NotATime)
        {
            outcomes.Refuse("/creationDate", RecordRule.EventTimeInvalid, "creationDate", "creationDate is not a date and time.");
        }

        if (!JsonText.Has(root, "epcisBody") || root.GetProperty("epcisBody") is not { ValueKind: JsonValueKind.Object } body)
        {
            outcomes.Refuse("/epcisBody", RecordRule.MissingField, "epcisBody", "epcisBody is missing, or no object.");
        }
        else if (body.TryGetProperty("eventList", out var events) && events.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in events.EnumerateArray())
            {
                Event(item, $"/epcisBody/eventList/{index++.ToString(CultureInfo.InvariantCulture)}", source, outcomes);
            }
        }
        else if (body.TryGetProperty("event", out var only) && only.ValueKind == JsonValueKind.Object)
        {
            Event(only, "/epcisBody/event", source, outcomes);
        }
        else
        {
            outcomes.Refuse("/epcisBody/eventList", RecordRule.MissingField, "eventList", "epcisBody has no eventList that is an array.");
        }
    }

    private static void Event(JsonElement item, string place, string source, OutcomeList outcomes)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            outcomes.Refuse(place, RecordRule.NotAnObject, string.Empty, "An event is not a JSON object.");
            return;
        }

        var type = JsonText.Text(item, "type");
        if (type is null || (!EventCheck.IsStandard(type) && !CbvVocabulary.IsUri(type)))
        {
            outcomes.Refuse(JsonText.Step(place, "type"), type is null ? RecordRule.MissingField : ConnectorRule.UnknownValue, "type", $"type '{type}' is no type of event.");
        }
        else if (!EventCheck.IsStandard(type))
        {
            outcomes.WithoutEffect(place, $"event of the type {type}, which is not of the standard");
        }
        else if (new EventCheck(item, place, outcomes).Run(type))
        {
            new EventTranslation(item, type, place, source, outcomes).Run();
        }
    }
}
