using System.Globalization;

namespace RetailFlow.Stock.Identities;

/// <summary>
/// The identities of a lake's records, in files of this machine: immutable sorted runs, and a bounded number of new ones in memory. It is
/// a cache of the lake: what is missing or damaged is read from the lake again. Finding is for any number of threads, changes are for one at
/// a time, and may go on beside finding.
/// </summary>
/// <remarks>
/// A run is written whole before the manifest names it, and the manifest is replaced as a whole: a process that ends at any moment leaves
/// the old index or the new one, and files that no manifest names, which the next one removes.
/// </remarks>
public sealed class IdentityIndex : IDisposable
{
    /// <summary>How many identities are in memory at most before they become a run.</summary>
    public const int MostInMemory = 1 << 18;

    /// <summary>So many runs of like size become one.</summary>
    public const int RunsAtOnce = 4;

    /// <summary>Larger runs stay as they are: merging holds a few bytes for each entry.</summary>
    public const long MostInRun = 1L << 24;

    private const int AddedAtOnce = 1_024;

    private readonly IIdentityFiles files;
    private readonly int mostInMemory;
    private readonly Lock gate = new();
    private readonly Lock changing = new();
    private IdentityRun[] runs;
    private Dictionary<UInt128, KnownIdentity> young = [];
    private long nextRun;

    // What the runs contain, and the next process finds.
    private IdentityPosition durable;

    private IdentityIndex(IIdentityFiles files, int mostInMemory, IdentityManifest? manifest, IdentityRun[] runs)
    {
        this.files = files;
        this.mostInMemory = mostInMemory;
        this.runs = runs;
        nextRun = manifest?.NextRun ?? 1;
        durable = manifest?.Position ?? IdentityPosition.None;
        Position = durable;
    }

    /// <summary>What of the lake is contained.</summary>
    public IdentityPosition Position { get; private set; }

    /// <summary>Identities; those that were read twice after a process ended count twice until their runs are merged.</summary>
    public long Count
    {
        get
        {
            lock (gate)
            {
                return runs.Sum(run => run.Count) + young.Count;
            }
        }
    }

    /// <summary>Runs.</summary>
    public int RunCount => Volatile.Read(ref runs).Length;

    /// <summary>Bytes of all runs, on the disk.</summary>
    public long Bytes => Volatile.Read(ref runs).Sum(run => run.Bytes);

    /// <summary>
    /// Opens the index, reading every run once to verify it. If the manifest or a run of it is missing or damaged, the index is empty.
    /// </summary>
    /// <param name="files">Its files.</param>
    /// <param name="mostInMemory">How many identities are in memory at most before they become a run.</param>
    public static IdentityIndex Open(IIdentityFiles files, int mostInMemory = MostInMemory)
    {
        IdentityManifest? manifest = IdentityManifest.TryRead(files);
        List<IdentityRun> runs = [];
        foreach (string name in manifest?.Runs ?? [])
        {
            if (IdentityRun.TryOpen(files, name) is not { } run)
            {
                runs.ForEach(opened => opened.Dispose());
                runs.Clear();
                manifest = null;
                break;
            }

            runs.Add(run);
        }

        HashSet<string> named = [IdentityManifest.FileName, .. runs.Select(run => run.Name)];
        foreach (string name in files.List().Where(name => !named.Contains(name)))
        {
            files.Delete(name);
        }

        return new IdentityIndex(files, mostInMemory, manifest, [.. runs]);
    }

    /// <summary>Finds an identity; false if the index does not have it.</summary>
    public bool TryFind(UInt128 fingerprint, out KnownIdentity known)
    {
        // Held for some memory accesses, so that no run is closed under a reader.
        lock (gate)
        {
            foreach (IdentityRun run in runs)
            {
                if (run.TryFind(fingerprint, out known))
                {
                    return true;
                }
            }

            return young.TryGetValue(fingerprint, out known);
        }
    }

    /// <summary>Begins to take in what the lake has beyond <see cref="Position"/>, or, if <paramref name="anew"/>, all that it has.</summary>
    public IdentityLoad Load(bool anew) => new(files, NextName, anew, Math.Min(mostInMemory * 2, IdentityLoad.MostInMemory));

    /// <summary>Makes what was loaded part of the index, all at once.</summary>
    /// <param name="load">What was loaded.</param>
    /// <param name="position">What the index contains with it.</param>
    /// <exception cref="IOException">The device fails; the index is as it was.</exception>
    public void Complete(IdentityLoad load, IdentityPosition position)
    {
        lock (changing)
        {
            Dictionary<UInt128, KnownIdentity> rest = load.Rest;
            IdentityRun[] old = load.IsAnew ? runs : [];
            List<IdentityRun> next = load.IsAnew ? [.. load.Runs] : [.. runs, .. load.Runs];
            if (!load.IsAnew && load.Runs.Count == 0 && young.Count + rest.Count <= mostInMemory)
            {
                AddToYoung(rest);
                Position = position;
                return;
            }

            Dictionary<UInt128, KnownIdentity> all = load.IsAnew ? [] : new(young);
            Add(all, rest);
            load.Keep();
            Adopt(next, all, position);
            Drop(old);
        }
    }

    /// <summary>Writes what is in memory as a run, so that the next process finds it; without effect if there is nothing.</summary>
    /// <exception cref="IOException">The device fails; the index is as it was.</exception>
    public void Flush()
    {
        lock (changing)
        {
            if (young.Count > 0)
            {
                Adopt([.. runs], young, Position);
            }
        }
    }

    /// <summary>
    /// Merges some runs of like size into one, if there are enough of them; may run beside everything but itself and <see cref="Dispose"/>.
    /// So an identity is written again a logarithmic number of times, and a lookup asks few runs.
    /// </summary>
    /// <returns>False if there was nothing to do.</returns>
    /// <exception cref="IOException">The device fails; the index is as it was.</exception>
    public bool Merge(CancellationToken cancellationToken = default)
    {
        IdentityRun[] before = Volatile.Read(ref runs);
        if (ToMerge(before) is not { } old)
        {
            return false;
        }

        string name = NextName();
        RunWriter.Merge(files, name, old, cancellationToken);
        IdentityRun merged = IdentityRun.Opened(files, name);
        lock (changing)
        {
            // A load that began anew has taken the place of all runs meanwhile.
            if (!old.All(runs.Contains))
            {
                Drop([merged]);
                return true;
            }

            List<IdentityRun> next = [.. runs];
            next.RemoveAll(old.Contains);
            next.Insert(Array.IndexOf(runs, old[0]), merged);
            try
            {
                Show(next, young, Position, durable);
            }
            catch
            {
                merged.Dispose();
                throw;
            }

            Drop(old);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (changing)
        {
            lock (gate)
            {
                foreach (IdentityRun run in runs)
                {
                    run.Dispose();
                }

                runs = [];
                young = [];
            }
        }
    }

    private string NextName() => string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref nextRun):D10}.run");

    /// <summary>A few at a time, so that no reader waits for all of them.</summary>
    private void AddToYoung(Dictionary<UInt128, KnownIdentity> from)
    {
        foreach (KeyValuePair<UInt128, KnownIdentity>[] some in from.Chunk(AddedAtOnce))
        {
            lock (gate)
            {
                foreach ((UInt128 fingerprint, KnownIdentity known) in some)
                {
                    young.TryAdd(fingerprint, known);
                }
            }
        }
    }

    private static void Add(Dictionary<UInt128, KnownIdentity> to, Dictionary<UInt128, KnownIdentity> from)
    {
        foreach ((UInt128 fingerprint, KnownIdentity known) in from)
        {
            to.TryAdd(fingerprint, known);
        }
    }

    /// <summary>The oldest neighbours of like size; neighbours, so that the order of age stays.</summary>
    private IdentityRun[]? ToMerge(IdentityRun[] all)
    {
        for (int at = all.Length - RunsAtOnce; at >= 0; at--)
        {
            ArraySegment<IdentityRun> some = new(all, at, RunsAtOnce);
            if (some.Sum(run => run.Count) <= MostInRun && some.Max(Tier) == some.Min(Tier))
            {
                return [.. some];
            }
        }

        return null;
    }

    private int Tier(IdentityRun run)
    {
        int tier = 0;
        for (long size = run.Count / mostInMemory; size >= RunsAtOnce; size /= RunsAtOnce)
        {
            tier++;
        }

        return tier;
    }

    /// <summary>Makes a run of what is in memory, and shows all runs. If that fails nothing is closed that is shown.</summary>
    private void Adopt(List<IdentityRun> next, Dictionary<UInt128, KnownIdentity> inMemory, IdentityPosition position)
    {
        try
        {
            if (inMemory.Count > 0)
            {
                next.Add(IdentityRun.Written(files, NextName(), HeldIdentity.Of(inMemory)));
            }

            Show(next, [], position, position);
        }
        catch
        {
            // Their files stay: whether the manifest names them is not known.
            next.Except(runs).ToList().ForEach(run => run.Dispose());
            throw;
        }
    }

    /// <summary>Names the runs in the manifest, and then shows them.</summary>
    private void Show(List<IdentityRun> next, Dictionary<UInt128, KnownIdentity> nextYoung, IdentityPosition position, IdentityPosition inRuns)
    {
        new IdentityManifest(IdentityManifest.CurrentFormat, Interlocked.Read(ref nextRun), inRuns, [.. next.Select(run => run.Name)]).Write(files);
        lock (gate)
        {
            (runs, young, Position, durable) = ([.. next], nextYoung, position, inRuns);
        }
    }

    private void Drop(IdentityRun[] old)
    {
        lock (gate)
        {
            foreach (IdentityRun run in old)
            {
                run.Dispose();
            }
        }

        foreach (IdentityRun run in old)
        {
            files.Delete(run.Name);
        }
    }
}
