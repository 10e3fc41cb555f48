using System.Collections.Frozen;
using RetailFlow.Lakehouse.Serving;

namespace RetailFlow.Node.Serving;

/// <summary>The stock rows of one version of Gold, by SKU. Immutable: a reader keeps one whole version in hand.</summary>
internal sealed class GoldSnapshot
{
    private readonly FrozenDictionary<string, StockRow[]> _bySku;
    private readonly Lazy<IReadOnlyList<StockRow>> _latest;

    public GoldSnapshot(StockSheet sheet, long sequence)
    {
        Sequence = sequence;
        Version = sheet.Version;
        AsOf = sheet.AsOf;
        Count = sheet.Rows.Count;
        _bySku = sheet.Rows
            .GroupBy(row => row.Sku, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.OrderBy(r => r.Location, StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        _latest = new Lazy<IReadOnlyList<StockRow>>(() => [.. sheet.Rows.OrderByDescending(r => r.LastEventTime).Take(LatestRows)]);
    }

    private GoldSnapshot(GoldSnapshot same, long sequence, DateTimeOffset asOf)
    {
        Sequence = sequence;
        Version = same.Version;
        AsOf = asOf;
        Count = same.Count;
        _bySku = same._bySku;
        _latest = same._latest;
    }

    public const int LatestRows = 20;

    /// <summary>Every journal record up to this one is contained.</summary>
    public long Sequence { get; }

    /// <summary>Version of <c>gold.stock_on_hand</c>.</summary>
    public long Version { get; }

    /// <summary>When this was what the node knew.</summary>
    public DateTimeOffset AsOf { get; }

    /// <summary>Rows: pairs of SKU and location.</summary>
    public int Count { get; }

    /// <summary>The rows whose stock changed last, by event time.</summary>
    public IReadOnlyList<StockRow> Latest => _latest.Value;

    /// <summary>The rows of a SKU by location, empty if it was never seen.</summary>
    public ReadOnlySpan<StockRow> Of(string sku) => _bySku.TryGetValue(sku, out var rows) ? rows : [];

    /// <summary>The same rows, known to contain more of the journal: what came since changed no row.</summary>
    public GoldSnapshot CarriedTo(long sequence, DateTimeOffset asOf) => new(this, sequence, asOf);
}

/// <summary>The newest Gold stock in memory, and who waits for it to contain what was just written.</summary>
internal sealed class GoldStock(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private GoldSnapshot? _current;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest snapshot; null before the first.</summary>
    public GoldSnapshot? Current => Volatile.Read(ref _current);

    /// <summary>Makes <paramref name="snapshot"/> what readers see, and wakes who waits.</summary>
    public void Publish(GoldSnapshot snapshot)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            Volatile.Write(ref _current, snapshot);
            reached = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.SetResult();
    }

    /// <summary>The first snapshot that contains <paramref name="sequence"/>; null if none came in time.</summary>
    public async ValueTask<GoldSnapshot?> WaitForAsync(long sequence, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = clock.GetTimestamp() + (long)(timeout.TotalSeconds * clock.TimestampFrequency);
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_current is { } current && current.Sequence >= sequence)
                {
                    return current;
                }

                next = _next.Task;
            }

            var left = TimeSpan.FromSeconds((deadline - clock.GetTimestamp()) / (double)clock.TimestampFrequency);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await next.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }
}
