using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Epcis;

/// <summary>The rules on one event (EPCIS 2.0 sections 7.2 to 7.4 and its JSON binding). Every rule broken is told, not the first alone.</summary>
internal sealed class EventCheck(JsonElement item, string place, OutcomeList outcomes)
{
    private static readonly string[] s_types = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"];

    private static readonly HashSet<string> s_common = Names(
        "@context type eventTime recordTime eventTimeZoneOffset eventID errorDeclaration certificationInfo bizStep disposition",
        "persistentDisposition readPoint bizLocation bizTransactionList sourceList destinationList sensorElementList");

    private static readonly Dictionary<string, HashSet<string>> s_own = new(StringComparer.Ordinal)
    {
        ["ObjectEvent"] = Names("action epcList quantityList ilmd"),
        ["AggregationEvent"] = Names("action parentID childEPCs childQuantityList"),
        ["AssociationEvent"] = Names("action parentID childEPCs childQuantityList"),
        ["TransactionEvent"] = Names("action parentID epcList quantityList"),
        ["TransformationEvent"] = Names("inputEPCList inputQuantityList outputEPCList outputQuantityList transformationID ilmd"),
    };

    private static readonly string[] s_lists = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
    private static readonly string[] s_quantities = ["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"];

    /// <summary>Whether an event is of one of the five types; one of a type with a URI is somebody's own and only kept.</summary>
    public static bool IsStandard(string type) => s_types.Contains(type);

    /// <summary>Checks the event; returns whether it keeps every rule.</summary>
    public bool Run(string type)
    {
        var before = outcomes.Refused;
        Names(type);
        Times();
        Action(type);
        Vocabulary("bizStep", CbvVocabulary.BizSteps);
        Vocabulary("disposition", CbvVocabulary.Dispositions);
        Where("readPoint");
        Where("bizLocation");
        Parties("sourceList", "source");
        Parties("destinationList", "destination");
        Transactions();
        Array.ForEach(s_lists, Epcs);
        Array.ForEach(s_quantities, Quantities);
        Identifier("eventID");
        Identifier("parentID");
        Identifier("transformationID");
        ErrorDeclaration();
        Sensors();
        Ilmd(type);
        Required(type);
        return outcomes.Refused == before;
    }

    private static HashSet<string> Names(params string[] lines) => lines.SelectMany(l => l.Split(' ')).ToHashSet(StringComparer.Ordinal);

    private void Names(string type)
    {
        foreach (var member in item.EnumerateObject())
        {
            if (!s_common.Contains(member.Name) && !s_own[type].Contains(member.Name) && !CbvVocabulary.IsUri(member.Name))
            {
                Refuse(ConnectorRule.UnknownField, member.Name, $"{type} has no field '{member.Name}'; a field of one's own has a prefix.");
            }
        }
    }

    private void Times()
    {
        Time(item, "eventTime", place, required: true);
        Time(item, "recordTime", place, required: false);
        if (!JsonText.Has(item, "eventTimeZoneOffset"))
        {
            Refuse(RecordRule.MissingField, "eventTimeZoneOffset", "eventTimeZoneOffset is missing.");
        }
        else if (!IsOffset(JsonText.Text(item, "eventTimeZoneOffset")))
        {
            Refuse(ConnectorRule.InvalidValue, "eventTimeZoneOffset", "eventTimeZoneOffset is not an offset such as +02:00, at most 14:00.");
        }
    }

    private static bool IsOffset(string? text) =>
        text is ['+' or '-', var h1, var h2, ':', var m1, var m2] && int.TryParse($"{h1}{h2}", NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
        && int.TryParse($"{m1}{m2}", NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes <= 59 && (hours <= 13 || (hours == 14 && minutes == 0));

    private void Time(JsonElement from, string field, string at, bool required)
    {
        if (!JsonText.Has(from, field))
        {
            if (required)
            {
                outcomes.Refuse(JsonText.Step(at, field), RecordRule.MissingField, field, $"{field} is missing.");
            }

            return;
        }

        var text = JsonText.Text(from, field) ?? string.Empty;
        var fault = RecordTime.Parse(Encoding.UTF8.GetBytes(text), out _);
        if (fault != TimeFault.None)
        {
            var rule = fault == TimeFault.NoOffset ? RecordRule.EventTimeWithoutOffset : RecordRule.EventTimeInvalid;
            outcomes.Refuse(JsonText.Step(at, field), rule, field, $"{field} '{Short(text)}' is not a date and time with an offset (RFC 3339).");
        }
    }

    private void Action(string type)
    {
        if (type == "TransformationEvent")
        {
            return;
        }

        if (!JsonText.Has(item, "action"))
        {
            Refuse(RecordRule.MissingField, "action", $"action is missing; {type} needs one.");
        }
        else if (JsonText.Text(item, "action") is not ("ADD" or "OBSERVE" or "DELETE"))
        {
            Refuse(ConnectorRule.UnknownValue, "action", $"action '{Short(item.GetProperty("action").ToString())}' is none of ADD, OBSERVE and DELETE.");
        }
    }

    private void Vocabulary(string field, HashSet<string> words)
    {
        if (JsonText.Has(item, field))
        {
            Word(item.GetProperty(field), field, JsonText.Step(place, field), words);
        }
    }

    private void Word(JsonElement value, string field, string at, HashSet<string> words)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            outcomes.Refuse(at, RecordRule.WrongType, field, $"{field} is not a text.");
        }
        else if (!CbvVocabulary.IsAllowed(value.GetString()!, words))
        {
            outcomes.Refuse(at, ConnectorRule.UnknownValue, field, $"{field} '{Short(value.GetString()!)}' is neither a word of the Core Business Vocabulary nor a URI.");
        }
    }

    private void Where(string field)
    {
        if (JsonText.Has(item, field) && (JsonText.Text(item.GetProperty(field), "id") is not { } id || !CbvVocabulary.IsUri(id)))
        {
            Refuse(ConnectorRule.InvalidValue, field, $"{field} is not an object with an id that is a URI.");
        }
    }

    private void Parties(string field, string member)
    {
        foreach (var (party, at) in Items(item, field, place))
        {
            if (!JsonText.Has(party, "type"))
            {
                outcomes.Refuse(at, RecordRule.MissingField, "type", $"An entry of {field} has no type.");
            }
            else
            {
                Word(party.GetProperty("type"), "type", JsonText.Step(at, "type"), CbvVocabulary.SourceDestinationTypes);
            }

            Uri(party, member, at);
        }
    }

    private void Transactions()
    {
        foreach (var (transaction, at) in Items(item, "bizTransactionList", place))
        {
            if (JsonText.Has(transaction, "type"))
            {
                Word(transaction.GetProperty("type"), "type", JsonText.Step(at, "type"), CbvVocabulary.BizTransactionTypes);
            }

            Uri(transaction, "bizTransaction", at);
        }
    }

    private void Uri(JsonElement from, string field, string at)
    {
        if (!JsonText.Has(from, field))
        {
            outcomes.Refuse(at, RecordRule.MissingField, field, $"{field} is missing.");
        }
        else if (JsonText.Text(from, field) is not { } text || !CbvVocabulary.IsUri(text))
        {
            outcomes.Refuse(JsonText.Step(at, field), ConnectorRule.InvalidValue, field, $"{field} is not a URI.");
        }
    }

    private void Epcs(string field)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (epc, at) in Items(item, field, place))
        {
            if (epc.ValueKind != JsonValueKind.String || !CbvVocabulary.IsUri(epc.GetString()!))
            {
                outcomes.Refuse(at, ConnectorRule.InvalidValue, field, $"An entry of {field} is not a URI.");
            }
            else if (!seen.Add(epc.GetString()!))
            {
                outcomes.Refuse(at, ConnectorRule.Repeated, field, $"'{Short(epc.GetString()!)}' stands twice in {field}; one thing is there once.");
            }
        }
    }

    private void Quantities(string field)
    {
        foreach (var (element, at) in Items(item, field, place))
        {
            Uri(element, "epcClass", at);
            if (JsonText.Has(element, "quantity"))
            {
                var quantity = element.GetProperty("quantity");
                if (quantity.ValueKind != JsonValueKind.Number)
                {
                    outcomes.Refuse(JsonText.Step(at, "quantity"), RecordRule.WrongType, "quantity", "quantity is not a JSON number.");
                }
                else if (quantity.GetRawText().StartsWith('-'))
                {
                    outcomes.Refuse(JsonText.Step(at, "quantity"), RecordRule.QuantityNegative, "quantity", $"quantity {Short(quantity.GetRawText())} is negative.");
                }
            }

            if (JsonText.Has(element, "uom") && !(JsonText.Text(element, "uom") is { Length: 2 or 3 } uom && uom.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c))))
            {
                outcomes.Refuse(JsonText.Step(at, "uom"), ConnectorRule.InvalidValue, "uom", "uom is not a unit of UN/CEFACT Recommendation 20: two or three capital letters or digits.");
            }
        }
    }

    private void Identifier(string field)
    {
        if (JsonText.Has(item, field) && (JsonText.Text(item, field) is not { } id || !CbvVocabulary.IsUri(id)))
        {
            Refuse(ConnectorRule.InvalidValue, field, $"{field} is not a URI.");
        }
    }

    private void ErrorDeclaration()
    {
        if (!JsonText.Has(item, "errorDeclaration"))
        {
            return;
        }

        var at = JsonText.Step(place, "errorDeclaration");
        var declaration = item.GetProperty("errorDeclaration");
        if (declaration.ValueKind != JsonValueKind.Object)
        {
            outcomes.Refuse(at, RecordRule.WrongType, "errorDeclaration", "errorDeclaration is not an object.");
            return;
        }

        Time(declaration, "declarationTime", at, required: true);
        if (JsonText.Has(declaration, "reason"))
        {
            Word(declaration.GetProperty("reason"), "reason", JsonText.Step(at, "reason"), CbvVocabulary.ErrorReasons);
        }

        foreach (var (id, idPlace) in Items(declaration, "correctiveEventIDs", at))
        {
            if (id.ValueKind != JsonValueKind.String || !CbvVocabulary.IsUri(id.GetString()!))
            {
                outcomes.Refuse(idPlace, ConnectorRule.InvalidValue, "correctiveEventIDs", "An entry of correctiveEventIDs is not a URI.");
            }
        }
    }

    private void Sensors()
    {
        foreach (var (sensor, at) in Items(item, "sensorElementList", place))
        {
            if (!JsonText.Has(sensor, "sensorReport") || sensor.GetProperty("sensorReport") is not { ValueKind: JsonValueKind.Array } reports || reports.GetArrayLength() == 0)
            {
                outcomes.Refuse(at, RecordRule.MissingField, "sensorReport", "An entry of sensorElementList has no sensorReport.");
            }
        }
    }

    private void Ilmd(string type)
    {
        if (!JsonText.Has(item, "ilmd"))
        {
            return;
        }

        var ilmd = item.GetProperty("ilmd");
        if (type == "ObjectEvent" && JsonText.Text(item, "action") is "OBSERVE" or "DELETE")
        {
            Refuse(ConnectorRule.Contradiction, "ilmd", "ilmd stands on an ObjectEvent whose action is not ADD.");
        }

        if (ilmd.ValueKind != JsonValueKind.Object)
        {
            Refuse(RecordRule.WrongType, "ilmd", "ilmd is not an object.");
            return;
        }

        foreach (var member in ilmd.EnumerateObject())
        {
            if (!CbvVocabulary.IsUri(member.Name))
            {
                outcomes.Refuse(JsonText.Step(JsonText.Step(place, "ilmd"), member.Name), ConnectorRule.UnknownField, "ilmd", $"ilmd has a field '{member.Name}' without a prefix.");
            }
        }
    }

    private void Required(string type)
    {
        var action = JsonText.Text(item, "action");
        switch (type)
        {
            case "ObjectEvent" when !Any("epcList") && !Any("quantityList") && !Any("sensorElementList"):
                Refuse(RecordRule.MissingField, "epcList", "ObjectEvent has neither epcList nor quantityList.");
                break;
            case "AggregationEvent" or "AssociationEvent":
                if (!JsonText.Has(item, "parentID") && (type == "AssociationEvent" || action is "ADD" or "DELETE"))
                {
                    Refuse(RecordRule.MissingField, "parentID", $"parentID is missing; {type} with action {action} needs it.");
                }

                if (action is "ADD" or "OBSERVE" && !Any("childEPCs") && !Any("childQuantityList"))
                {
                    Refuse(RecordRule.MissingField, "childEPCs", $"{type} has neither childEPCs nor childQuantityList.");
                }

                break;
            case "TransactionEvent" when !Any("bizTransactionList"):
                Refuse(RecordRule.MissingField, "bizTransactionList", "TransactionEvent has no bizTransactionList.");
                break;
            case "TransformationEvent" when !JsonText.Has(item, "transformationID"):
                if (!Any("inputEPCList") && !Any("inputQuantityList"))
                {
                    Refuse(RecordRule.MissingField, "inputEPCList", "TransformationEvent has no input and no transformationID.");
                }

                if (!Any("outputEPCList") && !Any("outputQuantityList"))
                {
                    Refuse(RecordRule.MissingField, "outputEPCList", "TransformationEvent has no output and no transformationID.");
                }

                break;
            default:
                break;
        }
    }

    /// <summary>Whether a list is there; an empty epcList counts where a list says that there is nothing.</summary>
    private bool Any(string field) => item.TryGetProperty(field, out var list) && list.ValueKind == JsonValueKind.Array && (field == "epcList" || list.GetArrayLength() > 0);

    private IEnumerable<(JsonElement Item, string Place)> Items(JsonElement from, string field, string at)
    {
        if (!JsonText.Has(from, field))
        {
            yield break;
        }

        var list = from.GetProperty(field);
        var listPlace = JsonText.Step(at, field);
        if (list.ValueKind != JsonValueKind.Array)
        {
            outcomes.Refuse(listPlace, RecordRule.WrongType, field, $"{field} is not an array.");
            yield break;
        }

        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            yield return (element, $"{listPlace}/{index++.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private void Refuse(string rule, string field, string detail) => outcomes.Refuse(JsonText.Step(place, field), rule, field, detail);

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "...";
}
