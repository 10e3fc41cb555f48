namespace RetailFlow.Stock.Journal;

/// <summary>A place between two records of a segment.</summary>
/// <param name="Sequence">Sequence of the record that begins there.</param>
/// <param name="Offset">Offset in the file, in bytes.</param>
internal readonly record struct SegmentMark(long Sequence, long Offset);

/// <summary>One file of the journal and what of it is durable. Changed only under the lock of <see cref="SegmentIndex"/>.</summary>
internal sealed class Segment(string path, long firstSequence)
{
    public string Path { get; } = path;

    public long FirstSequence { get; } = firstSequence;

    /// <summary>Sequence of the last durable record; one less than the first if there is none.</summary>
    public long LastSequence { get; set; } = firstSequence - 1;

    public long DurableBytes { get; set; }

    /// <summary>Known places in order, some tens of kilobytes apart; null if the segment has not been looked through.</summary>
    public List<SegmentMark>? Marks { get; set; }
}
