using System.Globalization;

namespace RetailFlow.Bench;

/// <summary>Processor time: unlike elapsed time, it hardly depends on what else the machine does.</summary>
internal static class ProcessCpu
{
    // Of the fields after the name: parent is the second, utime and stime the twelfth and thirteenth, in 1/100 s.
    private const int Parent = 1;
    private const int User = 11;
    private const int System = 12;
    private const double TicksPerSecond = 100;

    /// <summary>Seconds that a process and its living children have used, or null where the system does not tell.</summary>
    public static double? Seconds(int processId)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return null;
        }

        var id = processId.ToString(CultureInfo.InvariantCulture);
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            if (Fields(folder) is { } fields && (Path.GetFileName(folder) == id || fields[Parent] == id))
            {
                ticks += long.Parse(fields[User], CultureInfo.InvariantCulture) + long.Parse(fields[System], CultureInfo.InvariantCulture);
            }
        }

        return ticks / TicksPerSecond;
    }

    private static string[]? Fields(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            // It ended while the folder was read.
            return null;
        }
    }
}
