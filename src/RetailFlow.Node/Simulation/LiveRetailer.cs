using System.Text;

namespace RetailFlow.Node.Simulation;

/// <summary>A request body that a live retailer sends: JSON lines of one source.</summary>
/// <param name="Source">The sending system, as in the records.</param>
/// <param name="Body">The records, each ended by a line feed.</param>
/// <param name="Records">How many there are.</param>
public sealed record SimulatedPost(string Source, ReadOnlyMemory<byte> Body, int Records);

/// <summary>
/// A retailer at work at the present moment. It sends what happened since it was last asked, resends included; times
/// are the clock's. Event numbers start from the clock, so that two sessions on one lake never reuse one.
/// </summary>
public sealed class LiveRetailer
{
    private readonly RetailCatalog _catalog;
    private readonly RetailBusiness _business;
    private readonly FaultyDelivery _delivery;
    private readonly TimeProvider _clock;
    private readonly double _recordsPerSecond;
    private readonly byte[] _record = new byte[RecordWriter.MaxLength];
    private double _due;

    internal LiveRetailer(RetailerOptions options, RetailCatalog catalog, TimeProvider clock, double recordsPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(recordsPerSecond is > 0 and <= 1_000_000, true, nameof(recordsPerSecond));
        _catalog = catalog;
        _clock = clock;
        _recordsPerSecond = recordsPerSecond;
        var started = clock.GetUtcNow();
        _business = new RetailBusiness(options, catalog, 3, started.ToUnixTimeMilliseconds()) { Now = Microseconds(started) };
        _delivery = new FaultyDelivery(options, _business, 3);
    }

    /// <summary>Counts of everything everywhere, as of an hour ago: what a lake without history starts from.</summary>
    /// <param name="recordsPerPost">The most records of one body.</param>
    public IEnumerable<SimulatedPost> Opening(int recordsPerPost = 5_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsPerPost, 1);
        _business.Now = Microseconds(_clock.GetUtcNow());
        var bodies = new Bodies(_catalog, _record);
        for (var sku = 0; sku < _catalog.Skus.Length; sku++)
        {
            for (var location = 0; location < _catalog.Locations.Length; location++)
            {
                var draft = _business.OpeningCount(sku, location);
                if (bodies.Add(in draft, null) == recordsPerPost)
                {
                    yield return bodies.Take(draft.Source)!;
                }
            }
        }

        foreach (var post in bodies.TakeAll())
        {
            yield return post;
        }
    }

    /// <summary>What the shops send after <paramref name="elapsed"/> more time: one body per source that has something to say.</summary>
    public IReadOnlyList<SimulatedPost> NextBatch(TimeSpan elapsed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elapsed, TimeSpan.Zero);
        _due += elapsed.TotalSeconds * _recordsPerSecond;
        var records = (long)_due;
        _due -= records;
        var now = Microseconds(_clock.GetUtcNow());
        var from = Math.Max(_business.Now, now - elapsed.Ticks / TimeSpan.TicksPerMicrosecond);
        var bodies = new Bodies(_catalog, _record);
        for (var i = 0L; i < records; i++)
        {
            _business.Now = Math.Max(_business.Now, from + (now - from) / records * (i + 1));
            _delivery.Next(out var draft);
            bodies.Add(in draft, _delivery.Broken);
        }

        return [.. bodies.TakeAll()];
    }

    private static long Microseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed class Bodies(RetailCatalog catalog, byte[] record)
    {
        private readonly MemoryStream?[] _bodies = new MemoryStream?[catalog.Sources.Length];
        private readonly int[] _records = new int[catalog.Sources.Length];

        public int Add(in StockRecordDraft draft, BrokenRecord? broken)
        {
            var length = broken is null ? RecordWriter.WriteJson(in draft, catalog, record) : broken.Write(in draft, catalog, record);
            record[length] = (byte)'\n';
            (_bodies[draft.Source] ??= new MemoryStream()).Write(record, 0, length + 1);
            return ++_records[draft.Source];
        }

        public SimulatedPost? Take(int source)
        {
            if (_bodies[source] is not { } body)
            {
                return null;
            }

            var post = new SimulatedPost(Encoding.UTF8.GetString(catalog.Sources[source]), body.GetBuffer().AsMemory(0, (int)body.Length), _records[source]);
            _bodies[source] = null;
            _records[source] = 0;
            return post;
        }

        public IEnumerable<SimulatedPost> TakeAll() => Enumerable.Range(0, _bodies.Length).Select(Take).OfType<SimulatedPost>();
    }
}
