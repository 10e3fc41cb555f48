using RetailFlow.Stock.Counting;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>One accepted record of a key that is not a void, in the order of acceptance.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Quantity">Its quantity.</param>
/// <param name="TimeMicros">Its event time.</param>
/// <param name="Retracted">Whether an accepted void takes it back.</param>
public readonly record struct HistoryEntry(StockRecordType Type, Quantity Quantity, long TimeMicros, bool Retracted);

/// <summary>
/// Every accepted record of a key, as the lake has them, up to a sequence of the journal: what a record that cannot be decided from
/// <see cref="OnHandState"/> is decided by.
/// </summary>
/// <param name="Sequence">Every journal record up to this one that is of the key is among the entries.</param>
/// <param name="Entries">In the order of acceptance.</param>
/// <param name="LastEventMicros">Latest event time, those of voids included; <see cref="OnHandState.None"/> if there is none.</param>
public sealed record KeyHistory(long Sequence, IReadOnlyList<HistoryEntry> Entries, long LastEventMicros)
{
    /// <summary>On hand over entries in the order of acceptance, by the definition and in one pass after the governing count is found.</summary>
    internal static OnHandState Evaluate(IEnumerable<HistoryEntry> entries, long lastEventMicros)
    {
        List<HistoryEntry> effective = [.. entries.Where(entry => !entry.Retracted)];
        HistoryEntry? count = null;
        foreach (HistoryEntry entry in effective)
        {
            if (entry.Type == StockRecordType.Count && (count is null || entry.TimeMicros >= count.Value.TimeMicros))
            {
                count = entry;
            }
        }

        Quantity onHand = count?.Quantity ?? Quantity.Zero;
        foreach (HistoryEntry entry in effective)
        {
            if (count is null || entry.TimeMicros > count.Value.TimeMicros)
            {
                onHand += StockEffect.Of(entry.Type, entry.Quantity);
            }
        }

        long last = effective.Aggregate(lastEventMicros, (latest, entry) => Math.Max(latest, entry.TimeMicros));
        return new OnHandState(onHand, last, count?.TimeMicros ?? OnHandState.None, count?.Quantity);
    }
}
