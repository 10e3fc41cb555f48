namespace RetailFlow.Storage;

/// <summary>One read that serves several wanted ranges.</summary>
/// <param name="Range">What is read.</param>
/// <param name="Served">Indexes into the wanted ranges; each lies within <paramref name="Range"/>.</param>
public sealed record PlannedRead(ByteRange Range, IReadOnlyList<int> Served);

/// <summary>
/// Which reads to send for many ranges of one object: a request costs about as much time as reading some more bytes does,
/// so ranges that lie close together are read in one. Pure.
/// </summary>
public static class RangePlan
{
    /// <summary>Plans the reads, in the order of their offsets. Every range that is not empty is served by exactly one.</summary>
    /// <param name="wanted">The ranges, in any order; they may overlap.</param>
    /// <param name="maxGapBytes">Ranges with at most so many bytes between them are read in one.</param>
    /// <param name="maxReadBytes">Ranges are not joined to a read longer than this; a longer range is read alone.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit, an offset or a length is negative, or a range ends after the largest offset.</exception>
    public static IReadOnlyList<PlannedRead> Create(IReadOnlyList<ByteRange> wanted, int maxGapBytes, int maxReadBytes)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentOutOfRangeException.ThrowIfNegative(maxGapBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(maxReadBytes);
        List<int> order = [];
        for (int n = 0; n < wanted.Count; n++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(wanted[n].Offset, nameof(wanted));
            ArgumentOutOfRangeException.ThrowIfNegative(wanted[n].Length, nameof(wanted));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted[n].Offset, long.MaxValue - wanted[n].Length, nameof(wanted));
            if (wanted[n].Length > 0)
            {
                order.Add(n);
            }
        }

        order.Sort((a, b) => (wanted[a].Offset, wanted[a].Length, a).CompareTo((wanted[b].Offset, wanted[b].Length, b)));
        List<PlannedRead> reads = [];
        List<int> served = [];
        ByteRange current = default;
        foreach (int n in order)
        {
            ByteRange next = wanted[n];
            long end = Math.Max(current.End, next.End);
            bool joins = served.Count > 0
                && next.Offset - current.End <= maxGapBytes
                && (end == current.End || end - current.Offset <= maxReadBytes);
            if (!joins && served.Count > 0)
            {
                reads.Add(new PlannedRead(current, served));
                served = [];
            }

            current = joins ? current with { Length = (int)(end - current.Offset) } : next;
            served.Add(n);
        }

        if (served.Count > 0)
        {
            reads.Add(new PlannedRead(current, served));
        }

        return reads;
    }
}
