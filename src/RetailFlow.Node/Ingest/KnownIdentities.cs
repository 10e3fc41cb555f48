namespace RetailFlow.Node.Ingest;

/// <summary>
/// Every identity that is held, in memory, about 45 bytes each. Split into many tables, so that growing one never holds up the writer
/// for long. For one thread at a time.
/// </summary>
internal sealed class KnownIdentities : IIdentityHistory
{
    private const int Tables = 1024;
    private readonly Dictionary<UInt128, long>[] _tables = [.. Enumerable.Range(0, Tables).Select(_ => new Dictionary<UInt128, long>())];

    // Voids are few, and refused ones fewer: sets beside the tables are smaller than flags in each entry.
    private readonly HashSet<UInt128> _voids = [];
    private readonly HashSet<UInt128> _refused = [];

    public long Count { get; private set; }

    public bool TryFind(UInt128 fingerprint, out KnownIdentity known)
    {
        if (TableOf(fingerprint).TryGetValue(fingerprint, out var contentHash))
        {
            known = new KnownIdentity(contentHash, _voids.Contains(fingerprint), _refused.Contains(fingerprint));
            return true;
        }

        known = default;
        return false;
    }

    /// <summary>Adds an identity; one that is there keeps the content with which it was taken first.</summary>
    public void Taken(UInt128 fingerprint, in KnownIdentity known)
    {
        if (!TableOf(fingerprint).TryAdd(fingerprint, known.ContentHash))
        {
            return;
        }

        Count++;
        if (known.IsVoid)
        {
            _voids.Add(fingerprint);
        }

        if (known.IsRefused)
        {
            _refused.Add(fingerprint);
        }
    }

    private Dictionary<UInt128, long> TableOf(UInt128 fingerprint) => _tables[(int)((ulong)(fingerprint >> 96) % Tables)];
}
