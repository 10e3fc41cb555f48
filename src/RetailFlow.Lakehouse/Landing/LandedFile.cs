using RetailFlow.Delta;

namespace RetailFlow.Lakehouse.Landing;

/// <summary>A row of <c>system.landed_files</c>: bytes of RAW that the pipeline may read, in the order in which they were accepted.</summary>
internal sealed record LandedFile
{
    /// <summary>The feed of the journal's ranges.</summary>
    public const string JournalFeed = "inventory";

    /// <summary>Place in the order of acceptance over all feeds; starts at 1.</summary>
    public required long Ordinal { get; init; }

    public required string Feed { get; init; }

    public required string Source { get; init; }

    public required string BatchId { get; init; }

    /// <summary>Path below the lake's root.</summary>
    public required string Path { get; init; }

    /// <summary><c>file</c>, or <c>journal</c> for a range of a stock journal's segment.</summary>
    public required string Kind { get; init; }

    /// <summary>First byte of the range.</summary>
    public required long FromOffset { get; init; }

    /// <summary>Byte after the range.</summary>
    public required long ToOffset { get; init; }

    /// <summary>SHA-256 of a file in hexadecimal; null for a journal range, whose lines carry checksums.</summary>
    public string? Sha256 { get; init; }

    /// <summary>First journal sequence of the range, or null.</summary>
    public long? FirstSequence { get; init; }

    /// <summary>Last journal sequence of the range, or null.</summary>
    public long? LastSequence { get; init; }

    public required DateTimeOffset LandedAt { get; init; }

    public bool IsJournal => Kind == "journal";

    /// <summary>Schema of the table.</summary>
    public static StructType Schema { get; } = new(
    [
        new StructField("ordinal", PrimitiveType.Long, false),
        new StructField("feed", PrimitiveType.String, false),
        new StructField("source", PrimitiveType.String, false),
        new StructField("batch_id", PrimitiveType.String, false),
        new StructField("path", PrimitiveType.String, false),
        new StructField("kind", PrimitiveType.String, false),
        new StructField("from_offset", PrimitiveType.Long, false),
        new StructField("to_offset", PrimitiveType.Long, false),
        new StructField("sha256", PrimitiveType.String, true),
        new StructField("first_sequence", PrimitiveType.Long, true),
        new StructField("last_sequence", PrimitiveType.Long, true),
        new StructField("landed_at", PrimitiveType.Timestamp, false),
    ]);
}

/// <summary>What a landing did.</summary>
/// <param name="Batches">One per file, in order.</param>
public sealed record LandReport(IReadOnlyList<LandedBatch> Batches);

/// <summary>One file in RAW.</summary>
/// <param name="Feed">Its feed.</param>
/// <param name="Source">The system it came from.</param>
/// <param name="BatchId">Its name within feed and source.</param>
/// <param name="Path">Path below the lake's root.</param>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="AlreadyThere">True if the batch had been landed before; nothing was changed.</param>
/// <param name="From">The file it was read from, or null for bytes that came over the network.</param>
public sealed record LandedBatch(string Feed, string Source, string BatchId, string Path, long Bytes, bool AlreadyThere, string? From);
