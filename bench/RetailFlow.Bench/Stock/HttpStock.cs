using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>Reservations and reads over HTTP: connections that stay open, each waiting for its answer before it sends again.</summary>
internal sealed class HttpStock(int port, int skus)
{
    private const int Threads = 2;
    private const string Host = "Host: 127.0.0.1\r\n";

    private static readonly byte[] s_created = "HTTP/1.1 201"u8.ToArray();
    private static readonly byte[] s_ok = "HTTP/1.1 200"u8.ToArray();

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
    public Task<(double PerSecond, double P99)> HoldAsync(int connections, string run, bool hot, TimeSpan time, CancellationToken cancellationToken) =>
        RunAsync(
            connections,
            time,
            (random, caller, n) =>
            {
                var body = $$"""{"lines":[{"sku":"{{Sku(hot ? 0 : random.Next(skus))}}","location":"L1","quantity":1}]}""";
                return $"POST /v1/reservations HTTP/1.1\r\n{Host}Content-Type: application/json\r\nIdempotency-Key: {run}-{Text(caller)}-{Text(n)}\r\nContent-Length: {Text(body.Length)}\r\n\r\n{body}";
            },
            s_created,
            cancellationToken);

    /// <summary>Reads one SKU from each connection, again and again.</summary>
    public Task<(double PerSecond, double P99)> ReadAsync(int connections, TimeSpan time, CancellationToken cancellationToken) =>
        RunAsync(connections, time, (random, _, _) => $"GET /v1/stock/{Sku(random.Next(skus))} HTTP/1.1\r\n{Host}\r\n", s_ok, cancellationToken);

    /// <summary>Reads a path from each connection, again and again.</summary>
    public Task<(double PerSecond, double P99)> GetAsync(int connections, string path, TimeSpan time, CancellationToken cancellationToken) =>
        RunAsync(connections, time, (_, _, _) => $"GET {path} HTTP/1.1\r\n{Host}\r\n", s_ok, cancellationToken);

    private static string Sku(int number) => string.Create(CultureInfo.InvariantCulture, $"SKU-{number:D7}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<(double PerSecond, double P99)> RunAsync(
        int connections, TimeSpan time, Func<Random, int, int, string> request, byte[] status, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var stop = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var all = await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () => Run([.. Enumerable.Range(0, connections).Where(c => c % Threads == thread)], stop, request, status),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var sorted = all.SelectMany(l => l).Order().ToArray();
        return (sorted.Length / seconds, sorted[(int)(sorted.Length * 0.99)]);
    }

    // One thread for many connections, as pgbench has them: a thread or task for each would spend the machine on waking up.
    private List<float> Run(int[] callers, long stop, Func<Random, int, int, string> request, byte[] status)
    {
        var connections = callers.Select(caller => new Connection(HttpWire.Connect(port), caller)).ToDictionary(c => c.Wire.Socket);
        var latencies = new List<float>(1 << 18);
        try
        {
            foreach (var connection in connections.Values)
            {
                connection.Send(request);
            }

            var busy = connections.Count;
            var ready = new List<Socket>(busy);
            while (busy > 0)
            {
                ready.Clear();
                ready.AddRange(connections.Values.Where(c => c.IsBusy).Select(c => c.Wire.Socket));
                Socket.Select(ready, null, null, Timeout.InfiniteTimeSpan);
                foreach (var socket in ready)
                {
                    var connection = connections[socket];
                    if (!connection.Wire.TryReceive(status))
                    {
                        continue;
                    }

                    latencies.Add((float)Stopwatch.GetElapsedTime(connection.Sent).TotalMilliseconds);
                    if (Stopwatch.GetTimestamp() < stop)
                    {
                        connection.Send(request);
                    }
                    else
                    {
                        connection.IsBusy = false;
                        busy--;
                    }
                }
            }
        }
        finally
        {
            foreach (var connection in connections.Values)
            {
                connection.Wire.Dispose();
            }
        }

        return latencies;
    }

    private sealed class Connection(HttpWire wire, int caller)
    {
        private readonly Random _random = new(caller);
        private int _count;

        public HttpWire Wire => wire;

        public bool IsBusy { get; set; } = true;

        public long Sent { get; private set; }

        public void Send(Func<Random, int, int, string> request)
        {
            var bytes = Encoding.ASCII.GetBytes(request(_random, caller, _count++));
            Sent = Stopwatch.GetTimestamp();
            wire.Send(bytes);
        }
    }
}
