using System.Collections.Immutable;
using RetailFlow.Lakehouse.Serving;

namespace RetailFlow.Node.Serving;

/// <summary>The stock rows of one version of Gold, by SKU. Immutable: a reader keeps one whole version in hand.</summary>
internal sealed class GoldSnapshot
{
    /// <summary>How many rows <see cref="Latest"/> holds at most.</summary>
    public const int LatestRows = 20;

    private static readonly Comparer<StockRow> s_byLocation = Comparer<StockRow>.Create((l, r) => string.CompareOrdinal(l.Location, r.Location));

    private readonly ImmutableDictionary<string, StockRow[]> _bySku;

    /// <summary>A snapshot of all rows.</summary>
    /// <param name="sheet">The rows.</param>
    /// <param name="sequence">The journal sequence that they contain.</param>
    /// <param name="highestOrder">The greatest <c>sequence</c> of a row: the order in which its last record was accepted.</param>
    public GoldSnapshot(StockSheet sheet, long sequence, long highestOrder)
    {
        Sequence = sequence;
        HighestOrder = highestOrder;
        Version = sheet.Version;
        AsOf = sheet.AsOf;
        Count = sheet.Rows.Count;
        _bySku = sheet.Rows
            .GroupBy(row => row.Sku, StringComparer.Ordinal)
            .ToImmutableDictionary(g => g.Key, g => g.Order(s_byLocation).ToArray(), StringComparer.Ordinal);
        Latest = Newest(sheet.Rows);
    }

    private GoldSnapshot(
        ImmutableDictionary<string, StockRow[]> bySku, IReadOnlyList<StockRow> latest, int count, long version, long sequence, long highestOrder, DateTimeOffset asOf)
    {
        _bySku = bySku;
        Latest = latest;
        Count = count;
        Version = version;
        Sequence = sequence;
        HighestOrder = highestOrder;
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
    public int Count { get; }

    /// <summary>The rows whose stock changed last, by event time.</summary>
    public IReadOnlyList<StockRow> Latest { get; }

    /// <summary>The rows of a SKU by location, empty if it was never seen.</summary>
    public ReadOnlySpan<StockRow> Of(string sku) => _bySku.TryGetValue(sku, out var rows) ? rows : [];

    /// <summary>The same rows, known to contain more of the journal: what came since changed no row.</summary>
    public GoldSnapshot CarriedTo(long sequence, DateTimeOffset asOf) => new(_bySku, Latest, Count, Version, sequence, HighestOrder, asOf);

    /// <summary>The next version: <paramref name="changed"/> rows take the place of those they replace, the others stay.</summary>
    public GoldSnapshot With(IReadOnlyCollection<StockRow> changed, long version, long sequence, long highestOrder, DateTimeOffset asOf)
    {
        var bySku = _bySku.ToBuilder();
        var count = Count;
        foreach (var sku in changed.GroupBy(row => row.Sku, StringComparer.Ordinal))
        {
            var rows = bySku.GetValueOrDefault(sku.Key, []).ToDictionary(row => row.Location, StringComparer.Ordinal);
            count -= rows.Count;
            foreach (var row in sku)
            {
                rows[row.Location] = row;
            }

            count += rows.Count;
            bySku[sku.Key] = [.. rows.Values.Order(s_byLocation)];
        }

        var replaced = changed.Select(row => (row.Sku, row.Location)).ToHashSet();
        var latest = Newest(Latest.Where(row => !replaced.Contains((row.Sku, row.Location))).Concat(changed));
        return new GoldSnapshot(bySku.ToImmutable(), latest, count, version, sequence, highestOrder, asOf);
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
