namespace RetailFlow.Delta;

/// <summary>What a commit must obey before it is written (protocol section "Requirements for Writers"). Pure.</summary>
internal static class CommitRules
{
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
            MetadataRules.Require(metadata, protocol, table);
            RequireCompatible(transaction, latest, metadata);
        }

        if (transaction.Metadata is not null || transaction.Protocol is not null)
        {
            RequireProfile(protocol, metadata, table);
        }

        FileRules.Require(transaction, latest, protocol, metadata, table);
        RequireRowRules(transaction, protocol, metadata, table);
        RequireRowIds(transaction, latest, protocol, metadata, table);
        RequireDomains(transaction, protocol, metadata, table);
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

        // What the old versions implied may have been used in a version that can still be read.
        var lost = previous is null ? [] : TableFeature.Of(previous).Except(TableFeature.Of(protocol)).Order(StringComparer.Ordinal).ToList();
        if (lost.Count > 0)
        {
            throw DeltaException.InvalidCommit($"The protocol of '{table}' may not be lowered: it must list {string.Join(", ", lost)}, which its versions implied.");
        }
    }

    // Files that stay must still be readable under the new schema.
    private static void RequireCompatible(DeltaTransaction transaction, Snapshot? latest, Metadata metadata)
    {
        if (latest is null || latest.FileCount == 0 || transaction.IsRestore)
        {
            return;
        }

        var removed = transaction.Removes.Select(r => r.File.Key).ToHashSet();
        if (latest.FileCount == removed.Count && latest.Files.All(f => removed.Contains(f.Key)))
        {
            return;
        }

        if (SchemaCompatibility.Break(latest.Metadata, metadata) is { } reason)
        {
            throw DeltaException.InvalidCommit($"The metadata of '{latest.TablePath}' does not fit the files that it has: {reason}.");
        }
    }

    private static void RequireProfile(Protocol protocol, Metadata metadata, string table)
    {
        if (new TableProperties(metadata.Configuration).Profile?.Check(protocol, metadata) is [var first, ..])
        {
            throw DeltaException.InvalidCommit($"'{table}': {first.Message}");
        }
    }

    private static void RequireRowRules(DeltaTransaction transaction, Protocol protocol, Metadata metadata, string table)
    {
        if (transaction.HasEnforcedConstraints || transaction.Adds.Count == 0 || FeatureUse.RowRules(metadata, protocol) is not { Count: > 0 } rules)
        {
            return;
        }

        // A file that is only committed again with another deletion vector has no row that was not checked.
        var before = transaction.Removes.Select(r => r.File.Key.Path).ToHashSet(StringComparer.Ordinal);
        if (!transaction.Adds.Any(a => a.DataChange && !before.Contains(a.Key.Path)))
        {
            return;
        }

        var names = string.Join("; ", rules.GroupBy(r => r.Feature, r => r.Rule).Select(g => $"{g.Key} ({string.Join(", ", g)})"));
        throw DeltaException.Unsupported($"Rows cannot be added to '{table}': their writer did not state that it enforced {names}.");
    }

    private static void RequireRowIds(DeltaTransaction transaction, Snapshot? latest, Protocol protocol, Metadata metadata, string table)
    {
        var properties = new TableProperties(metadata.Configuration);
        if (!properties.RowTracking || !RowTracking.IsOn(protocol, metadata))
        {
            return;
        }

        if (transaction.PreservedRowIds is null && RowTracking.RewritesRows(transaction))
        {
            throw DeltaException.Unsupported(
                $"'{table}' keeps row ids (delta.enableRowTracking): the writer did not state whether the rows that it moves or changes keep theirs (rowTracking).");
        }

        if (latest is { Properties.RowTracking: false })
        {
            var again = transaction.Adds.Concat(transaction.Removes.Select(r => r.File)).Select(f => f.Key).ToHashSet();
            if (latest.Files.FirstOrDefault(f => f.BaseRowId is null && !again.Contains(f.Key)) is { } without)
            {
                throw DeltaException.InvalidCommit($"delta.enableRowTracking cannot be set on '{table}' yet: '{without.DecodedPath}' has no row ids. Commit it again first.");
            }
        }
    }

    private static void RequireDomains(DeltaTransaction transaction, Protocol protocol, Metadata metadata, string table)
    {
        MetadataRules.RequireFeature(transaction.DomainMetadata.Count > 0, "domainMetadata", "metadata domains", protocol, table);
        foreach (var domain in transaction.DomainMetadata.Keys)
        {
            if (domain.StartsWith("delta.", StringComparison.Ordinal) && !transaction.SystemDomains.Contains(domain))
            {
                throw DeltaException.InvalidCommit($"The domain '{domain}' belongs to the protocol and cannot be set in '{table}'.");
            }
        }

        if (transaction.DomainMetadata.ContainsKey(Clustering.Domain))
        {
            MetadataRules.RequireFeature(true, "clustering", "clustering columns", protocol, table);
            if (metadata.PartitionColumns.Count > 0)
            {
                throw DeltaException.InvalidCommit($"'{table}' is partitioned, so it cannot be clustered.");
            }
        }
    }
}
