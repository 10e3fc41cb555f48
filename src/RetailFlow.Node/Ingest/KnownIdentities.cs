using RetailFlow.Stock.Identities;

namespace RetailFlow.Node.Ingest;

/// <summary>
/// Every identity that is held: those of the lake in an index of files, those that came through the door since in memory. Exact, and
/// bounded in memory whatever the history. Finding and taking is for the journal's writer alone.
/// </summary>
internal sealed class KnownIdentities(IdentityIndex index, DoorIdentities door) : IIdentityHistory, IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private Task _merging = Task.CompletedTask;

    /// <summary>Opens what is below a folder of this machine.</summary>
    public static KnownIdentities Open(string folder)
    {
        var doorFiles = new LocalIdentityFiles(Path.Combine(folder, "door"), isDurable: false);
        foreach (var left in doorFiles.List())
        {
            doorFiles.Delete(left);
        }

        return new KnownIdentities(IdentityIndex.Open(new LocalIdentityFiles(Path.Combine(folder, "lake"))), new DoorIdentities(doorFiles));
    }

    /// <summary>Those of the lake.</summary>
    public IdentityIndex Index => index;

    public long Count => index.Count + door.Count;

    /// <inheritdoc/>
    public bool TryFind(UInt128 fingerprint, out KnownIdentity known) => index.TryFind(fingerprint, out known) || door.TryFind(fingerprint, out known);

    /// <inheritdoc/>
    public void Taken(UInt128 fingerprint, in KnownIdentity known, long sequence) => door.Taken(fingerprint, in known, sequence);

    /// <summary>Forgets of the door what the index has: records up to a sequence.</summary>
    public void Covered(long sequence) => door.Covered(sequence);

    /// <summary>Merges runs of the index beside everything else, if there are enough of them.</summary>
    public void Tidy()
    {
        if (_merging.IsCompleted)
        {
            _merging = Task.Run(Merge);
        }
    }

    public void Dispose()
    {
        _closing.Cancel();
        _merging.Wait();
        _closing.Dispose();
        Flush();
        index.Dispose();
        door.Dispose();
    }

    private void Flush()
    {
        try
        {
            index.Flush();
        }
        catch (IOException)
        {
            // The next start reads it from the lake.
        }
    }

    private void Merge()
    {
        try
        {
            while (index.Merge(_closing.Token))
            {
                continue;
            }
        }
        catch (Exception notNow) when (notNow is IOException or OperationCanceledException)
        {
            // The runs are as they were, and the next call tries again.
        }
    }
}
