using System.Text;

namespace RetailFlow.Node.Simulation;

/// <summary>
/// The simulation's own books. They know what each record was meant to be, so they neither parse nor compare
/// anything, and share nothing with the pipeline whose answers they check.
/// </summary>
internal sealed class SimulatedBooks(RetailCatalog catalog)
{
    private const decimal Unit = 0.00001m;

    private readonly List<Entry> _entries = [];
    private readonly HashSet<long> _voided = [];
    private readonly SortedDictionary<string, long> _rules = new(StringComparer.Ordinal);

    public long Accepted { get; private set; }

    public long Duplicates { get; private set; }

    public long Quarantined { get; private set; }

    public void Enter(DeliveryKind kind, in StockRecordDraft draft, BrokenRecord? broken)
    {
        switch (kind)
        {
            case DeliveryKind.New:
                Accept(in draft);
                break;
            case DeliveryKind.Resend:
                Duplicates++;
                break;
            case DeliveryKind.Conflict:
                SetAside(BrokenRecord.Conflict);
                break;
            case DeliveryKind.VoidOfVoid:
                SetAside(BrokenRecord.VoidOfVoid);
                break;
            case DeliveryKind.Broken:
                SetAside(broken!.Rule);
                break;
            default:
                throw new InvalidOperationException($"unknown delivery {kind}");
        }
    }

    public ExpectedTotals Close(IReadOnlyList<ExpectedFile> files)
    {
        var keys = catalog.Skus.Length * (long)catalog.Locations.Length;
        var seen = new bool[keys];
        var countTime = new long[keys];
        var onHand = new long[keys];
        Array.Fill(countTime, long.MinValue);
        foreach (var entry in _entries)
        {
            seen[entry.Key] = true;
            if (entry.Kind == StockRecordKind.Count && entry.Time >= countTime[entry.Key] && !_voided.Contains(entry.Ordinal))
            {
                countTime[entry.Key] = entry.Time;
                onHand[entry.Key] = entry.Quantity;
            }
        }

        long sold = 0;
        long returned = 0;
        foreach (var entry in _entries)
        {
            if (entry.Kind is StockRecordKind.Count or StockRecordKind.Void || _voided.Contains(entry.Ordinal))
            {
                continue;
            }

            sold += entry.Kind == StockRecordKind.Sale ? entry.Quantity : 0;
            returned += entry.Kind == StockRecordKind.Return ? entry.Quantity : 0;
            if (entry.Time > countTime[entry.Key])
            {
                onHand[entry.Key] += Takes(entry.Kind) ? -entry.Quantity : entry.Quantity;
            }
        }

        var stock = new List<ExpectedStock>();
        for (var key = 0L; key < keys; key++)
        {
            if (seen[key])
            {
                var (sku, location) = Math.DivRem(key, catalog.Locations.Length);
                stock.Add(new ExpectedStock(
                    Encoding.UTF8.GetString(catalog.Skus[sku]), Encoding.UTF8.GetString(catalog.Locations[location]), onHand[key] * Unit));
            }
        }

        stock.Sort((left, right) => string.CompareOrdinal(left.Sku, right.Sku) is var order and not 0 ? order : string.CompareOrdinal(left.Location, right.Location));
        return new ExpectedTotals
        {
            Received = Accepted + Duplicates + Quarantined,
            Accepted = Accepted,
            Duplicates = Duplicates,
            Quarantined = Quarantined,
            QuarantinedByRule = _rules,
            UnitsSold = sold * Unit,
            UnitsReturned = returned * Unit,
            Files = files,
            Stock = stock,
        };
    }

    private static bool Takes(StockRecordKind kind) =>
        kind is StockRecordKind.Sale or StockRecordKind.TransferOut or StockRecordKind.Damage or StockRecordKind.Shrink;

    private void Accept(in StockRecordDraft draft)
    {
        Accepted++;
        if (draft.Kind == StockRecordKind.Void)
        {
            _voided.Add(draft.VoidedOrdinal);
        }

        _entries.Add(new Entry(draft.Ordinal, draft.Sku * (long)catalog.Locations.Length + draft.Location, draft.EventTime, draft.Quantity, draft.Kind));
    }

    private void SetAside(string rule)
    {
        Quarantined++;
        _rules[rule] = _rules.GetValueOrDefault(rule) + 1;
    }

    private readonly record struct Entry(long Ordinal, long Key, long Time, long Quantity, StockRecordKind Kind);
}
