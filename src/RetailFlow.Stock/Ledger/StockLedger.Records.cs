using System.Runtime.InteropServices;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Stock records: on hand, voids, and what the lake must be asked for.</content>
public sealed partial class StockLedger
{
    private readonly Dictionary<UInt128, StockKey> tail = [];

    // Records of the base that a void in some tail takes back: a second void of one has no effect.
    private readonly Dictionary<UInt128, StockKey> retracted = [];
    private readonly HashSet<UInt128> pendingVoids = [];
    private readonly List<OpenVoid> openVoids = [];
    private readonly HashSet<StockKey> openKeys = [];
    private readonly HashSet<StockKey> tailed = [];

    /// <summary>Keys whose number is not known before <see cref="Resolve(KeyHistory, string, string)"/>.</summary>
    public IEnumerable<OpenKey> OpenKeys => openKeys.Select(key => new OpenKey(key.Sku, key.Location));

    /// <summary>Voids whose record is to be looked up in the lake.</summary>
    public IReadOnlyList<OpenVoid> OpenVoids => openVoids;

    /// <summary>Whether every number is known.</summary>
    public bool IsResolved => openKeys.Count == 0 && openVoids.Count == 0;

    // Asked for every line of a hold, and mostly none is.
    private bool IsOpen(StockKey key) => openKeys.Count > 0 && openKeys.Contains(key);

    /// <summary>Remembers that the lake has a void whose record has not come.</summary>
    public void LoadPendingVoid(UInt128 target) => pendingVoids.Add(target);

    /// <summary>Takes the next entry of the journal, which changes nothing here: a duplicate, or a record that was set aside.</summary>
    public void Pass(long sequence, long atMicros) => Advance(sequence, atMicros);

    /// <summary>Takes the next entry of the journal, an accepted stock record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="atMicros">Moment of its receipt.</param>
    public void Apply(in LedgerRecord record, long sequence, long atMicros)
    {
        Advance(sequence, atMicros);
        Settle(record.Fingerprint);
        if (record.Type == StockRecordType.Void)
        {
            ApplyVoid(in record, sequence);
            return;
        }

        StockKey key = KeyOf(record.Sku, record.Location);
        UInt128 fingerprint = record.Fingerprint;
        bool bornVoided = pendingVoids.Remove(fingerprint) | openVoids.RemoveAll(open => open.Target == fingerprint) > 0;
        AddToTail(key, new TailEntry(sequence, record.Fingerprint, new HistoryEntry(record.Type, record.Quantity, record.TimeMicros, false), bornVoided ? sequence : 0, false));
        if (bornVoided || openKeys.Contains(key))
        {
            key.Current = key.Current with { LastEventMicros = Math.Max(key.Current.LastEventMicros, record.TimeMicros) };
        }
        else if (key.Current.TryApply(record.Type, record.Quantity, record.TimeMicros, out OnHandState next))
        {
            key.Current = next;
        }
        else
        {
            Recompute(key);
        }

        Touch(key, sequence);
        if (record.Type == StockRecordType.Sale && !bornVoided && record.Reference is { } reference)
        {
            AskToConsume(reference, key, record.Quantity);
        }

        Watch(key);
    }

    /// <summary>Answers an open void from the lake: its record, or that the lake has none.</summary>
    /// <param name="open">The void.</param>
    /// <param name="record">The record; null if there is none, which then may still come.</param>
    public void Resolve(OpenVoid open, VoidedRecord? record)
    {
        if (!openVoids.Remove(open) || TryVoidKnown(open.Target, open.TimeMicros, open.Sequence))
        {
            return;
        }

        if (record is not { } found)
        {
            pendingVoids.Add(open.Target);
            return;
        }

        StockKey key = KeyOf(found.Sku, found.Location);
        if (!found.Entry.Retracted)
        {
            AddToTail(key, new TailEntry(open.Sequence, open.Target, found.Entry, 0, RetractsBase: true));
            Retract(key, found.Entry);
        }

        Heed(key, open.TimeMicros, open.Sequence);
    }

    /// <summary>Gives an open key its history.</summary>
    /// <param name="history">Every record up to a sequence from which on the ledger remembers the key's records.</param>
    /// <param name="sku">SKU.</param>
    /// <param name="location">Location.</param>
    /// <returns>False if the ledger no longer remembers what came after the history: a newer one is needed.</returns>
    public bool Resolve(KeyHistory history, string sku, string location)
    {
        StockKey? key = FindKey(sku, location);
        if (key is null || !openKeys.Contains(key))
        {
            return true;
        }

        if (history.Sequence < key.BaseSequence)
        {
            return false;
        }

        key.Current = WithHistory(key, history);
        openKeys.Remove(key);
        Touch(key, Sequence);
        Watch(key);
        return true;
    }

    /// <summary>
    /// Replaces what a key is based on by a newer row of Gold. Records after it stay and are applied to it again.
    /// </summary>
    /// <param name="sku">SKU.</param>
    /// <param name="location">Location.</param>
    /// <param name="state">The row.</param>
    /// <param name="sequence">Every entry up to this one is in it.</param>
    /// <returns>
    /// What the ledger itself had at that sequence; null if it cannot tell. Where no other door wrote to the key it must be the row (I4).
    /// </returns>
    public OnHandState? Rebase(string sku, string location, OnHandState state, long sequence)
    {
        StockKey key = KeyOf(sku, location);
        if (sequence < key.BaseSequence)
        {
            return null;
        }

        OnHandState? own = openKeys.Contains(key) ? null : Replay(key.Base, key.Tail, sequence);
        Forget(key, sequence);
        key.Base = state;
        key.BaseSequence = sequence;
        OnHandState before = key.Current;
        bool wasOpen = openKeys.Remove(key);
        Recompute(key);
        if (wasOpen || key.Current != before || openKeys.Contains(key))
        {
            Touch(key, Sequence);
            Watch(key);
        }

        return own;
    }

    /// <summary>Tells that the lake contains every entry up to a sequence and that Gold's rows of all keys that had one since are rebased.</summary>
    public void ForgetUpTo(long sequence)
    {
        // The lake has these voids: what they do is in the rows, or they wait for their record.
        foreach (OpenVoid open in openVoids.FindAll(open => open.Sequence <= sequence))
        {
            openVoids.Remove(open);
            pendingVoids.Add(open.Target);
        }

        foreach (StockKey key in tailed.ToList())
        {
            if (key.Tail![0].Sequence <= sequence && Replay(key.Base, key.Tail, sequence) is { } state && !openKeys.Contains(key))
            {
                Forget(key, sequence);
                key.Base = state;
                key.BaseSequence = sequence;
            }
        }
    }

    private void ApplyVoid(in LedgerRecord record, long sequence)
    {
        if (!TryVoidKnown(record.VoidTarget, record.TimeMicros, sequence))
        {
            openVoids.Add(new OpenVoid(record.VoidTarget, record.TimeMicros, sequence, record.VoidTargetName));
        }
    }

    /// <summary>Takes back a record that is in a tail, or has been taken back; false if the ledger does not remember it.</summary>
    private bool TryVoidKnown(UInt128 target, long timeMicros, long sequence)
    {
        if (retracted.TryGetValue(target, out StockKey? key))
        {
            Heed(key, timeMicros, sequence);
            return true;
        }

        if (!tail.TryGetValue(target, out key))
        {
            return false;
        }

        foreach (ref TailEntry entry in CollectionsMarshal.AsSpan(key.Tail!))
        {
            if (entry.Fingerprint == target && !entry.RetractsBase && entry.RetractedAt == 0)
            {
                entry = entry with { RetractedAt = sequence };
                Retract(key, entry.Entry);
            }
        }

        Heed(key, timeMicros, sequence);
        return true;
    }

    /// <summary>Notes a void as an event of the key.</summary>
    private void Heed(StockKey key, long timeMicros, long sequence)
    {
        key.Current = key.Current with { LastEventMicros = Math.Max(key.Current.LastEventMicros, timeMicros) };
        Touch(key, sequence);
        Watch(key);
    }

    private void Retract(StockKey key, HistoryEntry entry)
    {
        if (openKeys.Contains(key))
        {
            return;
        }

        if (key.Current.TryRetract(entry.Type, entry.Quantity, entry.TimeMicros, out OnHandState next))
        {
            key.Current = next;
        }
        else
        {
            Recompute(key);
        }
    }

    /// <summary>From the base and what came after it; opens the key if that does not tell.</summary>
    private void Recompute(StockKey key)
    {
        long last = key.Current.LastEventMicros;
        if (Replay(key.Base, key.Tail, long.MaxValue) is { } state)
        {
            key.Current = state with { LastEventMicros = Math.Max(state.LastEventMicros, last) };
        }
        else
        {
            openKeys.Add(key);
        }
    }

    private static OnHandState? Replay(OnHandState state, List<TailEntry>? entries, long upTo)
    {
        foreach (TailEntry entry in entries ?? [])
        {
            if (entry.Sequence > upTo)
            {
                break;
            }

            HistoryEntry record = entry.Entry;
            if (entry.RetractsBase)
            {
                if (!state.TryRetract(record.Type, record.Quantity, record.TimeMicros, out state))
                {
                    return null;
                }
            }
            else if (entry.IsRetracted(upTo))
            {
                state = state with { LastEventMicros = Math.Max(state.LastEventMicros, record.TimeMicros) };
            }
            else if (!state.TryApply(record.Type, record.Quantity, record.TimeMicros, out state))
            {
                return null;
            }
        }

        return state;
    }

    private static OnHandState WithHistory(StockKey key, KeyHistory history)
    {
        List<HistoryEntry> all = [.. history.Entries];
        foreach (TailEntry entry in key.Tail ?? [])
        {
            bool isThere = entry.Sequence <= history.Sequence;
            if (!isThere && !entry.RetractsBase)
            {
                all.Add(entry.Entry with { Retracted = entry.RetractedAt != 0 });
            }
            else if (entry.RetractsBase ? !isThere : entry.RetractedAt > history.Sequence)
            {
                // Records that say the same are alike to the number: any one of them may be the one that is taken back.
                int at = all.IndexOf(entry.Entry);
                if (at >= 0)
                {
                    all[at] = all[at] with { Retracted = true };
                }
            }
        }

        return KeyHistory.Evaluate(all, Math.Max(history.LastEventMicros, key.Current.LastEventMicros));
    }

    private void AddToTail(StockKey key, TailEntry entry)
    {
        List<TailEntry> entries = key.Tail ??= [];

        // A void that had to be looked up comes after records with later sequences.
        int at = entries.Count;
        while (at > 0 && entries[at - 1].Sequence > entry.Sequence)
        {
            at--;
        }

        entries.Insert(at, entry);
        tailed.Add(key);
        (entry.RetractsBase ? retracted : tail)[entry.Fingerprint] = key;
    }

    private void Forget(StockKey key, long upTo)
    {
        if (key.Tail is not { } entries)
        {
            return;
        }

        int gone = 0;
        List<TailEntry>? voids = null;
        while (gone < entries.Count && entries[gone].Sequence <= upTo)
        {
            TailEntry entry = entries[gone++];
            (entry.RetractsBase ? retracted : tail).Remove(entry.Fingerprint);
            if (entry.RetractedAt > upTo)
            {
                (voids ??= []).Add(new TailEntry(entry.RetractedAt, entry.Fingerprint, entry.Entry, 0, RetractsBase: true));
            }
        }

        entries.RemoveRange(0, gone);
        voids?.ForEach(entry => AddToTail(key, entry));
        if (entries.Count == 0)
        {
            key.Tail = null;
            tailed.Remove(key);
        }
    }
}
