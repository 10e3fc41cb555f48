using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Counting;

/// <summary>What is on hand, and how fresh that is.</summary>
/// <param name="Quantity">On hand; may be negative.</param>
/// <param name="Records">Effective records that were looked at: in time and not voided.</param>
/// <param name="LastEventTimeMicros">Latest event time among them, null if there is none.</param>
/// <param name="LastCountTimeMicros">Event time of the governing count, null if there is none.</param>
public readonly record struct OnHand(Quantity Quantity, int Records, long? LastEventTimeMicros, long? LastCountTimeMicros);

/// <summary>
/// Every accepted record of one SKU at one location that is not a void, and on hand at any time by stock.md section 2. A reference:
/// each answer goes through all records.
/// </summary>
public sealed class StockKeyHistory
{
    private readonly List<Entry> entries = [];

    /// <summary>Adds the next record in accepted order and returns its place, by which it can be voided.</summary>
    public int Add(StockRecordType type, Quantity quantity, long eventTimeMicros, bool voided)
    {
        if (type == StockRecordType.Void)
        {
            throw new ArgumentException("A void is not part of a history: it takes a part of it away.", nameof(type));
        }

        entries.Add(new Entry(type, quantity, eventTimeMicros, voided));
        return entries.Count - 1;
    }

    /// <summary>Takes the record at <paramref name="place"/> back; a second time changes nothing.</summary>
    public void Void(int place) => entries[place] = entries[place] with { Voided = true };

    /// <summary>On hand at <paramref name="asOfMicros"/>, from the records that happened up to and including then.</summary>
    public OnHand At(long asOfMicros = long.MaxValue)
    {
        Entry? count = null;
        int records = 0;
        long? last = null;
        foreach (Entry entry in entries)
        {
            if (!entry.CountsAt(asOfMicros))
            {
                continue;
            }

            records++;
            last = last is { } latest ? Math.Max(latest, entry.EventTimeMicros) : entry.EventTimeMicros;

            // Of two counts at one instant the later accepted one governs.
            if (entry.Type == StockRecordType.Count && (count is null || entry.EventTimeMicros >= count.Value.EventTimeMicros))
            {
                count = entry;
            }
        }

        Quantity onHand = count?.Quantity ?? Quantity.Zero;
        foreach (Entry entry in entries)
        {
            // Strictly later: what happened at the instant of the count was counted.
            if (entry.CountsAt(asOfMicros) && (count is null || entry.EventTimeMicros > count.Value.EventTimeMicros))
            {
                onHand += StockEffect.Of(entry.Type, entry.Quantity);
            }
        }

        return new OnHand(onHand, records, last, count?.EventTimeMicros);
    }

    private readonly record struct Entry(StockRecordType Type, Quantity Quantity, long EventTimeMicros, bool Voided)
    {
        public bool CountsAt(long asOfMicros) => !Voided && EventTimeMicros <= asOfMicros;
    }
}
