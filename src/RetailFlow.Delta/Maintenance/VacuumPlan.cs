using RetailFlow.Storage;

namespace RetailFlow.Delta;

/// <summary>Which files below a table's folder no version within the retention needs (protocol section "VACUUM Protocol Check"). Pure.</summary>
/// <param name="Delete">Files to delete, in the order of the listing.</param>
/// <param name="DeletedBefore">Files that left the table after this time are kept, and so is everything written after it.</param>
public sealed record VacuumPlan(IReadOnlyList<ObjectInfo> Delete, DateTimeOffset DeletedBefore)
{
    private const string ChangeData = "_change_data";

    /// <summary>Sum of the lengths of <see cref="Delete"/>, in bytes.</summary>
    public long Bytes => Delete.Sum(f => f.Length);

    /// <summary>Plans the deletion.</summary>
    /// <param name="snapshot">The newest version of the table.</param>
    /// <param name="listing">Every object below the table's folder, by its path in the store. Made before <paramref name="snapshot"/> was loaded, so that the snapshot knows every file of it that a commit has taken in.</param>
    /// <param name="now">The time.</param>
    /// <param name="retention">How long files that left the table are kept; null for the table's own <c>delta.deletedFileRetentionDuration</c>, a week by default.</param>
    /// <param name="force">True to allow a shorter retention than the table's: readers and writers that are at work, and time travel, may then fail.</param>
    /// <exception cref="DeltaException">
    /// The table needs a writer feature that is not supported, so that its files cannot be judged; or the retention is too short.
    /// </exception>
    public static VacuumPlan For(Snapshot snapshot, IEnumerable<ObjectInfo> listing, DateTimeOffset now, TimeSpan? retention = null, bool force = false)
    {
        SupportedFeatures.RequireWritable(snapshot.Protocol, snapshot.Metadata, snapshot.TablePath);
        var kept = retention ?? snapshot.Properties.DeletedFileRetention;
        if (kept < TimeSpan.Zero || (kept < snapshot.Properties.DeletedFileRetention && !force))
        {
            throw new DeltaException(
                DeltaErrorKind.InvalidInput,
                $"'{snapshot.TablePath}' keeps files that left it for {snapshot.Properties.DeletedFileRetention.TotalHours:0.##} hours; vacuuming with {kept.TotalHours:0.##} hours must be forced.");
        }

        var before = now - kept;
        var needed = new NeededFiles();
        foreach (var file in snapshot.Files)
        {
            needed.Add(file.DecodedPath, file.DeletionVector);
        }

        foreach (var tombstone in snapshot.Tombstones.Where(t => CommitFile.Millis(t.DeletionTimestamp ?? 0) is not { } time || time >= before))
        {
            needed.Add(tombstone.DecodedPath, tombstone.DeletionVector);
        }

        var prefix = snapshot.TablePath.Length == 0 ? "" : snapshot.TablePath + "/";
        var partitions = ColumnMapping.PhysicalPartitionColumns(snapshot.Metadata).Concat(snapshot.Metadata.PartitionColumns).ToList();
        return new VacuumPlan(
            [
                .. listing.Where(o => o.LastModified < before
                    && o.Path.StartsWith(prefix, StringComparison.Ordinal)
                    && IsData(o.Path[prefix.Length..], partitions)
                    && !needed.Contains(o.Path[prefix.Length..])),
            ],
            before);
    }

    // Names with _ or . belong to others (the log first of all), apart from change data and folders of partition columns.
    private static bool IsData(string path, List<string> partitionColumns)
    {
        var parts = path.Split('/');
        return parts[0] == ChangeData
            ? parts.Length > 1 && !parts.Skip(1).Any(p => IsHidden(p, partitionColumns))
            : !parts.Any(p => IsHidden(p, partitionColumns));
    }

    private static bool IsHidden(string name, List<string> partitionColumns) =>
        name.Length == 0
        || (name[0] is '_' or '.' && !partitionColumns.Exists(c => name.StartsWith(c + "=", StringComparison.Ordinal)));

    private sealed class NeededFiles
    {
        private readonly HashSet<string> relative = new(StringComparer.Ordinal);
        private readonly HashSet<string> ends = new(StringComparer.Ordinal);

        public void Add(string decodedPath, DeletionVectorDescriptor? vector)
        {
            AddPath(decodedPath);
            if (vector is not null && DeletionVectorFiles.PathOf(vector) is { } path)
            {
                AddPath(path);
            }
        }

        public bool Contains(string path) => relative.Contains(path) || ends.Contains(path);

        // An absolute path may lie in this folder under a name of the store that is not known here, so every end of it is kept.
        private void AddPath(string path)
        {
            relative.Add(path);
            if (!DeltaPath.IsAbsolute(path))
            {
                return;
            }

            for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
            {
                ends.Add(path[(slash + 1)..]);
            }
        }
    }
}
