using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>
/// A select over the data files of a table that another writer made: partition values come from the log, columns that a file lacks
/// are null, every column has the type of the table's schema (Delta protocol, "Reader Requirements").
/// </summary>
internal static class ForeignTable
{
    /// <summary>The select.</summary>
    public static string Select(DuckDbConnection connection, Snapshot snapshot, string root)
    {
        var schema = snapshot.Schema;
        var partitions = snapshot.Metadata.PartitionColumns;
        var parts = new List<string>();
        foreach (var group in snapshot.Files.GroupBy(f => string.Join('\u001f', partitions.Select(p => f.PartitionValues.GetValueOrDefault(p) is { } v ? "=" + v : "!"))))
        {
            var first = group.First();
            var source = $"read_parquet({SqlText.List(group.Select(f => FileOf(root, f.DecodedPath)))}, hive_partitioning = false, union_by_name = true)";
            var present = Present(connection, source);
            var columns = schema.Fields.Select(field => $"{Value(field, first, partitions, present)} as {SqlText.Name(field.Name)}");
            parts.Add($"select {string.Join(", ", columns)} from {source}");
        }

        return parts.Count > 0
            ? string.Join(" union all ", parts)
            : $"select {string.Join(", ", schema.Fields.Select(f => $"cast(null as {DeltaTypes.ToSql(f.Type)}) as {SqlText.Name(f.Name)}"))} where false";
    }

    private static string Value(StructField field, AddFile file, IReadOnlyList<string> partitions, HashSet<string> present)
    {
        var type = DeltaTypes.ToSql(field.Type);
        if (partitions.Contains(field.Name))
        {
            var text = file.PartitionValues.GetValueOrDefault(field.Name);
            return string.IsNullOrEmpty(text) ? $"cast(null as {type})" : $"cast({SqlText.Literal(text)} as {type})";
        }

        return present.Contains(field.Name) ? $"cast({SqlText.Name(field.Name)} as {type})" : $"cast(null as {type})";
    }

    private static HashSet<string> Present(DuckDbConnection connection, string source)
    {
        var present = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        using var described = connection.Query($"describe select * from {source}");
        foreach (var row in described.Rows())
        {
            present.Add((string)row[0]!);
        }

        return present;
    }

    private static string FileOf(string root, string path) =>
        path.StartsWith("file:", StringComparison.Ordinal) ? new Uri(path).LocalPath : Path.Combine(Path.GetFullPath(root), path);
}
