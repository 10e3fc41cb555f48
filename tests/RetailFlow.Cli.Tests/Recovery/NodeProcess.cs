using System.Diagnostics;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary><c>retailflow up</c> as a process of its own, to be killed.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const string Listens = "RetailFlow listens on ";
    private readonly Process _process;
    private readonly Task<string> _error;

    private NodeProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public static NodeProcess Start(string lakePath, int intervalMilliseconds = 50)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "retailflow.exe" : "retailflow"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in new[]
        {
            "up", "--urls", "http://127.0.0.1:0", "--lake", lakePath, "--project", Path.Combine(Repository.Root, "lakehouse"),
            "--interval", intervalMilliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
        })
        {
            start.ArgumentList.Add(argument);
        }

        return new NodeProcess(Process.Start(start)!);
    }

    /// <summary>Waits until the node says where it listens.</summary>
    public async Task ListeningAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Listens, StringComparison.Ordinal))
            {
                Address = new Uri(line[Listens.Length..]);
                _ = _process.StandardOutput.ReadToEndAsync();
                return;
            }
        }

        throw new Xunit.Sdk.XunitException($"The node ended with {await ExitAsync()} before it listened: {await _error}");
    }

    /// <summary>Ends it as a power cut would end the process: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop and returns its exit code and what it logged.</summary>
    public async Task<(int Exit, string Error)> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return (await ExitAsync(), await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }
}
