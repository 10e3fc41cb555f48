using System.Text;

namespace RetailFlow.Delta;

/// <summary>A file that is part of the table (action <c>add</c>). Two entries for one file are told apart by <see cref="Key"/>.</summary>
public sealed record AddFile : DeltaAction
{
    private readonly ReadOnlyMemory<byte> stats;

    /// <summary>Path as in the log: a percent-encoded URI, relative to the table or absolute. <see cref="DeltaPath.Encode"/> makes one.</summary>
    public required string Path
    {
        get;
        init
        {
            field = value;
            DecodedPath = DeltaPath.Decode(value);
        }
    }

    /// <summary><see cref="Path"/> without percent encoding.</summary>
    public string DecodedPath { get; private init; } = "";

    /// <summary>Partition values by (physical) column name; null is SQL NULL.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMaps.PartitionValues;

    /// <summary>Length in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Milliseconds since 1970 UTC at which the file was written.</summary>
    public required long ModificationTime { get; init; }

    /// <summary>False when the rows were in the table before and only moved (compaction, clustering).</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>Statistics as JSON text, or null.</summary>
    public string? Stats
    {
        get => stats.IsEmpty ? null : Encoding.UTF8.GetString(stats.Span);
        init => stats = value is null ? default : Encoding.UTF8.GetBytes(value);
    }

    /// <summary><see cref="Stats"/> as UTF-8, empty if there are none. What is given is kept without a copy and must not change.</summary>
    public ReadOnlyMemory<byte> StatsUtf8
    {
        get => stats;
        init => stats = value;
    }

    /// <summary>Statistics parsed at each call; null if there are none or if they are malformed (they are only hints).</summary>
    public FileStatistics? ParsedStatistics => stats.IsEmpty ? null : FileStatistics.TryParse(stats.Span);

    /// <summary>Free text by key; null if there is none.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Rows of the file that are deleted; null if none.</summary>
    public DeletionVectorDescriptor? DeletionVector { get; init; }

    /// <summary>Row id of the first row, where row tracking is on.</summary>
    public long? BaseRowId { get; init; }

    /// <summary>Version in which the rows were first committed, where row tracking is on.</summary>
    public long? DefaultRowCommitVersion { get; init; }

    /// <summary>Name of the clustering implementation, if the file was clustered.</summary>
    public string? ClusteringProvider { get; init; }

    /// <summary>Identity of the file in the log.</summary>
    public FileKey Key => new(DeltaPath.Canonical(DecodedPath), DeletionVector?.UniqueId);
}
