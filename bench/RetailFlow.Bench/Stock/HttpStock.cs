using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>Reservations and reads over HTTP: connections that stay open, each waiting for its answer before it sends again.</summary>
internal sealed class HttpStock(int port, int skus)
{
    private const int SkuDigits = 7;
    private const int LongestRequest = 512;

    private static readonly byte[] s_created = "HTTP/1.1 201"u8.ToArray();
    private static readonly byte[] s_ok = "HTTP/1.1 200"u8.ToArray();

    /// <summary>Writes the next request of a caller.</summary>
    /// <returns>Its bytes.</returns>
    private delegate int Request(Span<byte> into, Random random, int caller, int number);

    /// <summary>Counts plenty of every SKU.</summary>
    public async Task FillAsync(CancellationToken cancellationToken)
    {
        using var wire = HttpWire.Connect(port);
        var lines = string.Concat(Enumerable.Range(0, skus).Select(n =>
            $$"""{"event_id":"c{{Text(n)}}","source":"bench","type":"count","sku":"{{Sku(n)}}","location":"L1","quantity":1000000000,"event_time":"2026-01-01T00:00:00Z"}""" + "\n"));
        var body = await wire.PostAsync(Encoding.UTF8.GetBytes(lines), cancellationToken);
        if (HttpWire.Number(body.Span, "\"accepted\":"u8) != skus)
        {
            throw new BenchException("The node did not accept the counts.");
        }
    }

    /// <summary>Holds one of a SKU from each connection, again and again.</summary>
    public Task<(double PerSecond, double P99)> HoldAsync(int connections, string run, bool hot, TimeSpan time, CancellationToken cancellationToken)
    {
        // The text is the same each time but for the key and the SKU, whose length is the same too.
        var body = $$"""{"lines":[{"sku":"{{Sku(0)}}","location":"L1","quantity":1}]}""";
        var head = Encoding.ASCII.GetBytes(
            $"POST /v1/reservations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {Text(body.Length)}\r\nIdempotency-Key: {run}-");
        var tail = Encoding.ASCII.GetBytes("\r\n\r\n" + body);
        var sku = tail.AsSpan().IndexOf("SKU-"u8) + 4;
        return RunAsync(
            connections,
            time,
            (into, random, caller, number) =>
            {
                head.CopyTo(into);
                var length = head.Length;
                length += WriteNumber(into[length..], caller);
                into[length++] = (byte)'-';
                length += WriteNumber(into[length..], number);
                tail.CopyTo(into[length..]);
                WriteNumber(into[(length + sku)..], hot ? 0 : random.Next(skus), SkuDigits);
                return length + tail.Length;
            },
            s_created,
            cancellationToken);
    }

    /// <summary>Reads one SKU from each connection, again and again.</summary>
    public Task<(double PerSecond, double P99)> ReadAsync(int connections, TimeSpan time, CancellationToken cancellationToken)
    {
        var text = Encoding.ASCII.GetBytes($"GET /v1/stock/{Sku(0)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        var sku = text.AsSpan().IndexOf("SKU-"u8) + 4;
        return RunAsync(
            connections,
            time,
            (into, random, _, _) =>
            {
                text.CopyTo(into);
                WriteNumber(into[sku..], random.Next(skus), SkuDigits);
                return text.Length;
            },
            s_ok,
            cancellationToken);
    }

    /// <summary>Reads a path from each connection, again and again.</summary>
    public Task<(double PerSecond, double P99)> GetAsync(int connections, string path, TimeSpan time, CancellationToken cancellationToken)
    {
        var text = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        return RunAsync(
            connections,
            time,
            (into, _, _, _) =>
            {
                text.CopyTo(into);
                return text.Length;
            },
            s_ok,
            cancellationToken);
    }

    private static string Sku(int number) => string.Create(CultureInfo.InvariantCulture, $"SKU-{number:D7}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int WriteNumber(Span<byte> into, int number, byte digits = 0)
    {
        Utf8Formatter.TryFormat(number, into, out var length, digits > 0 ? new StandardFormat('D', digits) : default);
        return length;
    }

    private async Task<(double PerSecond, double P99)> RunAsync(
        int connections, TimeSpan time, Request request, byte[] status, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var stop = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var latencies = await Task.Factory.StartNew(
            () => Run(connections, stop, request, status), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        latencies.Sort();
        return (latencies.Count / seconds, latencies[(int)(latencies.Count * 0.99)]);
    }

    // One thread for all connections, as redis-benchmark has: more of them would spend the machine on waking each other up.
    private List<float> Run(int callers, long stop, Request request, byte[] status)
    {
        var latencies = new List<float>(1 << 20);
        using var ready = new ReadySockets(callers);
        Connection[] connections = [.. Enumerable.Range(0, callers).Select(caller => new Connection(HttpWire.Connect(port), caller))];
        try
        {
            for (var i = 0; i < connections.Length; i++)
            {
                ready.Watch(connections[i].Wire.Socket.SafeHandle, i);
                connections[i].Send(request, Stopwatch.GetTimestamp());
            }

            for (var busy = connections.Length; busy > 0;)
            {
                var count = ready.Wait();
                for (var i = 0; i < count; i++)
                {
                    var connection = connections[ready.Number(i)];
                    if (!connection.Wire.TryReceive(status))
                    {
                        continue;
                    }

                    var now = Stopwatch.GetTimestamp();
                    latencies.Add((float)Stopwatch.GetElapsedTime(connection.Sent, now).TotalMilliseconds);
                    if (now < stop)
                    {
                        connection.Send(request, now);
                    }
                    else
                    {
                        busy--;
                    }
                }
            }
        }
        finally
        {
            foreach (var connection in connections)
            {
                connection.Wire.Dispose();
            }
        }

        return latencies;
    }

    private sealed class Connection(HttpWire wire, int caller)
    {
        private readonly Random _random = new(caller);
        private readonly byte[] _text = new byte[LongestRequest];
        private int _count;

        public HttpWire Wire => wire;

        public long Sent { get; private set; }

        public void Send(Request request, long now)
        {
            var length = request(_text, _random, caller, _count++);
            Sent = now;
            wire.Send(_text.AsSpan(0, length));
        }
    }
}
