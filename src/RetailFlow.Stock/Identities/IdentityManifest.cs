using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Identities;

/// <summary>Which runs an index has, oldest first, and what of the lake is in them: one line of JSON and a line with its checksum.</summary>
internal sealed record IdentityManifest(int Format, long NextRun, IdentityPosition Position, IReadOnlyList<string> Runs)
{
    public const string FileName = "manifest.json";

    /// <summary>Changes with the layout of runs, and with the hashes of identities and contents.</summary>
    public const int CurrentFormat = 1;

    public void Write(IIdentityFiles files)
    {
        string line = JsonSerializer.Serialize(this);
        files.Write(FileName, stream => stream.Write(Encoding.UTF8.GetBytes($"{line}\n{Checksum(line)}\n")));
    }

    /// <summary>The manifest; null if there is none that can be used.</summary>
    public static IdentityManifest? TryRead(IIdentityFiles files)
    {
        if (files.Read(FileName) is not { } bytes || Encoding.UTF8.GetString(bytes).Split('\n') is not [{ } line, { } checksum, ""] || checksum != Checksum(line))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<IdentityManifest>(line) is { Format: CurrentFormat, Position: not null, Runs: not null } manifest ? manifest : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Checksum(string line) => Crc32C.Compute(Encoding.UTF8.GetBytes(line)).ToString("x8", CultureInfo.InvariantCulture);
}
