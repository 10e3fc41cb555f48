using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>What is known of one SKU at one location.</summary>
/// <param name="OnHand">On hand; may be negative.</param>
/// <param name="Held">In baskets and checkouts.</param>
/// <param name="Committed">Ordered and not yet gone.</param>
/// <param name="LastEventMicros">Latest event time, microseconds since 1970 UTC; <see cref="OnHandState.None"/> if there is none.</param>
/// <param name="LastCountMicros">Event time of the governing count; <see cref="OnHandState.None"/> if there is none.</param>
/// <param name="Sequence">Sequence of the last entry of the journal that changed it.</param>
public readonly record struct StockLevel(Quantity OnHand, Quantity Held, Quantity Committed, long LastEventMicros, long LastCountMicros, long Sequence)
{
    /// <summary>A key without any record.</summary>
    public static StockLevel Empty { get; } = new(Quantity.Zero, Quantity.Zero, Quantity.Zero, OnHandState.None, OnHandState.None, 0);

    /// <summary>Whether the numbers are not known before the lake was asked for the key's history: they are those of before, then.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Claims by channel where quantities are ring-fenced; null elsewhere.</summary>
    public IReadOnlyDictionary<string, Quantity>? Claims { get; init; }

    /// <summary>On hand that nobody has a claim on, before safety stock and buffers.</summary>
    public Quantity Unclaimed => OnHand - Held - Committed;
}
