namespace RetailFlow.Delta;

/// <summary>One entry of a commit or a checkpoint. The set is closed: the actions of the Delta protocol that RetailFlow knows.</summary>
public abstract record DeltaAction
{
    private protected DeltaAction()
    {
    }
}

/// <summary>What a client must understand to read or write the table (protocol section "Protocol Evolution").</summary>
/// <param name="MinReaderVersion">Lowest reader version; 3 means that <paramref name="ReaderFeatures"/> counts.</param>
/// <param name="MinWriterVersion">Lowest writer version; 7 means that <paramref name="WriterFeatures"/> counts.</param>
/// <param name="ReaderFeatures">Names of reader features; null below reader version 3.</param>
/// <param name="WriterFeatures">Names of writer features; null below writer version 7.</param>
public sealed record Protocol(
    int MinReaderVersion,
    int MinWriterVersion,
    IReadOnlySet<string>? ReaderFeatures = null,
    IReadOnlySet<string>? WriterFeatures = null) : DeltaAction;

/// <summary>The progress of one application, kept in the same commit as its data: the base of exactly-once writing.</summary>
/// <param name="AppId">Name of the application.</param>
/// <param name="Version">A number of the application's choosing, typically its input position.</param>
/// <param name="LastUpdated">Milliseconds since 1970 UTC at which it was set; null if unknown.</param>
public sealed record SetTransaction(string AppId, long Version, long? LastUpdated = null) : DeltaAction;

/// <summary>Configuration of a named domain.</summary>
/// <param name="Domain">Name of the domain; <c>delta.*</c> belongs to the protocol.</param>
/// <param name="Configuration">Text whose meaning the domain defines.</param>
/// <param name="Removed">True when this action removes the domain.</param>
public sealed record DomainMetadata(string Domain, string Configuration, bool Removed) : DeltaAction;

/// <summary>A file of row changes of its version (action <c>cdc</c>).</summary>
public sealed record AddCdcFile : DeltaAction
{
    /// <summary>Path as in the log: a percent-encoded URI, relative to the table or absolute.</summary>
    public required string Path { get; init; }

    /// <summary><see cref="Path"/> without percent encoding.</summary>
    public string DecodedPath => DeltaPath.Decode(Path);

    /// <summary>Partition values by column name; null is SQL NULL.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMaps.PartitionValues;

    /// <summary>Length in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Free text by key; null if there is none.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>A file with more actions of a version 2 checkpoint.</summary>
/// <param name="Path">File name below <c>_delta_log/_sidecars</c>, or an absolute URI.</param>
/// <param name="SizeInBytes">Length in bytes.</param>
/// <param name="ModificationTime">Milliseconds since 1970 UTC.</param>
public sealed record Sidecar(string Path, long SizeInBytes, long ModificationTime) : DeltaAction;

/// <summary>The head of a version 2 checkpoint.</summary>
/// <param name="Version">The version that the checkpoint describes.</param>
public sealed record CheckpointMetadata(long Version) : DeltaAction;

internal static class EmptyMaps
{
    public static readonly IReadOnlyDictionary<string, string?> PartitionValues = new Dictionary<string, string?>();
    public static readonly IReadOnlyDictionary<string, string> Text = new Dictionary<string, string>();
}
