using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RetailFlow.Bench.Ingest;

/// <summary>Asks a process to end, and waits until it has.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    /// <summary>Sends a signal; a process that has not ended after <paramref name="patience"/> is killed.</summary>
    public static async Task EndAsync(Process process, int signal, TimeSpan patience)
    {
        if (process.HasExited)
        {
            return;
        }

        // A process that ends in this moment cannot be signalled any more, which is as good.
        _ = Send(process.Id, signal);
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
