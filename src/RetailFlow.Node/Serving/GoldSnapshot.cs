using RetailFlow.Lakehouse.Serving;

namespace RetailFlow.Node.Serving;

/// <summary>
/// What the node tells of one version of Gold's stock: how far it is, how many rows it has, and the newest of them. The rows themselves are in
/// the ledger. Immutable.
/// </summary>
internal sealed class GoldSnapshot
{
    /// <summary>How many rows <see cref="Latest"/> holds at most.</summary>
    public const int LatestRows = 20;

    /// <summary>A snapshot.</summary>
    /// <param name="version">Version of the table; -1 if there is none.</param>
    /// <param name="sequence">The journal sequence that its rows contain.</param>
    /// <param name="highestOrder">The greatest <c>sequence</c> of a row: the order in which its last record was accepted.</param>
    /// <param name="count">Rows.</param>
    /// <param name="rows">Some rows, the newest among them.</param>
    /// <param name="asOf">When this is what the node knows.</param>
    public GoldSnapshot(long version, long sequence, long highestOrder, long count, IEnumerable<StockRow> rows, DateTimeOffset asOf)
    {
        Version = version;
        Sequence = sequence;
        HighestOrder = highestOrder;
        Count = count;
        Latest = Newest(rows);
        AsOf = asOf;
    }

    /// <summary>Every journal record up to this one is contained.</summary>
    public long Sequence { get; }

    /// <summary>The order of acceptance of the last record that changed a row, over journal and files.</summary>
    public long HighestOrder { get; }

    /// <summary>Version of <c>gold.stock_on_hand</c>.</summary>
    public long Version { get; }

    /// <summary>When this was what the node knew.</summary>
    public DateTimeOffset AsOf { get; }

    /// <summary>Rows: pairs of SKU and location.</summary>
    public long Count { get; }

    /// <summary>The rows whose stock changed last, by event time.</summary>
    public IReadOnlyList<StockRow> Latest { get; }

    /// <summary>The same rows, known to contain more of the journal: what came since changed no row.</summary>
    public GoldSnapshot CarriedTo(long sequence, DateTimeOffset asOf) => new(Version, sequence, HighestOrder, Count, Latest, asOf);

    /// <summary>The next version: <paramref name="changed"/> rows take the place of those they replace, the others stay.</summary>
    public GoldSnapshot With(IReadOnlyCollection<StockRow> changed, long count, long version, long sequence, long highestOrder, DateTimeOffset asOf)
    {
        var replaced = changed.Select(row => (row.Sku, row.Location)).ToHashSet();
        return new GoldSnapshot(
            version, sequence, highestOrder, count, Latest.Where(row => !replaced.Contains((row.Sku, row.Location))).Concat(changed), asOf);
    }

    private static StockRow[] Newest(IEnumerable<StockRow> rows)
    {
        var newest = new PriorityQueue<StockRow, DateTimeOffset>();
        foreach (var row in rows)
        {
            var time = row.LastEventTime ?? DateTimeOffset.MinValue;
            if (newest.Count < LatestRows)
            {
                newest.Enqueue(row, time);
            }
            else
            {
                newest.EnqueueDequeue(row, time);
            }
        }

        return [.. newest.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element)];
    }
}
