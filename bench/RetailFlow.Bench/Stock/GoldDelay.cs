using System.Diagnostics;
using System.Globalization;
using System.Text;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// Records at a steady rate into a running node: whether a read sees a record as soon as it was acknowledged, and how long it takes until Gold has it
/// committed.
/// </summary>
internal sealed class GoldDelay(int port, int skus, TimeProvider clock)
{
    private const int BatchRecords = 200;

    private readonly List<(long Sequence, long At)> _acknowledged = [];
    private readonly List<(long Sequence, long At)> _committed = [];
    private long _read;
    private long _visible;

    /// <summary>What was seen.</summary>
    /// <param name="PerSecond">Records a second that were sent.</param>
    /// <param name="MedianSeconds">From the acknowledgement of a record to the commit that contains it, as <c>/v1/status</c> tells of it.</param>
    /// <param name="P99Seconds">The same at the 99th percentile.</param>
    /// <param name="Read">Reads that were made right after an acknowledgement.</param>
    /// <param name="Visible">How many of them contained what was acknowledged.</param>
    internal readonly record struct Seen(double PerSecond, double MedianSeconds, double P99Seconds, long Read, long Visible);

    /// <summary>Sends at a rate for some time and waits until all of it is in Gold.</summary>
    public async Task<Seen> MeasureAsync(int perSecond, TimeSpan warmUp, TimeSpan time, CancellationToken cancellationToken)
    {
        using var ended = new CancellationTokenSource();
        var watching = WatchAsync(ended.Token);
        using var wire = HttpWire.Connect(port);
        var began = Stopwatch.GetTimestamp();
        var batches = (int)((warmUp + time).TotalSeconds * perSecond / BatchRecords);
        var first = (int)(warmUp.TotalSeconds * perSecond / BatchRecords);
        long firstAt = 0;
        for (var n = 0; n < batches; n++)
        {
            // Late batches are sent at once, so that the rate is kept.
            var due = TimeSpan.FromSeconds((double)n * BatchRecords / perSecond) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, cancellationToken);
            }

            firstAt = n == first ? Stopwatch.GetTimestamp() : firstAt;
            var body = await wire.PostAsync(Batch(n), cancellationToken);
            var sequence = HttpWire.Number(body.Span, "\"sequence\":"u8);
            if (n >= first)
            {
                _acknowledged.Add((sequence, Stopwatch.GetTimestamp()));
                if (n % 10 == 0)
                {
                    var answer = await wire.SendAsync(Encoding.ASCII.GetBytes($"GET /v1/stock/{Sku(n)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), "HTTP/1.1 200"u8.ToArray(), cancellationToken);
                    _read++;
                    _visible += HttpWire.Number(answer.Span, "\"sequence\":"u8) >= sequence ? 1 : 0;
                }
            }
        }

        var seconds = Stopwatch.GetElapsedTime(firstAt).TotalSeconds;
        await ended.CancelAsync();
        await watching;
        var last = _acknowledged[^1].Sequence;
        while (_committed.Count == 0 || _committed[^1].Sequence < last)
        {
            await LookAsync(wire, cancellationToken);
        }

        var delays = _acknowledged.Select(a => Stopwatch.GetElapsedTime(a.At, _committed.First(c => c.Sequence >= a.Sequence).At).TotalSeconds).Order().ToArray();
        return new Seen((batches - first) * (double)BatchRecords / seconds, delays[delays.Length / 2], delays[delays.Length * 99 / 100], _read, _visible);
    }

    private async Task WatchAsync(CancellationToken ended)
    {
        using var wire = HttpWire.Connect(port);
        while (!ended.IsCancellationRequested)
        {
            await LookAsync(wire, CancellationToken.None);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private async Task LookAsync(HttpWire wire, CancellationToken cancellationToken)
    {
        var body = await wire.SendAsync("GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray(), "HTTP/1.1 200"u8.ToArray(), cancellationToken);
        var gold = HttpWire.Number(body.Span, "\"gold_sequence\":"u8);
        if (_committed.Count == 0 || _committed[^1].Sequence < gold)
        {
            _committed.Add((gold, Stopwatch.GetTimestamp()));
        }
    }

    private string Sku(int number) => string.Create(CultureInfo.InvariantCulture, $"SKU-{number % skus:D7}");

    private byte[] Batch(int number)
    {
        var at = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        var lines = new StringBuilder();
        for (var i = 0; i < BatchRecords; i++)
        {
            lines.Append(CultureInfo.InvariantCulture, $$"""{"event_id":"g{{number}}-{{i}}","source":"till","type":"sale","sku":"{{Sku(number + i)}}","location":"L1","quantity":1,"event_time":"{{at}}"}""").Append('\n');
        }

        return Encoding.UTF8.GetBytes(lines.ToString());
    }
}
