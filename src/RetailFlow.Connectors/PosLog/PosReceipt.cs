using System.Globalization;
using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.PosLog;

/// <summary>The lines of one retail transaction.</summary>
internal sealed class PosReceipt(ReceiptHeader header, PosElement retail, OutcomeList outcomes)
{
    private static readonly string[] s_sold = ["Sale", "SaleForDelivery", "SaleForPickup"];
    private static readonly string[] s_ordered = ["CustomerOrderForDelivery", "CustomerOrderForPickup", "Layaway", "PreviousCustomerOrder", "PreviousLayaway"];
    private static readonly string[] s_postVoid = ["PostVoid", "PostVoided", "Void", "Voided", "VoidedTransaction"];
    private static readonly string[] s_keptOut = ["Destroy", "Destroyed", "Damaged", "Scrap", "Scrapped", "ReturnToVendor", "ReturnToManufacturer", "Discard"];

    private static readonly HashSet<string> s_notGoods = new(StringComparer.OrdinalIgnoreCase)
    {
        "Alteration", "CustomerAccountPayment", "Deposit", "Donation", "Fee", "GiftCard", "GiftCertificate", "HandlingFee", "Insurance",
        "Membership", "PrepaidCard", "Service", "ServiceContract", "ShippingFee", "Warranty",
    };

    private readonly PosElement? _link = retail.Child("TransactionLink");

    public void Translate()
    {
        var isPostVoid = retail.Child("PostVoidTransaction") is not null || s_postVoid.Contains(_link?.Attribute("ReasonCode"), StringComparer.OrdinalIgnoreCase);
        var lines = retail.Children.Where(c => c.Name == "LineItem").Select(Read).OfType<PosLine>().ToList();
        CancelAgainstEachOther(lines);
        var seen = new HashSet<long>();
        foreach (var line in lines)
        {
            if (line.WithoutEffect is { } reason)
            {
                outcomes.WithoutEffect(line.Place, reason);
            }
            else if (!seen.Add(line.Number))
            {
                outcomes.Refuse(line.Place, ConnectorRule.Repeated, "SequenceNumber", $"Line {line.Number} stands twice in receipt {header.EventId}.");
            }
            else
            {
                Write(line, isPostVoid);
            }
        }

        if (isPostVoid && !lines.Exists(l => l.WithoutEffect is null))
        {
            outcomes.Refuse(retail.Place, ConnectorRule.NotSupported, "TransactionLink", "A transaction that takes another one back must repeat its lines.");
        }
        else if (lines.Count == 0)
        {
            outcomes.WithoutEffect(retail.Place, "no line moves goods");
        }
    }

    /// <summary>A void entry takes back the last line before it with the same item and amount; neither of the two moved anything.</summary>
    private static void CancelAgainstEachOther(List<PosLine> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (!lines[i].IsVoidEntry || lines[i].WithoutEffect is not null)
            {
                continue;
            }

            var entry = lines[i];
            var target = lines.FindLastIndex(i, i + 1, l => !l.IsVoidEntry && l.WithoutEffect is null && l.IsReturn == entry.IsReturn && l.Sku == entry.Sku
                && (entry.Voids is { } number ? l.Number == number : l.Quantity == entry.Quantity));
            if (target >= 0)
            {
                lines[target] = lines[target] with { WithoutEffect = $"voided by line {entry.Number}" };
                lines[i] = entry with { WithoutEffect = $"voids line {lines[target].Number}" };
            }
        }
    }

    private PosLine? Read(PosElement line)
    {
        var goods = line.Children.Find(c => s_sold.Contains(c.Name) || c.Name == "Return");
        if (goods is null)
        {
            if (line.Children.Find(c => s_ordered.Contains(c.Name)) is { } ordered)
            {
                outcomes.WithoutEffect(line.Place, $"{ordered.Name}: ordered, goods do not move");
            }

            return null;
        }

        if (!long.TryParse(line.Value("SequenceNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            outcomes.Refuse(
                line.Place,
                line.Value("SequenceNumber") is null ? RecordRule.MissingField : RecordRule.LineInvalid,
                "SequenceNumber",
                $"SequenceNumber '{line.Value("SequenceNumber")}' is not the number of a line.");
            return null;
        }

        var identity = goods.Child("POSIdentity");
        var read = new PosLine(line.Place, number, goods)
        {
            IsReturn = goods.Name == "Return",
            Sku = goods.Value("ItemID") ?? identity?.Value("POSItemID") ?? goods.Value("AlternativeID") ?? goods.Value("AlternativeId"),
        };
        if (read.Sku is null || read.Sku.All(c => c == '0') || identity?.Attribute("POSIDType") is "Department")
        {
            return read.Sku is null && identity?.Attribute("POSIDType") is not "Department"
                ? Refuse(line, RecordRule.MissingField, "ItemID", "None of ItemID, POSItemID and AlternativeID is there.")
                : read with { WithoutEffect = "rung on a department, no item is named" };
        }

        return s_notGoods.Contains(goods.Attribute("ItemType") ?? string.Empty) ? read with { WithoutEffect = $"ItemType {goods.Attribute("ItemType")} is no goods" }
            : goods.Child("Disposal")?.Attribute("Method") is { } method && s_keptOut.Contains(method, StringComparer.OrdinalIgnoreCase) && read.IsReturn
                ? read with { WithoutEffect = $"returned and not put back: {method}" }
            : WithAmount(line, goods, read);
    }

    private PosLine? WithAmount(PosElement line, PosElement goods, PosLine read)
    {
        var written = goods.Child("Quantity");
        var text = written?.Text.Trim() ?? string.Empty;
        if (text.Length == 0)
        {
            if (line.Flag("weightItem") || goods.Flag("weightItem"))
            {
                return Refuse(line, RecordRule.MissingField, "Quantity", "A weighed line has no Quantity.");
            }

            text = "1";
            read.QuantityIsAssumed = true;
        }

        if (Quantity.Parse(Encoding.UTF8.GetBytes(text), out var quantity) is var fault and not DecimalFault.None)
        {
            var rule = fault switch
            {
                DecimalFault.TooLarge => RecordRule.NumberTooLarge,
                DecimalFault.TooPrecise => RecordRule.NumberTooPrecise,
                _ => RecordRule.NotANumber,
            };
            return Refuse(written ?? line, rule, "Quantity", $"Quantity '{(text.Length > 64 ? text[..64] : text)}' is not a number below 10^12 with at most {Quantity.Places} places.");
        }

        if (quantity == Quantity.Zero)
        {
            return read with { WithoutEffect = "quantity 0" };
        }

        var amountIsNegative = goods.Value("ExtendedAmount")?.StartsWith('-') ?? false;
        var isNegative = quantity < Quantity.Zero;
        var isVoid = line.Flag("VoidFlag") || line.Value("VoidFlag") is "true" or "1" || goods.Flag("VoidFlag");
        var voids = line.Child("ItemLink") ?? line.Child("LineItemLink") ?? goods.Child("ItemLink");
        long? target = isVoid && long.TryParse(voids?.Value("SequenceNumber") ?? voids?.Value("LineItemSequenceNumber") ?? voids?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var linked) && linked != read.Number
            ? linked
            : null;
        read = read with { Quantity = isNegative ? -quantity : quantity, Uom = written?.Attribute("UnitOfMeasureCode"), Units = written?.Attribute("Units") };
        if (isVoid)
        {
            // An entry of its own has the sign turned or names a line; without either the line itself is the one that was voided.
            var isEntry = target is not null || (!read.IsReturn && (isNegative || amountIsNegative));
            return isEntry ? read with { IsVoidEntry = true, Voids = target } : read with { WithoutEffect = "voided line" };
        }

        return isNegative ? read with { IsReturn = true } : read;
    }

    private void Write(PosLine line, bool isPostVoid)
    {
        var comesBack = line.IsReturn ^ line.IsVoidEntry ^ isPostVoid;
        var reason = line.IsVoidEntry ? "line_void" : isPostVoid ? "post_void" : line.Goods.Child("Reason")?.Text.Trim() ?? line.Goods.Value("ReasonCode");
        outcomes.Record(line.Place, new StockFields
        {
            Source = header.Source,
            EventId = header.EventId,
            Line = line.Number,
            Type = comesBack ? "return" : "sale",
            Sku = line.Sku,
            Location = header.Store,
            Quantity = line.Quantity.ToString(),
            EventTime = header.Time,
            Reference = header.EventId,
            Reason = reason,
            Channel = "store",
        }
            .With("workstation", header.Till)
            .With("business_day", header.BusinessDay)
            .With("pos_item_id", line.Goods.Child("POSIdentity")?.Value("POSItemID"))
            .With("uom", line.Uom)
            .With("units", line.Units)
            .With("quantity_assumed", line.QuantityIsAssumed ? "true" : null)
            .With("linked_sequence", _link?.Value("SequenceNumber"))
            .With("linked_workstation", _link?.Value("WorkstationID"))
            .With("linked_business_day", _link?.Value("BusinessDayDate")));
    }

    private PosLine? Refuse(PosElement at, string rule, string field, string detail)
    {
        outcomes.Refuse(at.Place, rule, field, detail);
        return null;
    }
}

/// <summary>A line that names goods.</summary>
internal sealed record PosLine(string Place, long Number, PosElement Goods)
{
    public bool IsReturn { get; init; }

    public string? Sku { get; init; }

    public Quantity Quantity { get; init; }

    public bool QuantityIsAssumed { get; set; }

    public string? Uom { get; init; }

    public string? Units { get; init; }

    /// <summary>An entry that takes another line back, rather than a line that was taken back.</summary>
    public bool IsVoidEntry { get; init; }

    /// <summary>The line it takes back, where it names one.</summary>
    public long? Voids { get; init; }

    /// <summary>Why it moves nothing; null where it does.</summary>
    public string? WithoutEffect { get; init; }
}
