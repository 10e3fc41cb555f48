using System.Diagnostics;

namespace RetailFlow.Bench.Ingest;

/// <summary>A node in a process of its own, on an empty lake. It ends with this object.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private NodeProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public int Id => _process.Id;

    public long PeakBytes => ProcessMemory.PeakBytes(_process.Id);

    /// <exception cref="BenchException">The node does not become ready.</exception>
    public static async Task<NodeProcess> StartAsync(string lake, string project, CancellationToken cancellationToken, params string[] more)
    {
        var port = LoopbackPort.Free();
        var url = FormattableString.Invariant($"http://127.0.0.1:{port}");
        var start = ChildProcess.ThisProgram(["up", "--urls", url, "--lake", lake, "--project", project, "--reconcile-every", "0", .. more]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var process = Process.Start(start) ?? throw new BenchException("The node did not start.");
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            await ReadyAsync(process, url, errors, cancellationToken);
            return new NodeProcess(process, port);
        }
        catch
        {
            await Signals.EndAsync(process, Signals.Terminate, s_patience);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Stands still until <see cref="Resume"/>, so that the machine belongs to something else; what it had to do remains to be done.</summary>
    public void Pause() => Signals.SendTo(_process, Signals.Stop);

    public void Resume() => Signals.SendTo(_process, Signals.Continue);

    public async ValueTask DisposeAsync()
    {
        await Signals.EndAsync(_process, Signals.Terminate, s_patience);
        _process.Dispose();
    }

    private static async Task ReadyAsync(Process process, string url, Task<string> errors, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process.HasExited)
            {
                throw new BenchException($"The node ended while starting: {(await errors).Trim()}");
            }

            try
            {
                using var answer = await client.GetAsync(new Uri(url + "/health/ready"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < s_patience)
            {
                // Not listening yet.
            }

            if (Stopwatch.GetElapsedTime(started) > s_patience)
            {
                throw new BenchException($"The node was not ready after {s_patience.TotalSeconds:0} seconds.");
            }

            await Task.Delay(50, cancellationToken);
        }
    }
}
