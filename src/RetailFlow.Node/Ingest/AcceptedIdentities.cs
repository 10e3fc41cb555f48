namespace RetailFlow.Node.Ingest;

/// <summary>
/// Every accepted identity in memory, about 45 bytes each. Split into many tables, so that growing one never holds up the writer
/// for long. For one thread at a time.
/// </summary>
internal sealed class AcceptedIdentities : IIdentityHistory
{
    private const int Tables = 1024;
    private readonly Dictionary<UInt128, long>[] _tables = [.. Enumerable.Range(0, Tables).Select(_ => new Dictionary<UInt128, long>())];

    // Voids are few, so that a set beside the tables is smaller than a flag in each entry.
    private readonly HashSet<UInt128> _voids = [];

    public long Count { get; private set; }

    public bool TryFind(UInt128 fingerprint, out AcceptedIdentity accepted)
    {
        if (TableOf(fingerprint).TryGetValue(fingerprint, out var contentHash))
        {
            accepted = new AcceptedIdentity(contentHash, _voids.Contains(fingerprint));
            return true;
        }

        accepted = default;
        return false;
    }

    /// <summary>Adds an identity; one that is there keeps the content that was accepted first.</summary>
    public void Accepted(UInt128 fingerprint, in AcceptedIdentity accepted)
    {
        if (TableOf(fingerprint).TryAdd(fingerprint, accepted.ContentHash))
        {
            Count++;
            if (accepted.IsVoid)
            {
                _voids.Add(fingerprint);
            }
        }
    }

    private Dictionary<UInt128, long> TableOf(UInt128 fingerprint) => _tables[(int)((ulong)(fingerprint >> 96) % Tables)];
}
