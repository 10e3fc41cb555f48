using RetailFlow.Stock.Counting;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// On hand of one SKU at one location, with just enough beside it to take most records without looking back (stock.md section 2).
/// A record that cannot be decided from these numbers asks for the key's history: a count older than other records, or the void of
/// the governing count.
/// </summary>
/// <param name="OnHand">On hand; may be negative.</param>
/// <param name="LastEventMicros">No effective record has a later event time; <see cref="None"/> if there is no record.</param>
/// <param name="LastCountMicros">Event time of the governing count; <see cref="None"/> if there is none.</param>
/// <param name="CountQuantity">What the governing count counted; null if there is none or it is not known.</param>
public readonly record struct OnHandState(Quantity OnHand, long LastEventMicros, long LastCountMicros, Quantity? CountQuantity)
{
    /// <summary>Stands for a time that there is not.</summary>
    public const long None = long.MinValue;

    /// <summary>A key without any record.</summary>
    public static OnHandState Empty => new(Quantity.Zero, None, None, null);

    /// <summary>Takes the next accepted record that is not a void.</summary>
    /// <returns>False if the history decides; nothing is known then of <paramref name="next"/>.</returns>
    public bool TryApply(StockRecordType type, Quantity quantity, long timeMicros, out OnHandState next)
    {
        next = this with { LastEventMicros = Math.Max(LastEventMicros, timeMicros) };
        if (type != StockRecordType.Count)
        {
            // Strictly later than the count: what happened at its instant was counted.
            if (timeMicros > LastCountMicros || LastCountMicros == None)
            {
                next = next with { OnHand = OnHand + StockEffect.Of(type, quantity) };
            }

            return true;
        }

        if (LastCountMicros != None && timeMicros < LastCountMicros)
        {
            return true;
        }

        if (timeMicros >= LastEventMicros)
        {
            next = new OnHandState(quantity, timeMicros, timeMicros, quantity);
            return true;
        }

        // Of two counts at one instant the later accepted one governs, over the same records after it.
        if (timeMicros == LastCountMicros && CountQuantity is { } counted)
        {
            next = next with { OnHand = OnHand - counted + quantity, CountQuantity = quantity };
            return true;
        }

        return false;
    }

    /// <summary>Takes back an accepted record that is not a void.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="quantity">Its quantity.</param>
    /// <param name="timeMicros">Its event time.</param>
    /// <param name="next">The state without it. The last event time stays: the void is an event of the key too.</param>
    /// <returns>False if the history decides.</returns>
    public bool TryRetract(StockRecordType type, Quantity quantity, long timeMicros, out OnHandState next)
    {
        next = this;
        if (type == StockRecordType.Count)
        {
            // An older count, or an overruled one, has no part in the number.
            return LastCountMicros != None && timeMicros < LastCountMicros;
        }

        if (LastCountMicros == None || timeMicros > LastCountMicros)
        {
            next = this with { OnHand = OnHand - StockEffect.Of(type, quantity) };
        }

        return true;
    }
}
