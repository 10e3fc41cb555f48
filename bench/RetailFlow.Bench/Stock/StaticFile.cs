using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using RetailFlow.Bench.Ingest;

namespace RetailFlow.Bench.Stock;

/// <summary>The web server that the node has, in a process of its own, with nothing to do but to serve a file.</summary>
internal sealed class StaticFile : IAsyncDisposable
{
    public const string Name = "answer.json";

    private const string Job = "static-file:";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private StaticFile(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts serving <see cref="Name"/> in a folder.</summary>
    public static async Task<StaticFile> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.Free();
        var start = ChildProcess.ThisProgram("bench", "--child", string.Create(CultureInfo.InvariantCulture, $"{Job}{port}:{folder}"));
        start.RedirectStandardOutput = true;
        var process = Process.Start(start) ?? throw new BenchException("The web server did not start.");
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) is null)
        {
            throw new BenchException("The web server ended while starting.");
        }

        return new StaticFile(process, port);
    }

    /// <summary>Whether a child's job is to serve a file.</summary>
    public static bool IsJob(string job) => job.StartsWith(Job, StringComparison.Ordinal);

    /// <summary>Serves until the process is told to end.</summary>
    public static async Task RunAsync(string job, TextWriter output, CancellationToken cancellationToken)
    {
        var parts = job.Split(':', 3);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{parts[1]}");
        await using var web = builder.Build();
        using var files = new PhysicalFileProvider(parts[2]);
        web.UseStaticFiles(new StaticFileOptions { FileProvider = files });
        await web.StartAsync(cancellationToken);
        await output.WriteLineAsync("ready");
        await output.FlushAsync(cancellationToken);
        var ended = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(ended.SetResult);
        await ended.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await Signals.EndAsync(_process, Signals.Terminate, s_patience);
        _process.Dispose();
    }
}
