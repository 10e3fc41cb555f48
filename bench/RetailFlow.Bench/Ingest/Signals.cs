using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RetailFlow.Bench.Ingest;

/// <summary>Signals to processes: to stand still, to go on, to end.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal to a process that runs.</summary>
    /// <exception cref="BenchException">It could not be sent.</exception>
    public static void SendTo(Process process, int signal)
    {
        if (Send(process.Id, signal) != 0)
        {
            throw new BenchException(FormattableString.Invariant($"Signal {signal} could not be sent to process {process.Id}: error {Marshal.GetLastPInvokeError()}."));
        }
    }

    /// <summary>Sends a signal; a process that has not ended after <paramref name="patience"/> is killed.</summary>
    public static async Task EndAsync(Process process, int signal, TimeSpan patience)
    {
        if (process.HasExited)
        {
            return;
        }

        // A process that ends in this moment cannot be signalled any more, which is as good.
        // One that stands still would not hear it.
        _ = Send(process.Id, signal);
        _ = Send(process.Id, Continue);
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
