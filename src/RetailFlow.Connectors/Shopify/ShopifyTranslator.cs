using System.Globalization;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.Shopify;

/// <summary>
/// Webhooks of Shopify by topic. Goods move when they are fulfilled and when they are restocked; an order alone moves nothing. Only what
/// does not change from one delivery of a thing to the next is in a record.
/// </summary>
public static class ShopifyTranslator
{
    private const long IdLimit = 1_000_000_000_000_000_000;

    /// <summary>Translates a webhook's body; a body that is wrapped in its name, as the API answers, is read too.</summary>
    /// <param name="topic">Header <c>X-Shopify-Topic</c>.</param>
    /// <param name="shop">Header <c>X-Shopify-Shop-Domain</c>.</param>
    /// <param name="utf8">The body.</param>
    /// <param name="options">Names.</param>
    public static Translation Translate(string topic, string shop, ReadOnlyMemory<byte> utf8, ShopifyOptions options)
    {
        using var document = JsonText.Parse(utf8, out var complaint);
        if (document is null)
        {
            return OutcomeList.Unreadable(string.Empty, ConnectorRule.MalformedDocument, $"The body {complaint}.");
        }

        if (document.RootElement.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) || !Things(document.RootElement, topic.Split('/')[0]).Any())
        {
            return OutcomeList.Unreadable(string.Empty, RecordRule.NotAnObject, "The body is neither a JSON object nor a list of them.");
        }

        var outcomes = new OutcomeList();
        var context = new ShopifyContext(SourceOf(shop), options, outcomes);
        var subject = topic.Split('/')[0];
        foreach (var (item, place) in Things(document.RootElement, subject))
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                outcomes.Refuse(place, RecordRule.NotAnObject, string.Empty, $"A thing of {subject} is not a JSON object.");
                continue;
            }

            switch (topic)
            {
                case "fulfillments/create" or "fulfillments/update":
                    Fulfillment(item, place, context);
                    break;
                case "refunds/create":
                    Refund(item, place, context);
                    break;
                case "inventory_levels/update" or "inventory_levels/set" or "inventory_levels/connect":
                    Level(item, place, context);
                    break;
                case "products/create" or "products/update":
                    Product(item, place, context);
                    break;
                case "inventory_items/create" or "inventory_items/update":
                    context.Name(item, place, "id", "item");
                    break;
                default:
                    outcomes.WithoutEffect(place, subject == "orders"
                        ? "an order moves no stock: its fulfilments and refunds do"
                        : $"topic '{topic}' moves no stock");
                    break;
            }
        }

        return outcomes.ToTranslation();
    }

    /// <summary>Source of a shop's records.</summary>
    /// <param name="shop">The shop's domain.</param>
    public static string SourceOf(string shop) => StockFields.FitSource("shopify:" + shop);

    private static IEnumerable<(JsonElement Item, string Place)> Things(JsonElement root, string subject)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            return root.EnumerateArray().Select((item, i) => (item, $"/{i.ToString(CultureInfo.InvariantCulture)}"));
        }

        var one = subject.EndsWith('s') ? subject[..^1] : subject;
        var members = root.EnumerateObject().ToList();
        if (members.Count == 1 && members[0].Name == one && members[0].Value.ValueKind == JsonValueKind.Object)
        {
            return [(members[0].Value, "/" + one)];
        }

        return members.Count == 1 && members[0].Name == subject && members[0].Value.ValueKind == JsonValueKind.Array
            ? [.. members[0].Value.EnumerateArray().Select((item, i) => (item, $"/{subject}/{i.ToString(CultureInfo.InvariantCulture)}"))]
            : [(root, string.Empty)];
    }

    private static void Fulfillment(JsonElement item, string place, ShopifyContext context)
    {
        if (context.Id(item, place, "id") is not { } id || context.Required(item, place, "created_at") is not { } time)
        {
            return;
        }

        // It did not take place, or no longer: what it took off comes back, also if that was never told.
        var isOff = JsonText.Text(item, "status") is "cancelled" or "error" or "failure";
        var eventId = $"fulfillment:{id}";
        foreach (var (line, at, number) in context.Lines(item, place, "line_items"))
        {
            if (JsonText.Has(line, "gift_card") && line.GetProperty("gift_card").ValueKind == JsonValueKind.True)
            {
                context.Outcomes.WithoutEffect(at, "a gift card is no goods");
            }
            else if (context.Quantity(line, at) is { } quantity && context.Location(item, place) is { } location && context.Sku(line, at) is { } sku)
            {
                context.Outcomes.Record(at, new StockFields
                {
                    Source = context.Source,
                    EventId = isOff ? eventId + ":void" : eventId,
                    Line = number,
                    Type = isOff ? "void" : "sale",
                    Sku = sku,
                    Location = location,
                    Quantity = quantity,
                    EventTime = time,
                    VoidsEventId = isOff ? eventId : null,
                    VoidsLine = number,
                    Reference = JsonText.Identifier(item, "order_id"),
                    Reason = isOff ? "fulfillment cancelled" : null,
                    Channel = "shopify",
                });
            }
        }
    }

    private static void Refund(JsonElement item, string place, ShopifyContext context)
    {
        if (context.Id(item, place, "id") is not { } id || context.Required(item, place, "created_at") is not { } time)
        {
            return;
        }

        foreach (var (line, at, number) in context.Lines(item, place, "refund_line_items"))
        {
            // Before restock_type there was one switch for the whole refund.
            var type = JsonText.Text(line, "restock_type")
                ?? (item.TryGetProperty("restock", out var restock) && restock.ValueKind == JsonValueKind.True ? "legacy_restock" : "no_restock");
            switch (type)
            {
                case "no_restock":
                    context.Outcomes.WithoutEffect(at, "refunded, not put back");
                    break;
                case "cancel":
                    context.Outcomes.WithoutEffect(at, "cancelled before it was fulfilled: it never left");
                    break;
                case "return" or "legacy_restock":
                    if (context.Quantity(line, at) is { } quantity && context.Location(line, at) is { } location
                        && context.Sku(line.TryGetProperty("line_item", out var sold) ? sold : line, at) is { } sku)
                    {
                        context.Outcomes.Record(at, new StockFields
                        {
                            Source = context.Source,
                            EventId = $"refund:{id}",
                            Line = number,
                            Type = "return",
                            Sku = sku,
                            Location = location,
                            Quantity = quantity,
                            EventTime = time,
                            Reference = JsonText.Identifier(item, "order_id"),
                            Reason = type,
                            Channel = "shopify",
                        });
                    }

                    break;
                default:
                    context.Outcomes.Refuse(JsonText.Step(at, "restock_type"), ConnectorRule.UnknownValue, "restock_type", $"restock_type '{type}' is not known, so whether goods came back is not.");
                    break;
            }
        }
    }

    private static void Level(JsonElement item, string place, ShopifyContext context)
    {
        if (context.Id(item, place, "inventory_item_id") is not { } id || context.Id(item, place, "location_id") is not { } location)
        {
            return;
        }

        if (!JsonText.Has(item, "available"))
        {
            context.Outcomes.WithoutEffect(place, "the item is not tracked: available is null");
        }
        else if (!context.Options.LevelsAreCounts)
        {
            context.Outcomes.WithoutEffect(place, "inventory levels are kept and count nothing here");
        }
        else if (context.Required(item, place, "updated_at") is { } time && context.Number(item, place, "available") is { } available)
        {
            context.Outcomes.Record(place, new StockFields
            {
                Source = context.Source,
                EventId = StockFields.Fit($"inventory_level:{id}:{location}:{ShopifyContext.Instant(time)}"),
                Type = "count",
                Sku = context.Names($"item:{id}") ?? $"shopify:item:{id}",
                Location = context.Names($"location:{location}") ?? $"shopify:location:{location}",
                Quantity = available,
                EventTime = time,
                Reason = "inventory_level",
                Channel = "shopify",
            }.With("shopify_quantity", "available"));
        }
    }

    private static void Product(JsonElement item, string place, ShopifyContext context)
    {
        if (!item.TryGetProperty("variants", out var variants) || variants.ValueKind != JsonValueKind.Array)
        {
            context.Outcomes.Refuse(JsonText.Step(place, "variants"), RecordRule.MissingField, "variants", "variants is missing, or no array.");
            return;
        }

        var index = 0;
        foreach (var variant in variants.EnumerateArray())
        {
            var at = $"{place}/variants/{index++.ToString(CultureInfo.InvariantCulture)}";
            context.Name(variant, at, "id", "variant");
            if (JsonText.Has(variant, "inventory_item_id"))
            {
                context.Name(variant, at, "inventory_item_id", "item");
            }
        }
    }

    /// <summary>Reading of one body.</summary>
    private sealed record ShopifyContext(string Source, ShopifyOptions Options, OutcomeList Outcomes)
    {
        public string? Names(string item) => Options.Names.GetValueOrDefault(item);

        /// <summary>One instant is one name, in whatever zone it is written.</summary>
        public static string Instant(string time) =>
            RecordTime.Parse(System.Text.Encoding.UTF8.GetBytes(time), out var micros) == TimeFault.None ? RecordTime.Format(micros) : time;

        public long? Id(JsonElement item, string place, string field)
        {
            var text = JsonText.Identifier(item, field);
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < IdLimit)
            {
                return id;
            }

            Outcomes.Refuse(JsonText.Step(place, field), JsonText.Has(item, field) ? ConnectorRule.InvalidValue : RecordRule.MissingField, field, $"{field} is not the number of anything.");
            return null;
        }

        public string? Required(JsonElement item, string place, string field)
        {
            if (JsonText.Text(item, field) is { Length: > 0 } text)
            {
                return text;
            }

            Outcomes.Refuse(JsonText.Step(place, field), JsonText.Has(item, field) ? RecordRule.WrongType : RecordRule.MissingField, field, $"{field} is missing, or no text.");
            return null;
        }

        public string? Number(JsonElement item, string place, string field)
        {
            if (JsonText.Has(item, field) && item.GetProperty(field).ValueKind == JsonValueKind.Number)
            {
                return item.GetProperty(field).GetRawText();
            }

            Outcomes.Refuse(JsonText.Step(place, field), JsonText.Has(item, field) ? RecordRule.WrongType : RecordRule.MissingField, field, $"{field} is not a JSON number.");
            return null;
        }

        /// <summary>A line's quantity; null where it is none, or nothing moves.</summary>
        public string? Quantity(JsonElement line, string place)
        {
            var text = Number(line, place, "quantity");
            if (text == "0")
            {
                Outcomes.WithoutEffect(place, "quantity 0");
                return null;
            }

            return text;
        }

        public string? Location(JsonElement item, string place)
        {
            if (!JsonText.Has(item, "location_id"))
            {
                if (Options.DefaultLocation is null)
                {
                    Outcomes.Refuse(JsonText.Step(place, "location_id"), RecordRule.MissingField, "location_id", "location_id is missing, and no default location is set.");
                }

                return Options.DefaultLocation;
            }

            return Id(item, place, "location_id") is { } id ? Names($"location:{id}") ?? $"shopify:location:{id}" : null;
        }

        public string? Sku(JsonElement line, string place)
        {
            if (JsonText.Text(line, "sku") is { Length: > 0 } sku)
            {
                return sku;
            }

            return Id(line, place, "variant_id") is { } id ? Names($"variant:{id}") ?? $"shopify:variant:{id}" : null;
        }

        /// <summary>Lines with their number, which is their id at Shopify: their order says nothing.</summary>
        public IEnumerable<(JsonElement Line, string Place, long Number)> Lines(JsonElement item, string place, string field)
        {
            var listPlace = JsonText.Step(place, field);
            if (!item.TryGetProperty(field, out var list) || list.ValueKind != JsonValueKind.Array)
            {
                Outcomes.Refuse(listPlace, RecordRule.MissingField, field, $"{field} is missing, or no array.");
                yield break;
            }

            var seen = new HashSet<long>();
            var index = 0;
            foreach (var line in list.EnumerateArray())
            {
                var at = $"{listPlace}/{index++.ToString(CultureInfo.InvariantCulture)}";
                if (Id(line, at, "id") is not { } id)
                {
                    continue;
                }

                if (seen.Add(id))
                {
                    yield return (line, at, id);
                }
                else
                {
                    Outcomes.Refuse(at, ConnectorRule.Repeated, "id", $"Line {id} stands twice.");
                }
            }
        }

        public void Name(JsonElement item, string place, string field, string kind)
        {
            if (Id(item, place, field) is { } id)
            {
                if (JsonText.Text(item, "sku") is { Length: > 0 } sku)
                {
                    Outcomes.Name(place, $"{kind}:{id}", sku);
                }
                else
                {
                    Outcomes.WithoutEffect(place, $"{kind} {id} has no SKU");
                }
            }
        }
    }
}
