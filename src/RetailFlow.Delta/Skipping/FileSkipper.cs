namespace RetailFlow.Delta;

/// <summary>
/// Leaves out files in which no row can match, by partition values and statistics. Never leaves out a file that holds a matching
/// row: what is missing, cut off, malformed or of another type counts as unknown.
/// </summary>
public static class FileSkipper
{
    /// <summary>The files of the snapshot that may hold matching rows.</summary>
    public static IEnumerable<AddFile> Select(Snapshot snapshot, FilePredicate predicate) =>
        Select(snapshot.Files, snapshot.Schema, snapshot.Metadata.PartitionColumns, predicate);

    /// <summary>Those of the files that may hold matching rows.</summary>
    public static IEnumerable<AddFile> Select(
        IEnumerable<AddFile> files,
        StructType schema,
        IReadOnlyList<string> partitionColumns,
        FilePredicate predicate)
    {
        var filter = FileFilter.Compile(schema, partitionColumns, predicate);
        return files.Where(filter.MayMatch);
    }
}
