namespace RetailFlow.Delta;

/// <summary>What the files of a commit must obey (protocol sections "Delta Log Entries", "Deletion Vectors", "Append-only Tables"). Pure.</summary>
internal static class FileRules
{
    /// <summary>Throws if the files may not be added to and removed from the snapshot.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.InvalidCommit"/>.</exception>
    public static void Require(DeltaTransaction transaction, Snapshot? latest, Protocol protocol, Metadata metadata, string table)
    {
        var properties = new TableProperties(metadata.Configuration);
        var removed = new Dictionary<string, AddFile>(StringComparer.Ordinal);
        foreach (var (file, dataChange) in transaction.Removes)
        {
            if (!removed.TryAdd(file.Key.Path, file))
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is removed from '{table}' and removed or added once more in one commit.");
            }

            if (latest?.FindFile(file.Key) is null)
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' cannot be removed: it is not in '{table}'.");
            }

            if (dataChange && (latest.Properties.AppendOnly || properties.AppendOnly))
            {
                throw DeltaException.InvalidCommit($"'{table}' is append-only (delta.appendOnly): no rows may be removed.");
            }
        }

        var added = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in transaction.Adds)
        {
            RequirePath(file, metadata, table);
            if (!added.Add(file.Key.Path))
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is added twice to '{table}'.");
            }

            RequireNotLive(file, removed.GetValueOrDefault(file.Key.Path), latest, table);
            RequireRequired(file, metadata.Schema, transaction.HasEnforcedConstraints, table);
            if (file.DeletionVector is not null)
            {
                RequireDeletionVector(file, latest, protocol, properties, transaction.IsRestore, table);
            }
        }

        if (transaction.ChangeFiles.Count > 0 && !properties.ChangeDataFeed)
        {
            throw DeltaException.InvalidCommit($"'{table}' keeps no change data feed (delta.enableChangeDataFeed), so no change files can be added.");
        }
    }

    // A path may go and come in one commit only as another logical file, told apart by its deletion vector.
    private static void RequireNotLive(AddFile file, AddFile? removed, Snapshot? latest, string table)
    {
        if (removed is not null)
        {
            if (removed.Key == file.Key)
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is removed from '{table}' and removed or added once more in one commit.");
            }

            return;
        }

        if (latest is null)
        {
            return;
        }

        var live = latest.FindFile(file.Key)
            ?? (file.DeletionVector is null ? null : latest.FindFile(new FileKey(file.Key.Path, null)) ?? latest.Files.FirstOrDefault(f => f.Key.Path == file.Key.Path));
        if (live is not null && (live.Key != file.Key || file.DataChange))
        {
            throw DeltaException.InvalidCommit($"'{file.DecodedPath}' is in '{table}' already: another entry of it needs the removal of this one in the same commit.");
        }
    }

    private static void RequireDeletionVector(AddFile file, Snapshot? latest, Protocol protocol, TableProperties properties, bool restored, string table)
    {
        var vector = file.DeletionVector!;
        MetadataRules.RequireFeature(true, "deletionVectors", "files with deletion vectors", protocol, table);
        if (file.ParsedStatistics is not { NumRecords: { } rows } statistics)
        {
            throw DeltaException.InvalidCommit($"'{file.DecodedPath}' has a deletion vector, so it needs statistics with numRecords, the number of its physical rows.");
        }

        if (vector.Cardinality < 0 || vector.Cardinality > rows)
        {
            throw DeltaException.InvalidCommit($"'{file.DecodedPath}' has a deletion vector of {vector.Cardinality} rows, but {rows} rows in all.");
        }

        // One that the table had before comes back with a restore; a clone begins with those of its source.
        if (latest is null || restored || latest.FindFile(file.Key) is not null || latest.State.Tombstones.TryGetValue(file.Key, out _))
        {
            return;
        }

        if (!properties.DeletionVectors)
        {
            throw DeltaException.InvalidCommit($"'{table}' takes no new deletion vectors (delta.enableDeletionVectors), but '{file.DecodedPath}' has one.");
        }

        if (vector.Cardinality > 0 && statistics.TightBounds != false && (statistics.MinValues ?? statistics.MaxValues ?? statistics.NullCount) is not null)
        {
            throw DeltaException.InvalidCommit($"'{file.DecodedPath}' has a deletion vector, so its statistics must say \"tightBounds\":false.");
        }
    }

    private static void RequirePath(AddFile file, Metadata metadata, string table)
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

    // The log layer sees no rows, but statistics that count nulls in a required column are proof enough.
    private static void RequireRequired(AddFile file, StructType schema, bool enforced, string table)
    {
        if (!file.DataChange || enforced || !schema.Fields.Any(f => !f.Nullable) || file.ParsedStatistics is not { TightBounds: not false, NullCount: { } counts })
        {
            return;
        }

        foreach (var field in schema.Fields.Where(f => !f.Nullable))
        {
            if (counts.TryGetProperty(field.PhysicalName, out var count) && count.ValueKind == System.Text.Json.JsonValueKind.Number && count.TryGetInt64(out var nulls) && nulls > 0)
            {
                throw DeltaException.InvalidCommit($"'{file.DecodedPath}' has {nulls} nulls in the column '{field.Name}', which '{table}' requires.");
            }
        }
    }
}
