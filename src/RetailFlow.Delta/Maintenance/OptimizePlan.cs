namespace RetailFlow.Delta;

/// <summary>Files of one partition to be rewritten into one of about the target size.</summary>
/// <param name="PartitionValues">Partition values by physical name, the same for all the files.</param>
/// <param name="Files">The files.</param>
public sealed record OptimizeBin(IReadOnlyDictionary<string, string?> PartitionValues, IReadOnlyList<AddFile> Files);

/// <summary>Which files to gather: small ones, and those of which many rows are deleted. Pure.</summary>
/// <param name="Bins">What to rewrite, each bin on its own.</param>
public sealed record OptimizePlan(IReadOnlyList<OptimizeBin> Bins)
{
    /// <summary>
    /// Share of deleted rows from which a file is rewritten. Below it a scan skips the deleted rows for less than rewriting the
    /// other nine tenths costs; above it they weigh on every reader.
    /// </summary>
    public const double DeletedShare = 0.1;

    /// <summary>Number of files that are rewritten.</summary>
    public int FileCount => Bins.Sum(b => b.Files.Count);

    /// <summary>Plans the rewriting.</summary>
    /// <param name="files">Files to choose among.</param>
    /// <param name="targetBytes">Size in bytes that files shall have.</param>
    public static OptimizePlan For(IEnumerable<AddFile> files, long targetBytes = TableProperties.UsualFileBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(targetBytes, 2);
        var bins = new List<OptimizeBin>();
        foreach (var partition in ByPartition(files))
        {
            Pack(partition, targetBytes, bins);
        }

        return new OptimizePlan(bins);
    }

    /// <summary>The files of each partition, in an order that does not depend on that of the files.</summary>
    public static IEnumerable<IGrouping<string, AddFile>> ByPartition(IEnumerable<AddFile> files) =>
        files.GroupBy(PartitionKey, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);

    // Any two files below half of the target fit into one, so that a pass leaves at most one of them in each partition and the
    // next pass, if nothing was added, finds nothing to do.
    private static void Pack(IEnumerable<AddFile> partition, long targetBytes, List<OptimizeBin> bins)
    {
        var wanted = partition
            .Select(f => (File: f, Share: ShareOfDeleted(f)))
            .Where(f => f.File.Size < targetBytes / 2 || f.Share >= DeletedShare)
            .Select(f => (f.File, Bytes: (long)(f.File.Size * (1 - f.Share)), MustGo: f.Share >= DeletedShare))
            .OrderBy(f => f.Bytes)
            .ThenBy(f => f.File.Path, StringComparer.Ordinal);
        var bin = new List<AddFile>();
        var (bytes, mustGo) = (0L, false);
        foreach (var file in wanted)
        {
            if (bin.Count > 0 && bytes + file.Bytes > targetBytes)
            {
                Close();
            }

            bin.Add(file.File);
            bytes += file.Bytes;
            mustGo |= file.MustGo;
        }

        Close();

        void Close()
        {
            if (bin.Count > 1 || (bin.Count == 1 && mustGo))
            {
                bins.Add(new OptimizeBin(bin[0].PartitionValues, bin));
            }

            (bin, bytes, mustGo) = ([], 0, false);
        }
    }

    /// <summary>True if the share of the file's rows that are deleted is <see cref="DeletedShare"/> or more.</summary>
    public static bool HasManyDeleted(AddFile file) => ShareOfDeleted(file) >= DeletedShare;

    private static double ShareOfDeleted(AddFile file) =>
        file.DeletionVector is { Cardinality: > 0 } vector && file.ParsedStatistics?.NumRecords is { } rows and > 0
            ? Math.Min(1, (double)vector.Cardinality / rows)
            : 0;

    private static string PartitionKey(AddFile file) => string.Join(
        '\u0001',
        file.PartitionValues.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}\u0002{(string.IsNullOrEmpty(p.Value) ? "" : "=" + p.Value)}"));
}
