namespace RetailFlow.Delta;

/// <summary>A file that is no longer part of the table (action <c>remove</c>); a tombstone until its retention has passed.</summary>
public sealed record RemoveFile : DeltaAction
{
    /// <summary>Path as in the log: a percent-encoded URI, relative to the table or absolute.</summary>
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

    /// <summary>Milliseconds since 1970 UTC at which it was removed; null if not recorded.</summary>
    public long? DeletionTimestamp { get; init; }

    /// <summary>False when the rows stay in the table in other files.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>True when partition values, size and tags are recorded.</summary>
    public bool? ExtendedFileMetadata { get; init; }

    /// <summary>Partition values by (physical) column name; null if not recorded.</summary>
    public IReadOnlyDictionary<string, string?>? PartitionValues { get; init; }

    /// <summary>Length in bytes; null if not recorded.</summary>
    public long? Size { get; init; }

    /// <summary>Statistics as JSON text, or null.</summary>
    public string? Stats { get; init; }

    /// <summary>Free text by key; null if there is none.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The deletion vector that the removed file had.</summary>
    public DeletionVectorDescriptor? DeletionVector { get; init; }

    /// <summary>Row id of the first row, where row tracking is on.</summary>
    public long? BaseRowId { get; init; }

    /// <summary>Version in which the rows were first committed, where row tracking is on.</summary>
    public long? DefaultRowCommitVersion { get; init; }

    /// <summary>Identity of the file in the log.</summary>
    public FileKey Key => new(DeltaPath.Canonical(DecodedPath), DeletionVector?.UniqueId);

    /// <summary>The tombstone of a live file, with what the change data feed and a restore need of it.</summary>
    /// <param name="file">A file of the table.</param>
    /// <param name="deletionTimestamp">Milliseconds since 1970 UTC.</param>
    /// <param name="dataChange">False when the rows stay in the table in other files.</param>
    public static RemoveFile Of(AddFile file, long deletionTimestamp, bool dataChange) => new()
    {
        Path = file.Path,
        DeletionTimestamp = deletionTimestamp,
        DataChange = dataChange,
        ExtendedFileMetadata = true,
        PartitionValues = file.PartitionValues,
        Size = file.Size,
        Tags = file.Tags,
        DeletionVector = file.DeletionVector,
        BaseRowId = file.BaseRowId,
        DefaultRowCommitVersion = file.DefaultRowCommitVersion,
    };
}
