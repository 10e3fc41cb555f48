using System.Diagnostics;
using System.Runtime.InteropServices;
using RetailFlow.DuckDb;

namespace RetailFlow.Bench;

/// <summary>The machine a figure was measured on.</summary>
/// <param name="Processor">Model name.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="OperatingSystem">Name and version.</param>
/// <param name="Runtime">.NET version.</param>
/// <param name="DuckDb">Engine version.</param>
/// <param name="FileSystem">Type of the file system that the data is on.</param>
/// <param name="SyncMicroseconds">Median time of a 4 KiB append with fsync there: what durability costs at least.</param>
internal sealed record MachineFacts(
    string Processor, int Cores, long MemoryBytes, string OperatingSystem, string Runtime, string DuckDb, string FileSystem, double SyncMicroseconds)
{
    private const int Syncs = 101;

    public static MachineFacts Read(string folder) => new(
        ProcessorName(),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        DuckDbDatabase.LibraryVersion,
        FileSystemOf(folder),
        MeasureSync(folder));

    public override string ToString() => FormattableString.Invariant(
        $"{Cores} x {Processor}, {MemoryBytes / (double)(1 << 30):F1} GiB, {OperatingSystem}, {Runtime}, DuckDB {DuckDb}, {FileSystem} (append + fsync {SyncMicroseconds:F0} us)");

    private static string ProcessorName()
    {
        const string path = "/proc/cpuinfo";
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string FileSystemOf(string folder) => DriveInfo.GetDrives()
        .Where(drive => folder.StartsWith(drive.Name, StringComparison.Ordinal))
        .OrderBy(drive => drive.Name.Length)
        .Select(drive => drive.DriveFormat)
        .LastOrDefault("unknown");

    private static double MeasureSync(string folder)
    {
        var path = Path.Combine(folder, "sync-probe");
        var times = new double[Syncs];
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            var block = new byte[4_096];
            for (var i = 0; i < Syncs; i++)
            {
                var started = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, block, i * (long)block.Length);
                RandomAccess.FlushToDisk(file);
                times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }
        }

        File.Delete(path);
        return Median.Of(times);
    }
}
