using System.Globalization;
using RetailFlow.Stock.Identities;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// The identities that came through the door and that the lake's index does not have yet, by generations. A generation is dropped when the index
/// has all of it. While the pipeline lags far behind, generations go to files that nobody wants after this process. On the journal's writer alone.
/// </summary>
internal sealed class DoorIdentities(IIdentityFiles files, int mostInGeneration = DoorIdentities.MostInGeneration) : IDisposable
{
    /// <summary>Identities of one generation.</summary>
    public const int MostInGeneration = 1 << 17;

    // More than a pipeline that keeps up needs.
    private const int MostInMemory = 4;

    private readonly List<Generation> _older = [];
    private Dictionary<UInt128, KnownIdentity> _young = [];
    private long _lastSequence;
    private long _spilled;

    public long Count => _young.Count + _older.Sum(generation => generation.Count);

    /// <summary>Generations that are in files.</summary>
    public int SpilledCount => _older.Count(generation => generation.Run is not null);

    public bool TryFind(UInt128 fingerprint, out KnownIdentity known)
    {
        if (_young.TryGetValue(fingerprint, out known))
        {
            return true;
        }

        for (var i = _older.Count - 1; i >= 0; i--)
        {
            if (_older[i].TryFind(fingerprint, out known))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Adds an identity; one that is there keeps the content with which it was taken first.</summary>
    public void Taken(UInt128 fingerprint, in KnownIdentity known, long sequence)
    {
        _young.TryAdd(fingerprint, known);
        _lastSequence = sequence;
        if (_young.Count >= mostInGeneration)
        {
            Close();
            Spill();
        }
    }

    /// <summary>Forgets what the index has: records up to a sequence.</summary>
    public void Covered(long sequence)
    {
        foreach (var generation in _older.Where(generation => generation.LastSequence <= sequence))
        {
            Drop(generation);
        }

        _older.RemoveAll(generation => generation.LastSequence <= sequence);
        if (_young.Count == 0)
        {
            return;
        }

        if (_lastSequence <= sequence)
        {
            _young = [];
        }
        else if (_older.Count < MostInMemory)
        {
            Close();
        }
    }

    public void Dispose() => _older.ForEach(Drop);

    private void Close()
    {
        _older.Add(new Generation(_young, _lastSequence));
        _young = [];
    }

    private void Spill()
    {
        if (_older.Count(generation => generation.Run is null) <= MostInMemory)
        {
            return;
        }

        var at = _older.FindIndex(generation => generation.Run is null);
        try
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{++_spilled:D10}.run");
            _older[at] = _older[at] with { Run = IdentityRun.Written(files, name, _older[at].Entries()), Held = null };
        }
        catch (IOException)
        {
            // It stays in memory; the next generation tries again.
        }
    }

    private void Drop(Generation generation)
    {
        if (generation.Run is { } run)
        {
            run.Dispose();
            files.Delete(run.Name);
        }
    }

    private sealed record Generation(Dictionary<UInt128, KnownIdentity>? Held, long LastSequence)
    {
        public IdentityRun? Run { get; init; }

        public long Count => Run?.Count ?? Held!.Count;

        public bool TryFind(UInt128 fingerprint, out KnownIdentity known) =>
            Run is { } run ? run.TryFind(fingerprint, out known) : Held!.TryGetValue(fingerprint, out known);

        public HeldIdentity[] Entries() => HeldIdentity.Of(Held!);
    }
}
