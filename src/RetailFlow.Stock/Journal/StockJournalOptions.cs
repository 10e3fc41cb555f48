using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>How a journal is kept.</summary>
public sealed record StockJournalOptions
{
    /// <summary>The clock that stamps records and decides the day of a segment.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Bytes after which a new segment is begun; one group of records may go beyond it.</summary>
    public long SegmentBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>The <c>source=</c> of the segments' folder: the door by which records come in.</summary>
    public string Door { get; init; } = "http";

    /// <summary>Sequence of the first record; above 1 where a journal goes on behind another one.</summary>
    public long FirstSequence { get; init; } = 1;

    /// <summary>When segments keep room behind their end, and how much. The clock is <see cref="TimeProvider"/>.</summary>
    public PreparedLogFileOptions Room { get; init; } = new();

    /// <summary>Limits of the group commit.</summary>
    public GroupCommitOptions GroupCommit { get; init; } = new();

    /// <summary>
    /// Called on the writer for each batch, in the order of the sequence, before the batch is written; what it returns is the
    /// receipt's <see cref="JournalReceipt.Admission"/>. It must be quick, and must throw before it changes any state of its own:
    /// a batch that it throws on is not written, and its caller gets the exception.
    /// </summary>
    public Func<JournalBatch, JournalStamp, object?>? Admission { get; init; }

    /// <summary>Decides on what comes in and adds entries of its own to the same sequence; null if nobody does.</summary>
    public IJournalFollower? Follower { get; init; }

    /// <summary>Other files than those of the local disk.</summary>
    public IJournalFiles? Files { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstSequence, 1);
        bool valid = Door.Length is >= 1 and <= 64 && Door.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            && Door is not ("." or "..");
        if (!valid)
        {
            throw new ArgumentException($"The door '{Door}' must be 1 to 64 letters, digits, '-', '_' or '.'.", nameof(Door));
        }
    }
}

/// <summary>What the writer gives a batch.</summary>
/// <param name="FirstSequence">Sequence of the batch's first record; the others follow without a gap.</param>
/// <param name="ReceivedAtMicros">Moment of receipt of all its records, microseconds since 1970 UTC.</param>
public readonly record struct JournalStamp(long FirstSequence, long ReceivedAtMicros);

/// <summary>The answer to a batch: it is durable.</summary>
/// <param name="FirstSequence">Sequence of its first record.</param>
/// <param name="LastSequence">Sequence of its last record; for an empty batch one less than the first.</param>
/// <param name="ReceivedAt">Moment of receipt as it stands in RAW.</param>
/// <param name="Admission">What <see cref="StockJournalOptions.Admission"/> returned.</param>
public readonly record struct JournalReceipt(long FirstSequence, long LastSequence, DateTimeOffset ReceivedAt, object? Admission);

/// <summary>What opening a journal found.</summary>
/// <param name="LastSequence">Sequence of the last record; if there is none, the one before the journal's first.</param>
/// <param name="Segments">Segments that hold records.</param>
/// <param name="TornBytes">Bytes cut from the end: never durable, so never acknowledged.</param>
public readonly record struct JournalRecovery(long LastSequence, int Segments, long TornBytes);

/// <summary>A run of durable records in one segment.</summary>
/// <param name="Path">The segment, relative to the lake.</param>
/// <param name="FromOffset">Where the first record begins, in bytes.</param>
/// <param name="ToOffset">Where the last record ends.</param>
/// <param name="FirstSequence">Sequence of the first record.</param>
/// <param name="LastSequence">Sequence of the last record.</param>
public readonly record struct JournalRange(string Path, long FromOffset, long ToOffset, long FirstSequence, long LastSequence);

/// <summary>The journal's segments contradict each other or hold something else than was written. Nothing is repaired.</summary>
public sealed class JournalCorruptException : IOException
{
    /// <summary>Names the segment and what is wrong with it.</summary>
    public JournalCorruptException(string path, string complaint)
        : base($"The journal segment '{path}' {complaint}.") => Path = path;

    /// <summary>The segment, relative to the lake.</summary>
    public string Path { get; }
}
