using System.Globalization;

namespace RetailFlow.Delta;

/// <summary>What brings a table back to an earlier version: a new version with its files and metadata. Pure.</summary>
/// <param name="Add">Files of the target that the table no longer has. They, and the files of their deletion vectors, must still exist.</param>
/// <param name="Remove">Files of the table that the target does not have.</param>
/// <param name="Metadata">The metadata to set; null if it is what the table has.</param>
/// <param name="Protocol">The protocol to set; null if it is what the table has. Never lower than it was.</param>
public sealed record RestorePlan(IReadOnlyList<AddFile> Add, IReadOnlyList<AddFile> Remove, Metadata? Metadata, Protocol? Protocol)
{
    // Kept by writers and never going back: an id or a time would be given out twice.
    private static readonly string[] Forward =
    [
        "delta.inCommitTimestampEnablementVersion",
        "delta.inCommitTimestampEnablementTimestamp",
        "delta.enableInCommitTimestamps",
        TableProfile.Property,
        RowTracking.RowIdColumn,
        RowTracking.RowVersionColumn,
    ];

    private Snapshot? Current { get; init; }

    private Snapshot? Target { get; init; }

    /// <summary>True when the table is as the target was.</summary>
    public bool IsEmpty => Add.Count == 0 && Remove.Count == 0 && Metadata is null && Protocol is null;

    /// <summary>Paths of the files that must still exist, decoded, relative to the table or absolute as in the log.</summary>
    public IReadOnlyList<string> NeededFiles =>
    [
        .. Add.SelectMany(f => (string?[])[f.DecodedPath, f.DeletionVector is { } vector ? DeletionVectorFiles.PathOf(vector) : null])
            .OfType<string>()
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Plans the way back.</summary>
    /// <param name="current">The newest version of the table.</param>
    /// <param name="target">An earlier version of the same table.</param>
    /// <exception cref="DeltaException">They are not versions of one table.</exception>
    public static RestorePlan For(Snapshot current, Snapshot target)
    {
        if (current.TablePath != target.TablePath || target.Version > current.Version)
        {
            throw DeltaException.InvalidCommit($"Version {target.Version} of '{target.TablePath}' is not an earlier version of '{current.TablePath}'.");
        }

        var metadata = Restored(current.Metadata, target.Metadata);
        var protocol = ProtocolUpgrade.For(current.Protocol, metadata);
        return new RestorePlan(
            [.. target.Files.Where(f => current.FindFile(f.Key) is null).Select(f => f with { DataChange = true })],
            [.. current.Files.Where(f => target.FindFile(f.Key) is null)],
            Same(metadata, current.Metadata) ? null : metadata,
            ReferenceEquals(protocol, current.Protocol) ? null : protocol)
        {
            Current = current,
            Target = target,
        };
    }

    /// <summary>The transaction that does it. A concurrent change of data is a conflict: then plan again.</summary>
    public DeltaTransaction ToTransaction()
    {
        var (current, target) = (Current!, Target!);
        var transaction = DeltaTransaction.Create(current, "RESTORE");
        transaction.OperationParameters["version"] = target.Version.ToString(CultureInfo.InvariantCulture);
        transaction.SetMetric("numRestoredFiles", Add.Count);
        transaction.SetMetric("numRemovedFiles", Remove.Count);
        transaction.ReadWholeTable();

        // The rows obeyed the rules of their version, and come back with its metadata and with the row ids that they had.
        transaction.RestoresFormerState();
        transaction.EnforcedConstraints();
        transaction.StateRowIds(preserved: true);
        if (Metadata is not null)
        {
            transaction.SetMetadata(Metadata);
        }

        if (Protocol is not null)
        {
            transaction.SetProtocol(Protocol);
        }

        foreach (var file in Remove)
        {
            transaction.Remove(file);
        }

        foreach (var file in Add)
        {
            transaction.Add(file);
        }

        var clustering = target.DomainMetadata.GetValueOrDefault(Clustering.Domain);
        if (clustering?.Configuration != current.DomainMetadata.GetValueOrDefault(Clustering.Domain)?.Configuration)
        {
            transaction.CopyDomain(clustering ?? new DomainMetadata(Clustering.Domain, """{"clusteringColumns":[]}""", Removed: false));
        }

        return transaction;
    }

    private static Metadata Restored(Metadata current, Metadata target)
    {
        var configuration = new Dictionary<string, string>(target.Configuration, StringComparer.Ordinal);
        foreach (var key in Forward)
        {
            if (current.Configuration.TryGetValue(key, out var value))
            {
                configuration[key] = value;
            }
        }

        if (MaxId(current) is { } highest && configuration.ContainsKey(ColumnMapping.MaxIdProperty))
        {
            configuration[ColumnMapping.MaxIdProperty] = Math.Max(highest, MaxId(target) ?? 0).ToString(CultureInfo.InvariantCulture);
        }

        return target with { Id = current.Id, Configuration = configuration };
    }

    private static long? MaxId(Metadata metadata) =>
        long.TryParse(metadata.Configuration.GetValueOrDefault(ColumnMapping.MaxIdProperty), CultureInfo.InvariantCulture, out var max) ? max : null;

    private static bool Same(Metadata a, Metadata b) =>
        a.SchemaString == b.SchemaString && a.Name == b.Name && a.Description == b.Description
        && a.PartitionColumns.SequenceEqual(b.PartitionColumns, StringComparer.Ordinal)
        && a.Configuration.Count == b.Configuration.Count
        && a.Configuration.All(p => b.Configuration.TryGetValue(p.Key, out var value) && value == p.Value);
}
