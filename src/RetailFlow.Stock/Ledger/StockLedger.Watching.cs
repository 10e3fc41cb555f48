using System.Collections.Concurrent;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Oversells that came about elsewhere, and sources that have gone quiet.</content>
public sealed partial class StockLedger
{
    private readonly Queue<StockKey> watched = new();
    private readonly ConcurrentDictionary<string, long> seen = new(StringComparer.Ordinal);

    /// <summary>Notes that a source was heard of.</summary>
    public void Heard(string source, long atMicros)
    {
        if (options.QuietRules.Any(rule => rule.Source == source))
        {
            seen[source] = Math.Max(seen.GetValueOrDefault(source, long.MinValue), atMicros);
            NoteQuiet(atMicros);
        }
    }

    /// <summary>
    /// An oversell that came to light since the last call, to be written and handed to <see cref="Apply(OversellIncident, long, long)"/>; false
    /// if there is none. To be asked when every sale has been consumed (<see cref="TryConsume"/>): until then goods may count as sold and
    /// as claimed.
    /// </summary>
    public bool TryFindIncident(long atMicros, out OversellIncident incident)
    {
        while (watched.TryDequeue(out StockKey? key))
        {
            key.IsWatched = false;
            if (IsOpen(key))
            {
                continue;
            }

            bool oversold = key.Unclaimed < -key.Terms.BackOrderLimit;
            if (oversold && !key.IsOversold)
            {
                incident = new OversellIncident(
                    key.Sku, key.Location, key.Sequence, Math.Max(atMicros, AtMicros), key.Current.OnHand, key.Held, key.Committed, [.. ClaimsOn(key).Select(claim => claim.Id)]);
                return true;
            }

            key.IsOversold = oversold;
        }

        incident = null!;
        return false;
    }

    /// <summary>Takes the next entry of the journal, an incident: it is open until the key has enough again.</summary>
    public void Apply(OversellIncident incident, long sequence, long atMicros)
    {
        Advance(sequence, atMicros);
        KeyOf(incident.Sku, incident.Location).IsOversold = true;
    }

    /// <summary>Looks at a key when the batch is through.</summary>
    private void Watch(StockKey key)
    {
        if (!key.IsWatched)
        {
            key.IsWatched = true;
            watched.Enqueue(key);
        }
    }

    /// <summary>The sources of a location's records that are quiet at a moment; from any thread.</summary>
    public IEnumerable<QuietRule> QuietAt(string location, long atMicros) => options.QuietRules.Where(rule => IsQuiet(rule, location, atMicros));

    /// <summary>What is kept back at a location while a source of its records is quiet; from any thread.</summary>
    public Quantity ExtraBuffer(string location, long atMicros)
    {
        Quantity buffer = Quantity.Zero;
        if (options.QuietRules is QuietRule[] { Length: 0 })
        {
            // As nearly everywhere: this is asked for every line of a hold.
            return buffer;
        }

        foreach (QuietRule rule in options.QuietRules)
        {
            if (IsQuiet(rule, location, atMicros))
            {
                buffer += rule.Buffer;
            }
        }

        return buffer;
    }

    private bool IsQuiet(QuietRule rule, string location, long atMicros) =>
        (rule.Locations.Count == 0 || rule.Locations.Contains(location))
        && HasGoneQuiet(rule, atMicros);
}
