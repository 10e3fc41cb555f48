using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Epcis;

/// <summary>One valid event on its way to stock records. Lines are numbered in the order of the event, the same each time.</summary>
internal sealed class EventTranslation(JsonElement item, string type, string place, string source, OutcomeList outcomes)
{
    private const long Largest = (1_000_000_000_000 * Quantity.Scale) - 1;

    private readonly string _eventId = StockFields.Fit(JsonText.Text(item, "eventID") ?? EventFingerprint.Of(item));
    private readonly string? _step = CbvVocabulary.Word(JsonText.Text(item, "bizStep"), "bizstep", CbvVocabulary.BizSteps);
    private readonly string? _disposition = CbvVocabulary.Word(JsonText.Text(item, "disposition"), "disp", CbvVocabulary.Dispositions);
    private readonly Parties _parties = PartiesOf(item);
    private int _line;

    public void Run()
    {
        var meaning = StockMeaning.Of(type, JsonText.Text(item, "action"), _step, _disposition, _parties);
        if (meaning.Move == StockMove.None)
        {
            outcomes.WithoutEffect(place, meaning.Reason);
            return;
        }

        if (LocationOf(meaning.IsOutbound) is not { } location)
        {
            outcomes.WithoutEffect(place, "no place is named: neither bizLocation nor readPoint nor a location of source or destination");
            return;
        }

        var before = _line;
        if (meaning.Move == StockMove.Transformation)
        {
            Write(Amounts("inputEPCList", "inputQuantityList"), meaning.Type, location, "-");
            Write(Amounts("outputEPCList", "outputQuantityList"), meaning.Type, location, "");
        }
        else
        {
            var amounts = Amounts(type is "AggregationEvent" or "AssociationEvent" ? "childEPCs" : "epcList", type is "AggregationEvent" or "AssociationEvent" ? "childQuantityList" : "quantityList");
            Write(meaning.Move == StockMove.Count ? Together(amounts) : amounts, meaning.Type, location, "");
        }

        if (_line == before)
        {
            outcomes.WithoutEffect(place, "no trade item with a quantity is named");
        }
    }

    private static Parties PartiesOf(JsonElement item)
    {
        string? Of(string list, string member, string kind)
        {
            if (item.TryGetProperty(list, out var entries))
            {
                foreach (var entry in entries.EnumerateArray())
                {
                    if (CbvVocabulary.Word(JsonText.Text(entry, "type"), "sdt", CbvVocabulary.SourceDestinationTypes) == kind)
                    {
                        return JsonText.Text(entry, member);
                    }
                }
            }

            return null;
        }

        return new Parties
        {
            SourceLocation = Of("sourceList", "source", "location"),
            SourceOwner = Of("sourceList", "source", "owning_party"),
            SourcePossessor = Of("sourceList", "source", "possessing_party"),
            DestinationLocation = Of("destinationList", "destination", "location"),
            DestinationOwner = Of("destinationList", "destination", "owning_party"),
            DestinationPossessor = Of("destinationList", "destination", "possessing_party"),
        };
    }

    /// <summary>
    /// Goods that leave are taken from the source's location or where they were read: bizLocation says where they are afterwards. Goods
    /// that come are put where they are afterwards.
    /// </summary>
    private Place? LocationOf(bool isOutbound)
    {
        var read = item.TryGetProperty("readPoint", out var readPoint) ? JsonText.Text(readPoint, "id") : null;
        var afterwards = item.TryGetProperty("bizLocation", out var bizLocation) ? JsonText.Text(bizLocation, "id") : null;
        var name = isOutbound ? _parties.SourceLocation ?? read ?? afterwards : afterwards ?? read ?? _parties.DestinationLocation;
        return name is null ? null : Gs1Key.PlaceOf(name);
    }

    /// <summary>EPCs by their trade item, one each; then the quantities as they are listed.</summary>
    private List<Amount> Amounts(string epcs, string quantities)
    {
        var amounts = new List<Amount>();
        var index = 0;
        foreach (var epc in Elements(epcs))
        {
            var at = $"{place}/{epcs}/{index++}";
            if (!Gs1Key.TryTradeItem(epc.GetString()!, out var item))
            {
                outcomes.Refuse(at, ConnectorRule.InvalidValue, epcs, $"'{epc.GetString()}' is not a well formed name of a trade item.");
            }
            else if (item is { } trade)
            {
                var known = amounts.FindIndex(a => a.Item.Gtin == trade.Gtin);
                if (known < 0)
                {
                    amounts.Add(new Amount(at, trade with { Lot = null }, Quantity.Of(1), null));
                }
                else
                {
                    amounts[known] = amounts[known] with { Quantity = amounts[known].Quantity + Quantity.Of(1) };
                }
            }
        }

        index = 0;
        foreach (var element in Elements(quantities))
        {
            var at = $"{place}/{quantities}/{index++}";
            if (!Gs1Key.TryTradeItem(JsonText.Text(element, "epcClass")!, out var item))
            {
                outcomes.Refuse(at, ConnectorRule.InvalidValue, "epcClass", $"'{JsonText.Text(element, "epcClass")}' is not a well formed name of a trade item.");
            }
            else if (item is { } trade && JsonText.Has(element, "quantity"))
            {
                var text = element.GetProperty("quantity").GetRawText();
                if (Quantity.Parse(Encoding.UTF8.GetBytes(text), out var quantity) is var fault and not DecimalFault.None)
                {
                    var rule = fault == DecimalFault.TooLarge ? RecordRule.NumberTooLarge : RecordRule.NumberTooPrecise;
                    outcomes.Refuse(at + "/quantity", rule, "quantity", $"quantity '{(text.Length > 64 ? text[..64] : text)}' is not below 10^12 with at most {Quantity.Places} places.");
                }
                else
                {
                    amounts.Add(new Amount(at, trade, quantity, JsonText.Text(element, "uom")));
                }
            }
        }

        return amounts;
    }

    /// <summary>A count is of a trade item as a whole: its lots and pieces add up, unless they are measured differently.</summary>
    private List<Amount> Together(List<Amount> amounts)
    {
        var counts = new List<Amount>();
        foreach (var amount in amounts)
        {
            var known = counts.FindIndex(c => c.Item.Gtin == amount.Item.Gtin);
            if (known < 0)
            {
                counts.Add(amount with { Item = amount.Item with { Lot = null } });
            }
            else if (counts[known].Uom != amount.Uom)
            {
                outcomes.Refuse(amount.Place, ConnectorRule.Contradiction, "uom", $"Trade item {amount.Item.Gtin} is counted in '{counts[known].Uom}' and in '{amount.Uom}'.");
            }
            else if (counts[known].Quantity.Raw > Largest - amount.Quantity.Raw)
            {
                outcomes.Refuse(amount.Place, RecordRule.NumberTooLarge, "quantity", $"The count of trade item {amount.Item.Gtin} is not below 10^12.");
            }
            else
            {
                counts[known] = counts[known] with { Quantity = counts[known].Quantity + amount.Quantity };
            }
        }

        return counts;
    }

    private void Write(List<Amount> amounts, string recordType, Place location, string sign)
    {
        foreach (var amount in amounts)
        {
            var line = _line++;
            if (amount.Quantity == Quantity.Zero && recordType != "count")
            {
                outcomes.WithoutEffect(amount.Place, "quantity 0");
            }
            else if (item.TryGetProperty("errorDeclaration", out var declaration))
            {
                outcomes.Record(amount.Place, Void(amount, location, line, declaration));
            }
            else
            {
                outcomes.Record(amount.Place, Fields(amount, recordType, location, line, sign));
            }
        }
    }

    private StockFields Fields(Amount amount, string recordType, Place location, int line, string sign) => Describe(
        amount,
        location,
        new StockFields
        {
            Source = source,
            EventId = _eventId,
            Line = line,
            Type = recordType,
            Sku = amount.Item.Gtin,
            Location = location.Gln,
            Quantity = sign + amount.Quantity,
            EventTime = JsonText.Text(item, "eventTime")!,
            Reference = Reference(),
            Reason = type == "TransformationEvent" ? "transformation" : _disposition,
        });

    private StockFields Void(Amount amount, Place location, int line, JsonElement declaration)
    {
        var corrective = declaration.TryGetProperty("correctiveEventIDs", out var ids) ? string.Join(' ', ids.EnumerateArray().Select(i => i.GetString())) : null;
        return Describe(
            amount,
            location,
            new StockFields
            {
                Source = source,
                EventId = StockFields.Fit(_eventId + "#error"),
                Line = line,
                Type = "void",
                Sku = amount.Item.Gtin,
                Location = location.Gln,
                Quantity = amount.Quantity == Quantity.Zero ? "1" : amount.Quantity.ToString(),
                EventTime = JsonText.Text(declaration, "declarationTime")!,
                VoidsEventId = _eventId,
                VoidsLine = line,
                Reason = JsonText.Text(declaration, "reason") is { } reason ? CbvVocabulary.Word(reason, "er", CbvVocabulary.ErrorReasons) ?? reason : "errorDeclaration",
            }.With("corrective_event_ids", corrective));
    }

    private StockFields Describe(Amount amount, Place location, StockFields fields) => fields
        .With("event_type", type)
        .With("action", JsonText.Text(item, "action"))
        .With("biz_step", _step)
        .With("event_time_zone_offset", JsonText.Text(item, "eventTimeZoneOffset"))
        .With("location_extension", location.Extension)
        .With("lot", amount.Item.Lot)
        .With("uom", amount.Uom)
        .With("source_location", _parties.SourceLocation ?? _parties.SourcePossessor)
        .With("destination_location", _parties.DestinationLocation ?? _parties.DestinationPossessor);

    private string? Reference() => item.TryGetProperty("bizTransactionList", out var list) && list.GetArrayLength() > 0
        ? JsonText.Text(list[0], "bizTransaction")
        : null;

    private IEnumerable<JsonElement> Elements(string field) => item.TryGetProperty(field, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private readonly record struct Amount(string Place, TradeItem Item, Quantity Quantity, string? Uom);
}
