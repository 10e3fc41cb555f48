namespace RetailFlow.Stock.Identities;

/// <summary>What is known of the record that holds an identity.</summary>
/// <param name="ContentHash">Its content, see <see cref="Records.StockRecordDraft.ContentHash"/>.</param>
/// <param name="IsVoid">Whether it retracts another record.</param>
/// <param name="IsRefused">Whether it was refused as a void of a void: it holds its identity all the same.</param>
public readonly record struct KnownIdentity(long ContentHash, bool IsVoid, bool IsRefused);

/// <summary>An identity with what is known of its record.</summary>
/// <param name="Fingerprint">The identity, see <see cref="Records.RecordIdentity.Fingerprint"/>.</param>
/// <param name="Known">What is known of it.</param>
public readonly record struct HeldIdentity(UInt128 Fingerprint, KnownIdentity Known) : IComparable<HeldIdentity>
{
    /// <summary>The entries of a table, as an array of their own.</summary>
    public static HeldIdentity[] Of(IReadOnlyDictionary<UInt128, KnownIdentity> table)
    {
        HeldIdentity[] entries = new HeldIdentity[table.Count];
        int next = 0;
        foreach ((UInt128 fingerprint, KnownIdentity known) in table)
        {
            entries[next++] = new HeldIdentity(fingerprint, known);
        }

        return entries;
    }

    /// <summary>In the order of the fingerprints.</summary>
    public int CompareTo(HeldIdentity other) => Fingerprint.CompareTo(other.Fingerprint);

    /// <summary>Whether <paramref name="left"/> stands before <paramref name="right"/>.</summary>
    public static bool operator <(HeldIdentity left, HeldIdentity right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> stands behind <paramref name="right"/>.</summary>
    public static bool operator >(HeldIdentity left, HeldIdentity right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not stand behind <paramref name="right"/>.</summary>
    public static bool operator <=(HeldIdentity left, HeldIdentity right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not stand before <paramref name="right"/>.</summary>
    public static bool operator >=(HeldIdentity left, HeldIdentity right) => left.CompareTo(right) >= 0;
}

/// <summary>What of the lake an index of identities contains.</summary>
/// <param name="Source">Names the tables: another one makes the index worthless.</param>
/// <param name="AcceptedVersion">Version of the table of accepted records; -1 if nothing of it is contained.</param>
/// <param name="RefusedVersion">Version of the table of refused records; -1 if nothing of it is contained.</param>
/// <param name="Sequence">No journal record after this one is contained.</param>
public sealed record IdentityPosition(string Source, long AcceptedVersion, long RefusedVersion, long Sequence)
{
    /// <summary>Nothing.</summary>
    public static IdentityPosition None { get; } = new(string.Empty, -1, -1, 0);
}
