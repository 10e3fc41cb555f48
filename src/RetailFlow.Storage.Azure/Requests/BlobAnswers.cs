namespace RetailFlow.Storage.Azure;

/// <summary>What a HEAD tells of an object.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="LastModified">Time of the last write, UTC.</param>
/// <param name="Mark">The unique mark of the write that made the object, or null where another tool wrote it.</param>
/// <param name="IsDirectory">Whether it is a directory of a hierarchical namespace, or a marker of one.</param>
internal sealed record BlobProperties(long Length, DateTimeOffset LastModified, string? Mark, bool IsDirectory);

/// <summary>How a ranged read ended.</summary>
internal enum RangeAnswer
{
    Found,

    /// <summary>There is no such object.</summary>
    Missing,

    /// <summary>The object has another ETag than the one asked for.</summary>
    Changed,

    /// <summary>The range begins at or after the end, or the object is empty.</summary>
    Beyond,
}

/// <summary>One range of an object.</summary>
/// <param name="Answer">How the read ended; the other members are only set where it is <see cref="RangeAnswer.Found"/>.</param>
/// <param name="Content">The bytes.</param>
/// <param name="TotalLength">The length of the whole object.</param>
/// <param name="ETag">The version of the object that the bytes are from.</param>
internal sealed record BlobRange(RangeAnswer Answer, byte[] Content, long TotalLength, string ETag)
{
    public static BlobRange Missing { get; } = new(RangeAnswer.Missing, [], 0, "");

    public static BlobRange Changed { get; } = new(RangeAnswer.Changed, [], 0, "");

    public static BlobRange Beyond { get; } = new(RangeAnswer.Beyond, [], 0, "");
}

/// <summary>How a write is recognised and whether it may replace.</summary>
/// <param name="Mark">A value that no other write has.</param>
/// <param name="OnlyIfAbsent">Whether an existing object makes the service refuse.</param>
internal readonly record struct PutCondition(string Mark, bool OnlyIfAbsent);

/// <summary>How the service took a write.</summary>
internal enum PutAnswer
{
    Done,

    /// <summary>An object of that name existed when the only try arrived.</summary>
    Refused,

    /// <summary>An object of that name existed, and it may be the one that an earlier try of this write made.</summary>
    RefusedAfterLostAnswer,
}
