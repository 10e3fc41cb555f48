using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// One SKU at one location. The writer has the state that decisions are made on; readers have <see cref="TryGetLevel"/>, which is what
/// is durable of it.
/// </summary>
internal sealed class StockKey(string sku, string location, StockTerms terms)
{
    private StockLevel level;
    private bool hasLevel;

    public string Sku { get; } = sku;

    public string Location { get; } = location;

    /// <summary>Its number in the ledger's table.</summary>
    public int Number { get; set; }

    public StockTerms Terms { get; set; } = terms;

    /// <summary>What Gold had at <see cref="BaseSequence"/>; the tail goes on from there.</summary>
    public OnHandState Base { get; set; } = OnHandState.Empty;

    /// <summary>Every entry of the journal up to this one is in <see cref="Base"/>.</summary>
    public long BaseSequence { get; set; }

    /// <summary>Entries of the journal that the base does not contain, in their order; null while there are none.</summary>
    public List<TailEntry>? Tail { get; set; }

    public OnHandState Current { get; set; } = OnHandState.Empty;

    public Quantity Held { get; set; }

    public Quantity Committed { get; set; }

    /// <summary>Claims by channel; kept only where quantities are ring-fenced.</summary>
    public Dictionary<string, Quantity>? Claims { get; set; }

    /// <summary>The newest of the reservations that claim something of the key, and some that no longer do; 0 if there is none.</summary>
    public int NewestClaimant { get; set; }

    /// <summary>How many there are in that list.</summary>
    public int ListedClaimants { get; set; }

    /// <summary>How many of them claim something.</summary>
    public int ClaimCount { get; set; }

    public long Sequence { get; set; }

    public bool IsDirty { get; set; }

    /// <summary>Whether it waits to be looked at for an oversell.</summary>
    public bool IsWatched { get; set; }

    /// <summary>Whether claims are beyond what there is; an incident is open as long as they are.</summary>
    public bool IsOversold { get; set; }

    /// <summary>What readers see; false as long as nothing of the key is durable. Whole only if nothing was published meanwhile.</summary>
    public bool TryGetLevel(out StockLevel known)
    {
        known = level;
        return hasLevel;
    }

    public Quantity Unclaimed => Current.OnHand - Held - Committed;

    /// <summary>What a channel may still claim; may be negative.</summary>
    public Quantity AvailableTo(string? channel, Quantity extraBuffer) =>
        Availability.Of(Unclaimed, Terms, channel, Claims, extraBuffer);

    public void Publish(bool isOpen)
    {
        level = new StockLevel(Current.OnHand, Held, Committed, Current.LastEventMicros, Current.LastCountMicros, Sequence)
        {
            IsOpen = isOpen,
            Claims = Claims is null ? null : new Dictionary<string, Quantity>(Claims, StringComparer.Ordinal),
        };
        hasLevel = true;
    }
}

/// <summary>A record of a key that came after what the key's base contains.</summary>
/// <param name="Sequence">Its place in the journal.</param>
/// <param name="Fingerprint">Its identity.</param>
/// <param name="Entry">What it says.</param>
/// <param name="RetractedAt">Sequence of the void that takes it back; 0 while there is none.</param>
/// <param name="RetractsBase">Set for a void of a record in the base: <paramref name="Entry"/> is that record.</param>
internal readonly record struct TailEntry(long Sequence, UInt128 Fingerprint, HistoryEntry Entry, long RetractedAt, bool RetractsBase)
{
    /// <summary>Whether it is taken back, as far as entries up to a sequence tell.</summary>
    public bool IsRetracted(long upTo) => RetractedAt != 0 && RetractedAt <= upTo;
}
