using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>A table to be created.</summary>
public sealed record TableDefinition
{
    /// <summary>Columns, partition columns included.</summary>
    public required StructType Schema { get; init; }

    /// <summary>Names of the partition columns, in order.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>Columns by which OPTIMIZE clusters the rows (protocol section "Clustered Table"); not together with partitions.</summary>
    public IReadOnlyList<string> ClusterBy { get; init; } = [];

    /// <summary>Table properties (<c>delta.*</c> and others); <c>delta.feature.NAME = supported</c> asks for a feature.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Who must be able to read the table; null to hold it to no profile.</summary>
    public TableProfile? Profile { get; init; } = TableProfile.Interop;

    /// <summary>Name for people, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Description for people, or null.</summary>
    public string? Description { get; init; }
}

/// <summary>How a statement is done once however often it is tried: the progress of an application, set in the same commit.</summary>
/// <param name="AppId">Name of the application.</param>
/// <param name="Version">Its number for this statement, above those before. A statement whose number is not above the table's is not done.</param>
public readonly record struct OnceOnly(string AppId, long Version);

/// <summary>What an append or overwrite did.</summary>
/// <param name="Version">Version that was committed; null if there was nothing to do, or it was done before.</param>
/// <param name="Rows">Rows written.</param>
/// <param name="FilesAdded">Data files written.</param>
/// <param name="FilesRemoved">Data files that left the table.</param>
/// <param name="Bytes">Bytes of data files written.</param>
public sealed record WriteReport(long? Version, long Rows, int FilesAdded, int FilesRemoved, long Bytes);
