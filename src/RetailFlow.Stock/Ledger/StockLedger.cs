using System.Collections.Concurrent;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// How many can be sold, here, now: on hand, holds and orders for a set of SKUs, as a state machine over one sequence of stock
/// records and reservation transitions. One thread at a time decides and applies; the same entries in the same order give the same
/// state. What was applied becomes visible to readers with <see cref="Publish"/>, which is called when it is durable; readers take no
/// lock and see whole groups of entries.
/// </summary>
/// <remarks>
/// The ledger does no I/O and has no clock: moments come with the entries and do not go back. What it cannot decide from what
/// it holds it asks for (<see cref="OpenKeys"/>, <see cref="OpenVoids"/>); the edge looks it up in the lake.
/// </remarks>
public sealed partial class StockLedger
{
    private readonly ConcurrentDictionary<string, StockKey[]> keysBySku = new(StringComparer.Ordinal);
    private readonly StockKeyTable keys = new();
    private readonly ExpectedCommands expected;
    private readonly List<StockKey> dirty = [];
    private readonly IStockPolicy policy;
    private long published;
    private long publishing;
    private long publishedMicros;

    // What was looked for last is looked for again: by a decision, and then by what is done about it.
    private string? lastSku;
    private string? lastLocation;
    private StockKey? lastKey;

    /// <summary>A ledger without any record.</summary>
    /// <param name="policy">The terms on which stock may be sold.</param>
    /// <param name="options">What is remembered for how long.</param>
    public StockLedger(IStockPolicy policy, LedgerOptions? options = null)
    {
        this.policy = policy;
        this.options = options ?? new LedgerOptions();
        book = new ReservationBook(this);
        expected = new ExpectedCommands(book, keys);
    }

    /// <summary>Sequence of the last entry that was applied.</summary>
    public long Sequence { get; private set; }

    /// <summary>Moment of the last entry, microseconds since 1970 UTC; moments before it are taken for it.</summary>
    public long AtMicros { get; private set; }

    /// <summary>Sequence of the last entry that readers see.</summary>
    public long PublishedSequence => Volatile.Read(ref published);

    /// <summary>Moment of the last entry that readers see.</summary>
    public long PublishedMicros => Volatile.Read(ref publishedMicros);

    /// <summary>Keys that the ledger has.</summary>
    public int KeyCount { get; private set; }

    /// <summary>Makes everything that was applied visible to readers, at once.</summary>
    public void Publish()
    {
        // Odd while keys are being replaced: a reader that meets it, or that ends under another number than it began, looks again.
        Volatile.Write(ref publishing, publishing + 1);
        Thread.MemoryBarrier();
        foreach (StockKey key in dirty)
        {
            key.Publish(IsOpen(key));
            key.IsDirty = false;
            changes?.Add(key.Sku, key.Location, Sequence);
        }

        dirty.Clear();
        PublishExpiry();
        Volatile.Write(ref published, Sequence);
        Volatile.Write(ref publishedMicros, AtMicros);
        Volatile.Write(ref publishing, publishing + 1);
        TellRest();
    }

    /// <summary>Sets a key to what Gold has of it, before entries are replayed.</summary>
    /// <param name="sku">SKU.</param>
    /// <param name="location">Location.</param>
    /// <param name="state">On hand.</param>
    /// <param name="sequence">Every entry of the journal up to this one is in it.</param>
    public void Load(string sku, string location, OnHandState state, long sequence)
    {
        StockKey key = KeyOf(sku, location);
        key.Base = state;
        key.BaseSequence = sequence;
        key.Current = state;
        key.Sequence = sequence;
        Touch(key, sequence);
    }

    /// <summary>
    /// Begins with a position of the journal: entries up to it are in what was loaded. An oversell that is there was noted when it
    /// came about.
    /// </summary>
    public void StartAt(long sequence, long atMicros)
    {
        Sequence = sequence;
        AtMicros = Math.Max(AtMicros, atMicros);
        foreach (StockKey key in keysBySku.Values.SelectMany(ofSku => ofSku))
        {
            key.IsOversold = key.Unclaimed < -key.Terms.BackOrderLimit;
        }
    }

    /// <summary>The ledger's own strings for a SKU and a location, so that callers need not keep others; from any thread.</summary>
    public bool TryFindNames(ReadOnlySpan<char> sku, ReadOnlySpan<char> location, out string knownSku, out string knownLocation)
    {
        if (keysBySku.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(sku, out StockKey[]? ofSku))
        {
            int at = Find(ofSku, location);
            if (at >= 0)
            {
                (knownSku, knownLocation) = (ofSku[at].Sku, ofSku[at].Location);
                return true;
            }
        }

        (knownSku, knownLocation) = (string.Empty, string.Empty);
        return false;
    }

    private StockKey KeyOf(string sku, string location)
    {
        if (ReferenceEquals(sku, lastSku) && ReferenceEquals(location, lastLocation))
        {
            return lastKey!;
        }

        StockKey found = keys.Find(sku, location, expected.HashOf(sku, location)) ?? Add(sku, location);
        (lastSku, lastLocation, lastKey) = (sku, location, found);
        return found;
    }

    /// <summary>The number of a key; -1 if there is none.</summary>
    internal int NumberOf(string sku, string location) => FindKey(sku, location)?.Number ?? -1;

    /// <summary>The names of the key with a number.</summary>
    internal (string Sku, string Location) NamesOf(int number) => (keys[number].Sku, keys[number].Location);

    private StockKey Add(string sku, string location)
    {
        StockKey[] ofSku = keysBySku.GetValueOrDefault(sku, []);
        StockKey key = new(sku, location, policy.For(sku, location));
        int at = ~Find(ofSku, location);
        StockKey[] more = new StockKey[ofSku.Length + 1];
        ofSku.AsSpan(0, at).CopyTo(more);
        more[at] = key;
        ofSku.AsSpan(at).CopyTo(more.AsSpan(at + 1));
        keysBySku[sku] = more;
        keys.Add(key);
        KeyCount++;
        return key;
    }

    private StockKey? FindKey(string sku, string location)
    {
        if (ReferenceEquals(sku, lastSku) && (ReferenceEquals(location, lastLocation) || location == lastLocation))
        {
            return lastKey;
        }

        if (keys.Find(sku, location, expected.HashOf(sku, location)) is not { } key)
        {
            return null;
        }

        // Under the key's own name of the location, by which what is granted will ask.
        (lastSku, lastLocation, lastKey) = (sku, key.Location, key);
        return lastKey;
    }

    /// <summary>Index of a location among a SKU's keys, which stand in the order of their locations; the complement of its place if it is not there.</summary>
    private static int Find(StockKey[] ofSku, ReadOnlySpan<char> location)
    {
        int low = 0;
        int high = ofSku.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = ofSku[middle].Location.AsSpan().SequenceCompareTo(location);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    private void Touch(StockKey key, long sequence)
    {
        key.Sequence = Math.Max(key.Sequence, sequence);
        if (!key.IsDirty)
        {
            key.IsDirty = true;
            dirty.Add(key);
        }
    }

    private void Advance(long sequence, long atMicros)
    {
        if (sequence != Sequence + 1)
        {
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"The ledger is at {Sequence}: entries come without gaps.");
        }

        Sequence = sequence;
        AtMicros = Math.Max(AtMicros, atMicros);
    }
}
