using System.Diagnostics;
using System.Globalization;

namespace RetailFlow.Bench;

/// <summary>The most memory a process has had resident at once.</summary>
internal static class ProcessMemory
{
    /// <summary>Begins to count anew for this process, where the system can.</summary>
    public static void ResetPeak()
    {
        // proc(5): 5 sets the peak to what is resident.
        const string references = "/proc/self/clear_refs";
        if (File.Exists(references))
        {
            File.WriteAllText(references, "5");
        }
    }

    /// <param name="processId">The process; null is this one.</param>
    /// <returns>Bytes.</returns>
    public static long PeakBytes(int? processId = null)
    {
        var path = $"/proc/{processId?.ToString(CultureInfo.InvariantCulture) ?? "self"}/status";
        if (File.Exists(path))
        {
            var line = File.ReadLines(path).FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (line is not null)
            {
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture) * 1_024;
            }
        }

        using var process = processId is { } id ? Process.GetProcessById(id) : Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
