namespace RetailFlow.Stock.Identities;

/// <summary>
/// Identities on their way from the lake into an index, any number of them in bounded memory: what does not fit is written as runs, which nobody
/// sees before <see cref="IdentityIndex.Complete"/>. For one thread at a time.
/// </summary>
public sealed class IdentityLoad : IDisposable
{
    /// <summary>How many identities are in memory at most.</summary>
    public const int MostInMemory = 1 << 19;

    private readonly IIdentityFiles files;
    private readonly Func<string> newName;
    private readonly int mostInMemory;
    private readonly List<IdentityRun> runs = [];
    private bool isKept;

    internal IdentityLoad(IIdentityFiles files, Func<string> newName, bool isAnew, int mostInMemory)
    {
        this.files = files;
        this.newName = newName;
        this.mostInMemory = mostInMemory;
        IsAnew = isAnew;
    }

    /// <summary>Identities that were added.</summary>
    public long Count { get; private set; }

    internal bool IsAnew { get; }

    internal IReadOnlyList<IdentityRun> Runs => runs;

    internal Dictionary<UInt128, KnownIdentity> Rest { get; private set; } = [];

    /// <summary>Adds an identity; one that is there keeps the content with which it was added first.</summary>
    /// <exception cref="IOException">The device fails.</exception>
    public void Add(UInt128 fingerprint, in KnownIdentity known)
    {
        Count++;
        if (Rest.TryAdd(fingerprint, known) && Rest.Count >= mostInMemory)
        {
            runs.Add(IdentityRun.Written(files, newName(), HeldIdentity.Of(Rest)));
            Rest.Clear();
        }
    }

    /// <summary>Removes what was written, unless it has become part of the index.</summary>
    public void Dispose()
    {
        if (!isKept)
        {
            foreach (IdentityRun run in runs)
            {
                run.Dispose();
                files.Delete(run.Name);
            }

            runs.Clear();
        }
    }

    internal void Keep() => isKept = true;
}
