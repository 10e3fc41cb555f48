using RetailFlow.Stock.Changes;

namespace RetailFlow.Stock.Ledger;

/// <content>Telling others what has changed.</content>
public sealed partial class StockLedger
{
    private ChangeRing? changes;
    private readonly List<string?> refreshed = [];
    private bool[] isQuiet = [];
    private long toldUpTo;

    /// <summary>The SKUs that there are, in no order; those that come meanwhile may be left out. From any thread.</summary>
    public IEnumerable<string> Skus => keysBySku.Select(entry => entry.Key);

    /// <summary>
    /// From the next <see cref="Publish"/> on, puts every key that it makes visible into a ring. To be called by the thread that applies.
    /// </summary>
    public void TellChanges(ChangeRing ring, long atMicros)
    {
        isQuiet = [.. options.QuietRules.Select(rule => HasGoneQuiet(rule, atMicros))];
        toldUpTo = ring.Head;
        changes = ring;
    }

    /// <summary>
    /// Notes that a source has gone quiet by a moment, or is heard of again: what may be sold where its records come from is another then,
    /// though no entry of the journal says so. The ring is told with <see cref="Publish"/>. To be called by the thread that applies.
    /// </summary>
    public void NoteQuiet(long atMicros)
    {
        for (int i = 0; i < isQuiet.Length; i++)
        {
            QuietRule rule = options.QuietRules[i];
            bool quiet = HasGoneQuiet(rule, atMicros);
            if (quiet == Volatile.Read(ref isQuiet[i]))
            {
                continue;
            }

            Volatile.Write(ref isQuiet[i], quiet);
            if (rule.Locations.Count == 0)
            {
                refreshed.Add(null);
            }

            refreshed.AddRange(rule.Locations);
        }
    }

    /// <summary>
    /// The next moment at which a source that is not noted as quiet will be, if it is not heard of until then; <see cref="long.MaxValue"/> if there
    /// is none. From any thread.
    /// </summary>
    public long NextQuietMicros()
    {
        long next = long.MaxValue;
        for (int i = 0; i < isQuiet.Length; i++)
        {
            QuietRule rule = options.QuietRules[i];
            if (!Volatile.Read(ref isQuiet[i]))
            {
                next = Math.Min(next, seen.GetValueOrDefault(rule.Source, rule.SinceMicros) + rule.QuietAfterMicros + 1);
            }
        }

        return next;
    }

    /// <summary>What else than keys is new, and that there is something new; after readers can see it.</summary>
    private void TellRest()
    {
        if (changes is not { } ring)
        {
            return;
        }

        foreach (string? location in refreshed)
        {
            ring.Add(null, location, Sequence);
        }

        refreshed.Clear();
        if (ring.Head != toldUpTo)
        {
            toldUpTo = ring.Head;
            ring.Added?.Invoke();
        }
    }

    private bool HasGoneQuiet(QuietRule rule, long atMicros) =>
        atMicros - seen.GetValueOrDefault(rule.Source, rule.SinceMicros) > rule.QuietAfterMicros;
}
