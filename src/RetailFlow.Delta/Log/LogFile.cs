using System.Globalization;
using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>What a file in <c>_delta_log</c> is.</summary>
internal enum LogFileKind
{
    /// <summary><c>%020d.json</c>.</summary>
    Commit,

    /// <summary><c>%020d.checkpoint.parquet</c>.</summary>
    ClassicCheckpoint,

    /// <summary><c>%020d.checkpoint.%010d.%010d.parquet</c>.</summary>
    MultiPartCheckpoint,

    /// <summary><c>%020d.checkpoint.UUID.json</c> or <c>.parquet</c>.</summary>
    UuidCheckpoint,
}

/// <summary>A file of the log, by its name (protocol section "File Types").</summary>
/// <param name="Path">Path in the store.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Version">Version that it belongs to.</param>
/// <param name="Part">Number of the part, from 1; 1 for files of one part.</param>
/// <param name="Parts">Number of parts.</param>
/// <param name="LastModified">Time of last modification.</param>
internal readonly record struct LogFile(string Path, LogFileKind Kind, long Version, int Part, int Parts, DateTimeOffset LastModified)
{
    private const int VersionDigits = 20;

    public static string CommitPath(string logPrefix, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.json");

    public static string CheckpointPath(string logPrefix, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.checkpoint.parquet");

    /// <summary>A path that sorts before every file of the version and after those of the version before.</summary>
    public static string Before(string logPrefix, long version) => string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}");

    /// <summary>The file, or null if the name is none of the log's that are read: those are ignored.</summary>
    public static LogFile? TryParse(ObjectInfo info, string logPrefix)
    {
        var name = info.Path.AsSpan(logPrefix.Length);
        if (name.Length <= VersionDigits || name[VersionDigits] != '.' || !TryDigits(name[..VersionDigits], out var version))
        {
            return null;
        }

        var rest = name[(VersionDigits + 1)..];
        if (rest.SequenceEqual("json"))
        {
            return new(info.Path, LogFileKind.Commit, version, 1, 1, info.LastModified);
        }

        if (rest.SequenceEqual("checkpoint.parquet"))
        {
            return new(info.Path, LogFileKind.ClassicCheckpoint, version, 1, 1, info.LastModified);
        }

        if (!rest.StartsWith("checkpoint.", StringComparison.Ordinal))
        {
            return null;
        }

        rest = rest["checkpoint.".Length..];
        if (rest is { Length: 29 } && rest[10] == '.' && rest.EndsWith(".parquet", StringComparison.Ordinal)
            && TryDigits(rest[..10], out var part) && TryDigits(rest[11..21], out var parts)
            && part >= 1 && part <= parts && parts <= int.MaxValue)
        {
            return new(info.Path, LogFileKind.MultiPartCheckpoint, version, (int)part, (int)parts, info.LastModified);
        }

        var dot = rest.IndexOf('.');
        return dot > 0 && Guid.TryParse(rest[..dot], out _) && rest[dot..] is ".json" or ".parquet"
            ? new(info.Path, LogFileKind.UuidCheckpoint, version, 1, 1, info.LastModified)
            : null;
    }

    private static bool TryDigits(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
