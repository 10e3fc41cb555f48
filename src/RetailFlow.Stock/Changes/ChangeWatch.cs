namespace RetailFlow.Stock.Changes;

/// <summary>What somebody wants to be told of.</summary>
/// <param name="Skus">The SKUs; empty for all.</param>
/// <param name="Locations">The locations; empty for all.</param>
public sealed record StockFilter(IReadOnlySet<string> Skus, IReadOnlySet<string> Locations)
{
    /// <summary>Everything.</summary>
    public static StockFilter All { get; } = new(new HashSet<string>(), new HashSet<string>());

    /// <summary>Whether a SKU is wanted.</summary>
    public bool TakesSku(string sku) => Skus.Count == 0 || Skus.Contains(sku);

    /// <summary>Whether a location is wanted.</summary>
    public bool TakesLocation(string location) => Locations.Count == 0 || Locations.Contains(location);
}

/// <summary>Why everything is told anew.</summary>
public enum ResetReason : byte
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It is the beginning.</summary>
    Start,

    /// <summary>The place to go on from is not known: it is of another run of the node, or too old, or never was.</summary>
    Unknown,

    /// <summary>More changed than is kept while the receiver was busy.</summary>
    Overrun,
}

/// <summary>
/// Follows a ring for one receiver: what it has to be told so that its picture becomes that of the ledger. It is told states, not
/// differences, so what changed several times is told once; and what cannot be told change by change any more is told as a whole.
/// States are read after the step was taken, so none is older than the step. For one thread.
/// </summary>
public sealed class ChangeWatch
{
    private readonly ChangeRing ring;
    private readonly StockFilter filter;
    private readonly List<StockChange> read = [];
    private ResetReason reset;
    private ChangeId at;

    /// <summary>Begins to follow.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="filter">What is wanted.</param>
    /// <param name="after">The last place that the receiver knows of; null if it begins.</param>
    /// <param name="told">Whether a receiver that begins wants to know what there is, or only what changes from now on.</param>
    public ChangeWatch(ChangeRing ring, StockFilter filter, ChangeId? after, bool told = true)
    {
        this.ring = ring;
        this.filter = filter;
        if (after is { } id && ring.Holds(id))
        {
            at = id;
            return;
        }

        at = ring.Last();
        reset = after is not null ? ResetReason.Unknown : told ? ResetReason.Start : ResetReason.None;
    }

    /// <summary>Everything that is wanted up to here was in a step.</summary>
    public ChangeId At => at;

    /// <summary>What is to be told next.</summary>
    public WatchStep Next()
    {
        if (reset == ResetReason.None && !ring.TryRead(at.Position, read))
        {
            reset = ResetReason.Overrun;
        }

        if (reset != ResetReason.None)
        {
            // The place is taken before the states are read: what changes between the two is told once more.
            at = ring.Last();
            WatchStep whole = new() { Reset = reset, UpTo = at };
            reset = ResetReason.None;
            return whole;
        }

        return read.Count == 0 ? new WatchStep { UpTo = at } : Coalesce();
    }

    private WatchStep Coalesce()
    {
        Dictionary<string, ChangeId> last = new(StringComparer.Ordinal);
        HashSet<string>? locations = new(StringComparer.Ordinal);
        foreach (StockChange change in read)
        {
            if (change.Sku is { } sku)
            {
                if (filter.TakesSku(sku) && filter.TakesLocation(change.Location!))
                {
                    last[sku] = change.Id;
                }
            }
            else if (change.Location is not { } location)
            {
                locations = null;
            }
            else if (filter.TakesLocation(location))
            {
                locations?.Add(location);
            }
        }

        at = read[^1].Id;
        return new WatchStep
        {
            Refresh = locations,
            Changes = [.. last.Select(entry => new ChangedSku(entry.Key, entry.Value)).OrderBy(changed => changed.Id.Position)],
            UpTo = at,
        };
    }
}
