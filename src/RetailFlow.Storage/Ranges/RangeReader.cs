namespace RetailFlow.Storage;

/// <summary>Reads many ranges of one object in few requests.</summary>
/// <param name="store">Where the objects are.</param>
public sealed class RangeReader(IObjectStore store)
{
    /// <summary>Ranges with at most so many bytes between them are read in one request.</summary>
    public int MaxGapBytes { get; init; } = 64 << 10;

    /// <summary>Requests are not made longer than this by joining ranges.</summary>
    public int MaxReadBytes { get; init; } = 8 << 20;

    /// <summary>Requests that are under way at once.</summary>
    public int Parallelism { get; init; } = 8;

    /// <summary>
    /// The bytes of each range, in the order of <paramref name="ranges"/>; fewer at the end of the object. Slices of one
    /// request share its memory.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such object, and a range is not empty.</exception>
    public async ValueTask<ReadOnlyMemory<byte>[]> ReadAsync(
        string path, IReadOnlyList<ByteRange> ranges, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        IReadOnlyList<PlannedRead> reads = RangePlan.Create(ranges, MaxGapBytes, MaxReadBytes);
        ReadOnlyMemory<byte>[] slices = new ReadOnlyMemory<byte>[ranges.Count];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(reads, parallel, async (read, token) =>
        {
            ReadOnlyMemory<byte> bytes = await store.ReadRangeAsync(path, read.Range.Offset, read.Range.Length, token);
            foreach (int n in read.Served)
            {
                int start = (int)Math.Min(ranges[n].Offset - read.Range.Offset, bytes.Length);
                slices[n] = bytes.Slice(start, Math.Min(ranges[n].Length, bytes.Length - start));
            }
        });
        return slices;
    }
}
