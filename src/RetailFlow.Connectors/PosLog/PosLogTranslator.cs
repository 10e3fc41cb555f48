using System.Globalization;
using System.Xml;
using RetailFlow.Stock.Records;

namespace RetailFlow.Connectors.PosLog;

/// <summary>How POSLog documents are read.</summary>
/// <param name="Source">Source of the records.</param>
/// <param name="Zone">Zone of times without an offset; null refuses them.</param>
public sealed record PosLogOptions(string Source, LocalZone? Zone);

/// <summary>
/// ARTS POSLog XML: sold and returned lines of retail transactions become sales and returns. One transaction is held at a time. No DTD,
/// no entities of the document's own, no address is followed.
/// </summary>
public static class PosLogTranslator
{
    private const string Root = "POSLog";
    private const string Transaction = "Transaction";

    /// <summary>Translates a document.</summary>
    /// <param name="xml">The document.</param>
    /// <param name="options">Source and zone.</param>
    public static Translation Translate(Stream xml, PosLogOptions options)
    {
        var limits = PosLimits.Default;
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = limits.MaxCharacters,
            MaxCharactersFromEntities = 1024,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            CloseInput = false,
        };
        var outcomes = new OutcomeList();
        try
        {
            using var reader = XmlReader.Create(xml, settings);
            if (reader.MoveToContent() != XmlNodeType.Element || reader.LocalName != Root)
            {
                return OutcomeList.Unreadable("/", ConnectorRule.MalformedDocument, $"The document's element is '{reader.LocalName}', not {Root}.");
            }

            var space = reader.NamespaceURI;
            var number = 0;
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element && reader.Depth > limits.MaxDepth)
                {
                    throw new XmlException($"Elements are nested deeper than {limits.MaxDepth}.");
                }

                if (reader.NodeType == XmlNodeType.Element && reader.LocalName == Transaction && reader.NamespaceURI == space)
                {
                    number++;
                    var path = $"/{Root}/{Transaction}[{number.ToString(CultureInfo.InvariantCulture)}]";
                    PosTransaction.Translate(PosElement.Read(reader, path, limits), options, outcomes);
                }
            }
        }
        catch (XmlException broken)
        {
            var place = $"line {broken.LineNumber}, position {broken.LinePosition}";
            return OutcomeList.Unreadable(place, ConnectorRule.MalformedXml, broken.Message);
        }

        return outcomes.ToTranslation();
    }
}

/// <summary>One transaction of a till.</summary>
internal static class PosTransaction
{
    private static readonly HashSet<string> s_complete = new(StringComparer.OrdinalIgnoreCase)
    {
        "Completed", "Complete", "Delivered", "Finished", "Tendered", "Normal",
    };

    private static readonly HashSet<string> s_incomplete = new(StringComparer.OrdinalIgnoreCase)
    {
        "Aborted", "Canceled", "Cancelled", "Failed", "InProcess", "PostVoided", "Resumed", "Retrieved", "Suspended",
        "SuspendedDeleted", "SuspendedRetrieved", "Totaled", "Training", "Void", "Voided",
    };

    private static readonly string[] s_withoutStock =
    [
        "ControlTransaction", "TenderControlTransaction", "BusinessEOD", "CustomerAccountTransaction", "FuelTransaction", "PaymentTransaction",
    ];

    private static readonly string[] s_times = ["EndDateTime", "ReceiptDateTime", "BeginDateTime", "POSLogDateTime"];

    public static void Translate(PosElement transaction, PosLogOptions options, OutcomeList outcomes)
    {
        if (transaction.Child("InventoryControlTransaction") is { } inventory)
        {
            outcomes.Refuse(inventory.Place, ConnectorRule.NotSupported, inventory.Name, "InventoryControlTransaction moves stock and is not read.");
            return;
        }

        if (transaction.Child("RetailTransaction") is not { } retail)
        {
            var kind = transaction.Children.Find(c => s_withoutStock.Contains(c.Name))?.Name;
            outcomes.WithoutEffect(transaction.Place, kind is null ? "no retail transaction" : $"{kind} moves no stock");
            return;
        }

        if (Incomplete(transaction, retail, outcomes, out var reason))
        {
            if (reason is not null)
            {
                outcomes.WithoutEffect(transaction.Place, reason);
            }

            return;
        }

        if (Header(transaction, retail, options, outcomes) is { } receipt)
        {
            new PosReceipt(receipt, retail, outcomes).Translate();
        }
    }

    /// <summary>Whether the transaction is none that moved stock; a status that is not known is refused.</summary>
    private static bool Incomplete(PosElement transaction, PosElement retail, OutcomeList outcomes, out string? reason)
    {
        reason = null;
        foreach (var element in new[] { transaction, retail })
        {
            reason = element.Flag("TrainingModeFlag") || element.Value("TrainingModeFlag") is "true" or "1" ? "rung in training mode"
                : element.Flag("CancelFlag") || element.Value("CancelFlag") is "true" or "1" ? "cancelled"
                : element.Flag("VoidFlag") ? "voided"
                : element.Flag("SuspendFlag") ? "suspended"
                : null;
            var status = element.Attribute("TransactionStatus") ?? element.Value("TransactionStatus");
            if (reason is null && status is not null)
            {
                status = status[(status.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
                if (!s_complete.Contains(status) && !s_incomplete.Contains(status))
                {
                    outcomes.Refuse(element.Place, ConnectorRule.UnknownValue, "TransactionStatus", $"TransactionStatus '{status}' is not known, so whether goods moved is not.");
                    return true;
                }

                reason = s_incomplete.Contains(status) ? $"status {status}" : null;
            }

            if (reason is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static ReceiptHeader? Header(PosElement transaction, PosElement retail, PosLogOptions options, OutcomeList outcomes)
    {
        string? Required(string field)
        {
            var value = transaction.Value(field);
            if (value is null)
            {
                outcomes.Refuse(transaction.Place, RecordRule.MissingField, field, $"{field} is missing.");
            }

            return value;
        }

        var store = transaction.Value("RetailStoreID") ?? transaction.Child("BusinessUnit")?.Value("UnitID") ?? Required("RetailStoreID");
        var till = Required("WorkstationID");
        var sequence = Required("SequenceNumber");
        var written = s_times.Select(t => transaction.Value(t) ?? retail.Value(t)).FirstOrDefault(t => t is not null);
        if (written is null)
        {
            outcomes.Refuse(transaction.Place, RecordRule.MissingField, "EndDateTime", "None of EndDateTime, ReceiptDateTime and BeginDateTime is there.");
        }

        if (store is null || till is null || sequence is null || written is null)
        {
            return null;
        }

        var time = LocalZone.WithOffset(written, options.Zone);
        if (time is null)
        {
            outcomes.Refuse(transaction.Place, RecordRule.EventTimeWithoutOffset, "EndDateTime", $"'{written}' has no offset from UTC, and no zone is set for the stores.");
            return null;
        }

        var day = transaction.Value("BusinessDayDate") ?? written[..Math.Min(10, written.Length)];
        return new ReceiptHeader(options.Source, store, till, sequence, day, time);
    }
}

/// <summary>What all lines of a receipt share.</summary>
internal sealed record ReceiptHeader(string Source, string Store, string Till, string Sequence, string BusinessDay, string Time)
{
    /// <summary>A till's sequence begins anew, so the day belongs to it.</summary>
    public string EventId { get; } = StockFields.Fit($"{Store}:{Till}:{BusinessDay}:{Sequence}");
}
