using System.Buffers;

namespace RetailFlow.Delta;

/// <summary>What a commit must obey before it is written (protocol section "Requirements for Writers"). Pure.</summary>
internal static class CommitRules
{
    private static readonly SearchValues<char> InvalidNameCharacters = SearchValues.Create(" ,;{}()\n\t=");

    /// <summary>Throws if the transaction may not follow the snapshot.</summary>
    /// <param name="transaction">What shall be written.</param>
    /// <param name="latest">The version before it; null to create the table.</param>
    /// <param name="table">Path of the table, for messages.</param>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidCommit"/> or <see cref="DeltaErrorKind.UnsupportedFeature"/>.</exception>
    public static void Require(DeltaTransaction transaction, Snapshot? latest, string table)
    {
        var protocol = transaction.Protocol ?? latest?.Protocol
            ?? throw DeltaException.InvalidCommit($"The first commit of '{table}' needs a protocol.");
        var metadata = transaction.Metadata ?? latest?.Metadata
            ?? throw DeltaException.InvalidCommit($"The first commit of '{table}' needs metadata.");
        if (latest is not null)
        {
            SupportedFeatures.RequireWritable(latest.Protocol, latest.Metadata, table);
        }

        RequireProtocol(protocol, latest?.Protocol, table);
        SupportedFeatures.RequireReadable(protocol, metadata, table);
        SupportedFeatures.RequireWritable(protocol, metadata, table);
        if (transaction.Metadata is not null)
        {
            RequireMetadata(metadata, protocol, table);
        }

        RequireFiles(transaction, latest, metadata, table);
        RequireDomains(transaction, protocol, table);
    }

    private static void RequireProtocol(Protocol protocol, Protocol? previous, string table)
    {
        if (ProtocolRules.Malformed(protocol) is { } reason)
        {
            throw DeltaException.InvalidCommit($"The protocol of '{table}' is malformed: {reason}.");
        }

        if (previous is not null && ProtocolRules.IsDowngrade(previous, protocol))
        {
            throw DeltaException.InvalidCommit($"The protocol of '{table}' may not be lowered.");
        }
    }

    private static void RequireMetadata(Metadata metadata, Protocol protocol, string table)
    {
        if (metadata.SchemaString is null || metadata.Schema.Fields.Count == 0)
        {
            throw DeltaException.InvalidCommit($"The schema of '{table}' has no columns.");
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in metadata.Schema.Fields)
        {
            if (!names.Add(field.Name))
            {
                throw DeltaException.InvalidCommit($"The schema of '{table}' has the column '{field.Name}' twice: names must differ in more than case.");
            }

            if (field.Name.Length == 0 || field.Name.AsSpan().ContainsAny(InvalidNameCharacters))
            {
                throw DeltaException.InvalidCommit($"The column name '{field.Name}' of '{table}' is empty or has one of ' ,;{{}}()=', a tab or a line feed.");
            }
        }

        foreach (var partition in metadata.PartitionColumns)
        {
            if (metadata.Schema.Fields.FirstOrDefault(f => f.Name == partition) is not { } field)
            {
                throw DeltaException.InvalidCommit($"The partition column '{partition}' of '{table}' is not in its schema.");
            }

            if (field.Type is StructType or ArrayType or MapType)
            {
                throw DeltaException.InvalidCommit($"The partition column '{partition}' of '{table}' is nested.");
            }
        }

        if (metadata.PartitionColumns.Count >= metadata.Schema.Fields.Count
            || metadata.PartitionColumns.Distinct(StringComparer.Ordinal).Count() != metadata.PartitionColumns.Count)
        {
            throw DeltaException.InvalidCommit($"The partition columns of '{table}' repeat or are all of its columns.");
        }

        var properties = new TableProperties(metadata.Configuration);
        try
        {
            properties.RequireWellFormed();
        }
        catch (DeltaException e)
        {
            throw DeltaException.InvalidCommit(e.Message);
        }

        RequireFeature(Uses(metadata.Schema, PrimitiveType.TimestampNtz), "timestampNtz", "a column of the type timestamp_ntz", protocol, table);
        RequireFeature(Uses(metadata.Schema, PrimitiveType.Variant), "variantType", "a column of the type variant", protocol, table);
        RequireFeature(properties.InCommitTimestamps, "inCommitTimestamp", "delta.enableInCommitTimestamps", protocol, table);
    }

    private static void RequireFeature(bool used, string feature, string by, Protocol protocol, string table)
    {
        if (used && protocol.WriterFeatures?.Contains(feature) != true)
        {
            throw DeltaException.InvalidCommit($"The protocol of '{table}' must list the feature {feature} for {by}.");
        }
    }

    private static void RequireFiles(DeltaTransaction transaction, Snapshot? latest, Metadata metadata, string table)
    {
        var added = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in transaction.Adds)
        {
            if (file.DeletionVector is not null)
            {
                throw DeltaException.Unsupported($"'{file.DecodedPath}' cannot be added: the feature deletionVectors is not supported.");
            }

            RequirePartition(file, metadata, table);
            if (!added.Add(DeltaPath.Canonical(file.DecodedPath)))
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is added twice to '{table}'.");
            }
        }

        var removed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (file, dataChange) in transaction.Removes)
        {
            var path = DeltaPath.Canonical(file.DecodedPath);
            if (!removed.Add(path) || added.Contains(path))
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is removed from '{table}' and removed or added once more in one commit.");
            }

            if (latest?.FindFile(file.Key) is null)
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' cannot be removed: it is not in '{table}'.");
            }

            if (dataChange && (latest.Properties.AppendOnly || new TableProperties(metadata.Configuration).AppendOnly))
            {
                throw DeltaException.InvalidCommit($"'{table}' is append-only (delta.appendOnly): no rows may be removed.");
            }
        }

        if (transaction.ChangeFiles.Count > 0 && !new TableProperties(metadata.Configuration).ChangeDataFeed)
        {
            throw DeltaException.InvalidCommit($"'{table}' keeps no change data feed (delta.enableChangeDataFeed), so no change files can be added.");
        }
    }

    private static void RequirePartition(AddFile file, Metadata metadata, string table)
    {
        if (file.Path.Length == 0 || file.DecodedPath.Split('/').Contains("..", StringComparer.Ordinal))
        {
            throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is no path of a file of '{table}'.");
        }

        var complete = file.PartitionValues.Count == metadata.PartitionColumns.Count;
        foreach (var column in metadata.PartitionColumns)
        {
            complete &= file.PartitionValues.ContainsKey(metadata.Schema.Find(column)?.PhysicalName ?? column);
        }

        if (!complete)
        {
            throw DeltaException.InvalidCommit(
                $"'{file.DecodedPath}' has values for the partition columns [{string.Join(", ", file.PartitionValues.Keys)}], '{table}' is partitioned by [{string.Join(", ", metadata.PartitionColumns)}].");
        }
    }

    private static void RequireDomains(DeltaTransaction transaction, Protocol protocol, string table)
    {
        RequireFeature(transaction.DomainMetadata.Count > 0, "domainMetadata", "metadata domains", protocol, table);
        foreach (var domain in transaction.DomainMetadata.Keys)
        {
            if (domain.StartsWith("delta.", StringComparison.Ordinal))
            {
                throw DeltaException.InvalidCommit($"The domain '{domain}' belongs to the protocol and cannot be set in '{table}'.");
            }
        }
    }

    private static bool Uses(DataType type, PrimitiveType wanted) => type switch
    {
        StructType nested => nested.Fields.Any(f => Uses(f.Type, wanted)),
        ArrayType array => Uses(array.ElementType, wanted),
        MapType map => Uses(map.KeyType, wanted) || Uses(map.ValueType, wanted),
        PrimitiveType primitive => primitive == wanted,
        DecimalType => false,
        _ => false,
    };
}
