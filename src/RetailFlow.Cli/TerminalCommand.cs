using System.Runtime.InteropServices;
using System.Text;

namespace RetailFlow.Cli;

/// <summary>Runs the command in a real process: standard streams, signals.</summary>
internal static class TerminalCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await using var output = Console.OpenStandardOutput();
        await using var error = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true };
        var host = new CommandHost
        {
            Output = output,
            Error = TextWriter.Synchronized(error),
            Input = Console.In,
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Variable = Environment.GetEnvironmentVariable,
            WorkingDirectory = Environment.CurrentDirectory,
            ProgramDirectory = AppContext.BaseDirectory,
        };
        return (int)await new CommandLine(host).RunAsync(args, stop.Token);

        // The first signal asks; a second one ends the process the way the system does.
        void OnSignal(PosixSignalContext signal)
        {
            if (!stop.IsCancellationRequested)
            {
                signal.Cancel = true;
                stop.Cancel();
            }
        }
    }
}
