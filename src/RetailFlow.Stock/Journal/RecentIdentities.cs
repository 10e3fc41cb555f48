namespace RetailFlow.Stock.Journal;

/// <summary>What is known of an identity.</summary>
public enum IdentityMatch : byte
{
    /// <summary>Not seen, or so long ago that it is forgotten.</summary>
    Unknown,

    /// <summary>Seen with the same content.</summary>
    Duplicate,

    /// <summary>Seen with other content.</summary>
    Conflict,
}

/// <summary>
/// The identities that came in last, to answer retries at the door: 128 bits of identity, 64 of content, and the sequence, 32 bytes
/// each. Bounded: two generations are held, and when the younger is full the older is forgotten. What is forgotten is still found
/// by the lake, which compares exactly. For one thread at a time.
/// </summary>
public sealed class RecentIdentities
{
    private Entry[] young;
    private Entry[] old;
    private readonly int mostPerGeneration;
    private readonly int shift;

    /// <summary>Room for at least <paramref name="identities"/> and at most about twice as many.</summary>
    public RecentIdentities(int identities)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(identities, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(identities, 1 << 28);
        int slots = 16;
        while (slots < identities + (identities / 3) + 1)
        {
            slots *= 2;
        }

        mostPerGeneration = identities;
        shift = 64 - int.Log2(slots);
        young = new Entry[slots];
        old = new Entry[slots];
    }

    /// <summary>Identities in the younger generation.</summary>
    public int YoungCount { get; private set; }

    /// <summary>Looks an identity up.</summary>
    /// <param name="identity">See <see cref="Records.RecordIdentity.Fingerprint"/>.</param>
    /// <param name="contentHash">The content it comes with.</param>
    /// <param name="sequence">The sequence with which it was remembered, 0 if unknown.</param>
    public IdentityMatch Find(UInt128 identity, long contentHash, out long sequence)
    {
        ref Entry entry = ref Slot(young, identity);
        if (entry.Sequence == 0)
        {
            entry = ref Slot(old, identity);
        }

        sequence = entry.Sequence;
        return sequence == 0 ? IdentityMatch.Unknown
            : entry.ContentHash == contentHash ? IdentityMatch.Duplicate : IdentityMatch.Conflict;
    }

    /// <summary>
    /// Looks an identity up and remembers it if it is unknown. One that is found keeps its first content and sequence.
    /// </summary>
    /// <param name="identity">See <see cref="Records.RecordIdentity.Fingerprint"/>.</param>
    /// <param name="contentHash">The content it comes with.</param>
    /// <param name="sequence">The record's own sequence, above 0; replaced by the remembered one if there is one.</param>
    public IdentityMatch Admit(UInt128 identity, long contentHash, ref long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        IdentityMatch match = Find(identity, contentHash, out long remembered);
        if (match != IdentityMatch.Unknown)
        {
            sequence = remembered;
            return match;
        }

        if (YoungCount == mostPerGeneration)
        {
            (young, old) = (old, young);
            Array.Clear(young);
            YoungCount = 0;
        }

        Slot(young, identity) = new Entry(identity, contentHash, sequence);
        YoungCount++;
        return IdentityMatch.Unknown;
    }

    /// <summary>The entry of the identity, or the empty one where it belongs. A generation is never full, so there is one.</summary>
    private ref Entry Slot(Entry[] entries, UInt128 identity)
    {
        ulong low = unchecked((ulong)identity);
        ulong high = (ulong)(identity >> 64);
        int mask = entries.Length - 1;
        int at = (int)(low >> shift);
        while (entries[at].Sequence != 0 && (entries[at].Low != low || entries[at].High != high))
        {
            at = (at + 1) & mask;
        }

        return ref entries[at];
    }

    private readonly struct Entry(UInt128 identity, long contentHash, long sequence)
    {
        public ulong Low { get; } = unchecked((ulong)identity);

        public ulong High { get; } = (ulong)(identity >> 64);

        public long ContentHash { get; } = contentHash;

        public long Sequence { get; } = sequence;
    }
}
