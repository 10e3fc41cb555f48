using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace RetailFlow.Bench;

/// <summary>Runs a measured side in a process of its own, so that neither memory nor warm code leaks from one side into the other.</summary>
internal static class ChildProcess
{
    /// <summary>This program, to be started with other arguments.</summary>
    public static ProcessStartInfo ThisProgram(params IEnumerable<string> arguments)
    {
        var path = Environment.ProcessPath ?? throw new BenchException("The path of this program is not known.");
        var start = new ProcessStartInfo(path) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(path) == "dotnet")
        {
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    public static async Task<MeasuredOutcome> MeasureAsync(MeasuredJob job, CancellationToken cancellationToken)
    {
        var start = ThisProgram("bench", "--child", JsonSerializer.Serialize(job));
        return JsonSerializer.Deserialize<MeasuredOutcome>(await LastLineAsync(start, job.Side.ToString(), cancellationToken))!;
    }

    /// <summary>Runs a child and gives the last line that it printed.</summary>
    /// <exception cref="BenchException">It failed; its error was shown.</exception>
    public static async Task<string> LastLineAsync(ProcessStartInfo start, string what, CancellationToken cancellationToken)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start) ?? throw new BenchException($"{start.FileName} did not start.");
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            var last = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
            return process.ExitCode == 0 && last is not null
                ? last
                : throw new BenchException($"The measured process for {what} ended with code {process.ExitCode}; its error is above.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }
}
