using System.Globalization;
using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>What a file in <c>_delta_log</c> is. Of the checkpoints of one version the first kind is preferred.</summary>
internal enum LogFileKind
{
    /// <summary><c>%020d.json</c>.</summary>
    Commit,

    /// <summary><c>%020d.%020d.compacted.json</c>: the commits from one version to another, reconciled.</summary>
    Compaction,

    /// <summary><c>%020d.checkpoint.parquet</c>.</summary>
    ClassicCheckpoint,

    /// <summary><c>%020d.checkpoint.UUID.json</c> or <c>.parquet</c>.</summary>
    UuidCheckpoint,

    /// <summary><c>%020d.checkpoint.%010d.%010d.parquet</c>.</summary>
    MultiPartCheckpoint,

    /// <summary><c>%020d.crc</c>.</summary>
    Checksum,
}

/// <summary>A file of the log, by its name (protocol section "File Types").</summary>
/// <param name="Path">Path in the store.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Version">Version that it belongs to; the first one of a compaction.</param>
/// <param name="LastVersion">The last version of a compaction; otherwise the same as <paramref name="Version"/>.</param>
/// <param name="Part">Number of the part, from 1; 1 for files of one part.</param>
/// <param name="Parts">Number of parts.</param>
/// <param name="LastModified">Time of last modification.</param>
internal readonly record struct LogFile(string Path, LogFileKind Kind, long Version, long LastVersion, int Part, int Parts, DateTimeOffset LastModified)
{
    private const int VersionDigits = 20;

    public bool IsCheckpoint => Kind is LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint or LogFileKind.MultiPartCheckpoint;

    public static string CommitPath(string logPrefix, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.json");

    public static string CheckpointPath(string logPrefix, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.checkpoint.parquet");

    public static string UuidCheckpointPath(string logPrefix, long version, Guid id) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.checkpoint.{id:D}.parquet");

    public static string ChecksumPath(string logPrefix, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}.crc");

    public static string SidecarFolder(string logPrefix) => logPrefix + "_sidecars";

    /// <summary>A path that sorts before every file of the version and after those of the version before.</summary>
    public static string Before(string logPrefix, long version) => string.Create(CultureInfo.InvariantCulture, $"{logPrefix}{version:D20}");

    /// <summary>The file of a commit.</summary>
    public static LogFile Commit(string path, long version, DateTimeOffset lastModified) => Single(path, LogFileKind.Commit, version, lastModified);

    /// <summary>The file, or null if the name is none of the log's: those are ignored.</summary>
    public static LogFile? TryParse(ObjectInfo info, string logPrefix)
    {
        var name = info.Path.AsSpan(logPrefix.Length);
        if (name.Length <= VersionDigits || name[VersionDigits] != '.' || !TryDigits(name[..VersionDigits], out var version))
        {
            return null;
        }

        var rest = name[(VersionDigits + 1)..];
        return rest switch
        {
            "json" => Single(info.Path, LogFileKind.Commit, version, info.LastModified),
            "crc" => Single(info.Path, LogFileKind.Checksum, version, info.LastModified),
            "checkpoint.parquet" => Single(info.Path, LogFileKind.ClassicCheckpoint, version, info.LastModified),
            _ when rest.StartsWith("checkpoint.", StringComparison.Ordinal) => Checkpoint(info, version, rest["checkpoint.".Length..]),
            _ => Compaction(info, version, rest),
        };
    }

    private static LogFile Single(string path, LogFileKind kind, long version, DateTimeOffset lastModified) =>
        new(path, kind, version, version, 1, 1, lastModified);

    private static LogFile? Checkpoint(ObjectInfo info, long version, ReadOnlySpan<char> rest)
    {
        if (rest is { Length: 29 } && rest[10] == '.' && rest.EndsWith(".parquet", StringComparison.Ordinal)
            && TryDigits(rest[..10], out var part) && TryDigits(rest[11..21], out var parts)
            && part >= 1 && part <= parts && parts <= int.MaxValue)
        {
            return new(info.Path, LogFileKind.MultiPartCheckpoint, version, version, (int)part, (int)parts, info.LastModified);
        }

        var dot = rest.IndexOf('.');
        return dot > 0 && Guid.TryParse(rest[..dot], out _) && rest[dot..] is ".json" or ".parquet"
            ? Single(info.Path, LogFileKind.UuidCheckpoint, version, info.LastModified)
            : null;
    }

    private static LogFile? Compaction(ObjectInfo info, long version, ReadOnlySpan<char> rest) =>
        rest.Length == VersionDigits + ".compacted.json".Length && rest.EndsWith(".compacted.json", StringComparison.Ordinal)
        && TryDigits(rest[..VersionDigits], out var last) && last > version
            ? new(info.Path, LogFileKind.Compaction, version, last, 1, 1, info.LastModified)
            : null;

    private static bool TryDigits(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
