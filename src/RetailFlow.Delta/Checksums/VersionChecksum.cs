using System.Text;

namespace RetailFlow.Delta;

/// <summary>What a writer recorded about the state of a version, beside the log (protocol section "Version Checksum File").</summary>
public sealed record VersionChecksum
{
    // Beyond this the file would cost more than the commit that it describes.
    private const int MostListed = 1000;

    /// <summary>Unique name of the commit; null if not recorded.</summary>
    public string? TxnId { get; init; }

    /// <summary>Sum of the lengths of the live files in bytes.</summary>
    public required long TableSizeBytes { get; init; }

    /// <summary>Number of live files.</summary>
    public required long NumFiles { get; init; }

    /// <summary>Number of metadata actions; 1.</summary>
    public long NumMetadata { get; init; } = 1;

    /// <summary>Number of protocol actions; 1.</summary>
    public long NumProtocol { get; init; } = 1;

    /// <summary>The in-commit timestamp in milliseconds since 1970 UTC; null where they are off.</summary>
    public long? InCommitTimestamp { get; init; }

    /// <summary>Progress of applications; null if not recorded.</summary>
    public IReadOnlyList<SetTransaction>? SetTransactions { get; init; }

    /// <summary>Domains that are not removed; null if not recorded.</summary>
    public IReadOnlyList<DomainMetadata>? DomainMetadata { get; init; }

    /// <summary>Metadata of the table; null in files of writers that do not record it.</summary>
    public Metadata? Metadata { get; init; }

    /// <summary>Protocol of the table; null in files of writers that do not record it.</summary>
    public Protocol? Protocol { get; init; }

    /// <summary>How many files there are of which size; null if not recorded.</summary>
    public FileSizeHistogram? FileSizes { get; init; }

    /// <summary>All live files; null if not recorded.</summary>
    public IReadOnlyList<AddFile>? AllFiles { get; init; }

    /// <summary>Number of rows in deletion vectors; null if not recorded.</summary>
    public long? NumDeletedRecords { get; init; }

    /// <summary>Number of deletion vectors; null if not recorded.</summary>
    public long? NumDeletionVectors { get; init; }

    /// <summary>Number of files by how many rows a deletion vector takes: none, 1 to 9, 10 to 99 and so on; null if not recorded.</summary>
    public IReadOnlyList<long>? DeletedRecordCounts { get; init; }

    /// <summary>Parses the content of a <c>.crc</c> file.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/> if it is not one JSON object of that shape.</exception>
    public static VersionChecksum Parse(ReadOnlySpan<byte> content) => VersionChecksumJson.Read(content);

    /// <summary>The checksum of a snapshot, of what is at hand without going through its files.</summary>
    public static VersionChecksum Of(Snapshot snapshot) => new()
    {
        TxnId = snapshot.LastCommit?.TxnId,
        TableSizeBytes = snapshot.TotalSize,
        NumFiles = snapshot.FileCount,
        InCommitTimestamp = snapshot.Properties.InCommitTimestamps ? snapshot.LastCommit?.InCommitTimestamp : null,
        SetTransactions = snapshot.Transactions.Count > MostListed ? null : [.. snapshot.Transactions.Values],
        DomainMetadata = snapshot.DomainMetadata.Count > MostListed ? null : [.. snapshot.DomainMetadata.Values],
        Metadata = snapshot.Metadata,
        Protocol = snapshot.Protocol,
        NumDeletedRecords = (long)Int128.Min(snapshot.State.Tally.DeletedRecords, long.MaxValue),
        NumDeletionVectors = snapshot.State.Tally.DeletionVectors,
    };

    /// <summary>The content of a <c>.crc</c> file.</summary>
    public byte[] Write() => VersionChecksumJson.Write(this);

    /// <summary>What this says otherwise than the snapshot of the same version, one sentence each; empty if they agree.</summary>
    public IReadOnlyList<string> Compare(Snapshot snapshot)
    {
        var differences = new List<string>();
        var tally = snapshot.State.Tally;
        Check("tableSizeBytes", TableSizeBytes, snapshot.TotalSize);
        Check("numFiles", NumFiles, snapshot.FileCount);
        Check("numMetadata", NumMetadata, 1);
        Check("numProtocol", NumProtocol, 1);
        Check("numDeletedRecordsOpt", NumDeletedRecords, (long)Int128.Min(tally.DeletedRecords, long.MaxValue));
        Check("numDeletionVectorsOpt", NumDeletionVectors, tally.DeletionVectors);
        Check("inCommitTimestampOpt", InCommitTimestamp, snapshot.LastCommit?.InCommitTimestamp);
        CheckActions("protocol", One(Protocol), [snapshot.Protocol]);
        CheckActions("metadata", One(Metadata), [snapshot.Metadata]);
        CheckActions("setTransactions", SetTransactions, snapshot.Transactions.Values);
        CheckActions("domainMetadata", DomainMetadata, snapshot.DomainMetadata.Values);
        CheckActions("allFiles", AllFiles?.Select(Still), snapshot.Files.Select(Still));
        CheckList("fileSizeHistogram", FileSizes?.Flat(), FileSizes is { } sizes ? FileSizeHistogram.Of(sizes.SortedBinBoundaries, snapshot.Files).Flat() : null);
        CheckList("deletedRecordCountsHistogramOpt", DeletedRecordCounts, DeletedRecordCounts is null ? null : CountDeletedRecords(snapshot.Files));
        return differences;

        void Check(string name, long? recorded, long? replayed)
        {
            if (recorded is not null && recorded != replayed)
            {
                differences.Add(FormattableString.Invariant($"{name} is {recorded}; the log gives {(object?)replayed ?? "none"}."));
            }
        }

        void CheckList(string name, IReadOnlyList<long>? recorded, IReadOnlyList<long>? replayed)
        {
            if (recorded is not null && !recorded.SequenceEqual(replayed!))
            {
                differences.Add($"{name} is {string.Join(',', recorded)}; the log gives {string.Join(',', replayed!)}.");
            }
        }

        void CheckActions(string name, IEnumerable<DeltaAction>? recorded, IEnumerable<DeltaAction> replayed)
        {
            if (recorded is null)
            {
                return;
            }

            var (left, right) = (Texts(recorded), Texts(replayed));
            differences.AddRange(left.Except(right).Select(text => $"{name} has {text}; the log does not."));
            differences.AddRange(right.Except(left).Select(text => $"{name} lacks {text}, which the log has."));
        }
    }

    private static List<DeltaAction>? One(DeltaAction? action) => action is null ? null : [action];

    // Whether a file was a change when it was added is history, not state.
    private static AddFile Still(AddFile file) => file.DataChange ? file with { DataChange = false } : file;

    private static HashSet<string> Texts(IEnumerable<DeltaAction> actions)
    {
        var texts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var action in actions)
        {
            // The canonical form knows no order of members, and no difference between an empty object and none.
            using var document = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetBytes(DeltaActionJson.ToJson(action)));
            texts.Add(JsonChecksum.Canonical(document.RootElement) ?? DeltaActionJson.ToJson(action));
        }

        return texts;
    }

    private static long[] CountDeletedRecords(IEnumerable<AddFile> files)
    {
        var counts = new long[10];
        foreach (var file in files)
        {
            var bin = 0;
            for (var rest = file.DeletionVector?.Cardinality ?? 0; rest > 0; rest /= 10)
            {
                bin++;
            }

            counts[DeletedRecordBin(bin, file.DeletionVector?.Cardinality ?? 0)]++;
        }

        return counts;
    }

    // The last two bins end and begin at the largest 32-bit number instead of a power of ten.
    private static int DeletedRecordBin(int digits, long records) => digits <= 7 ? digits : records < int.MaxValue ? 8 : 9;
}

/// <summary>How many files there are of which size (protocol section "File Size Histogram Schema").</summary>
/// <param name="SortedBinBoundaries">First size in bytes of each bin, ascending from 0.</param>
/// <param name="FileCounts">Files of each bin.</param>
/// <param name="TotalBytes">Their lengths in bytes.</param>
public sealed record FileSizeHistogram(IReadOnlyList<long> SortedBinBoundaries, IReadOnlyList<long> FileCounts, IReadOnlyList<long> TotalBytes)
{
    /// <summary>The histogram of files.</summary>
    public static FileSizeHistogram Of(IReadOnlyList<long> sortedBinBoundaries, IEnumerable<AddFile> files)
    {
        var (counts, bytes) = (new long[sortedBinBoundaries.Count], new long[sortedBinBoundaries.Count]);
        var boundaries = sortedBinBoundaries.ToArray();
        foreach (var file in files)
        {
            var at = Array.BinarySearch(boundaries, file.Size);
            var bin = at >= 0 ? at : ~at - 1;
            if (bin >= 0)
            {
                counts[bin]++;
                bytes[bin] += file.Size;
            }
        }

        return new FileSizeHistogram(sortedBinBoundaries, counts, bytes);
    }

    internal IReadOnlyList<long> Flat() => [.. SortedBinBoundaries, .. FileCounts, .. TotalBytes];
}
