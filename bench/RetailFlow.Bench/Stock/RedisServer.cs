using System.Diagnostics;
using System.Globalization;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>
/// A Redis server of its own, from the installed package, that syncs its log before it answers; and <c>redis-benchmark</c>, which drives
/// it. It ends with this object.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _port;

    private RedisServer(Process process, string port, string version)
    {
        _process = process;
        _port = port;
        Version = version;
    }

    public string Version { get; }

    /// <summary>Every write is synced before it is answered; the log is not rewritten during a measurement.</summary>
    public static IReadOnlyList<string> Settings { get; } = ["appendonly yes", "appendfsync always", "auto-aof-rewrite-percentage 0", "save \"\""];

    /// <exception cref="BenchException">Redis is not installed or does not start.</exception>
    public static async Task<RedisServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "redis")).FullName;
        var port = LoopbackPort.Free().ToString(CultureInfo.InvariantCulture);
        var process = Start(
            "redis-server",
            ["--port", port, "--bind", "127.0.0.1", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--daemonize", "no"]);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (true)
            {
                var (exit, output) = await RunAsync("redis-cli", ["-p", port, "info", "server"], cancellationToken);
                if (exit == 0 && output.Split('\n').FirstOrDefault(l => l.StartsWith("redis_version:", StringComparison.Ordinal)) is { } line)
                {
                    return new RedisServer(process, port, line.Split(':')[1].Trim());
                }

                if (process.HasExited || Stopwatch.GetElapsedTime(started) > s_patience)
                {
                    throw new BenchException("Redis did not start.");
                }

                await Task.Delay(20, cancellationToken);
            }
        }
        catch
        {
            await Signals.EndAsync(process, Signals.Terminate, s_patience);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Runs a command once and returns what it printed.</summary>
    public async Task<string> CommandAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (exit, output) = await RunAsync("redis-cli", ["-p", _port, "-e", .. command], cancellationToken);
        return exit == 0 ? output.Trim() : throw new BenchException($"Redis refused {command[0]}: {output.Trim()}");
    }

    /// <summary>Runs a command again and again from some connections; commands a second, and milliseconds of the 99th percentile.</summary>
    /// <param name="connections">Connections, each waiting for its answers before it sends again.</param>
    /// <param name="pipelined">Commands that a connection sends at once.</param>
    /// <param name="count">How many in all.</param>
    /// <param name="keys">Range of <c>__rand_int__</c> in the command.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<(double PerSecond, double P99)> MeasureAsync(
        int connections, int pipelined, int count, int keys, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (exit, output) = await RunAsync(
            "redis-benchmark",
            ["-p", _port, "-c", Text(connections), "-P", Text(pipelined), "-n", Text(count), "-r", Text(keys), "--precision", "3", "--csv", .. command],
            cancellationToken);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var head = lines.FirstOrDefault(l => l.StartsWith("\"test\"", StringComparison.Ordinal))?.Split(',').ToList();
        if (exit != 0 || head is null)
        {
            throw new BenchException($"redis-benchmark failed: {output.Trim()}");
        }

        // The name of the test is the command, in which there may be commas: columns are counted from the end.
        var values = lines[^1].Split(',');
        double Value(string name) => double.Parse(values[values.Length - head.Count + head.IndexOf($"\"{name}\"")].Trim('"'), CultureInfo.InvariantCulture);
        return (Value("rps"), Value("p99_latency_ms"));
    }

    public async ValueTask DisposeAsync()
    {
        await Signals.EndAsync(_process, Signals.Terminate, s_patience);
        _process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<(int Exit, string Output)> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(program, arguments);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output.Length > 0 ? output : await error);
    }

    private static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return Process.Start(start) ?? throw new BenchException($"{program} did not start.");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new BenchException($"{program} is not installed; eng/install-redis.sh installs it ({missing.Message}).");
        }
    }
}
