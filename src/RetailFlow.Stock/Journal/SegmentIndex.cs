using System.Runtime.InteropServices;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// Which durable records lie where. The writer extends it after each sync; readers ask for ranges beside it.
/// </summary>
internal sealed class SegmentIndex(IJournalFiles files)
{
    private const long BytesBetweenMarks = 64 * 1024;

    private readonly Lock gate = new();
    private readonly List<Segment> segments = [];

    public int Count
    {
        get
        {
            lock (gate)
            {
                return segments.Count;
            }
        }
    }

    public void Add(Segment segment)
    {
        lock (gate)
        {
            segments.Add(segment);
        }
    }

    /// <summary>Records that <paramref name="segment"/> is durable up to these places, and that a group began at <paramref name="group"/>.</summary>
    public void Extend(Segment segment, SegmentMark group, long durableBytes, long lastSequence)
    {
        lock (gate)
        {
            List<SegmentMark> marks = segment.Marks ??= [];
            if (marks.Count == 0 || group.Offset - marks[^1].Offset >= BytesBetweenMarks)
            {
                marks.Add(group);
            }

            segment.DurableBytes = durableBytes;
            segment.LastSequence = lastSequence;
        }
    }

    /// <summary>
    /// Every durable record after <paramref name="sequence"/>, in order; up to <paramref name="maxBytes"/> bytes, but at least one
    /// record if there is one.
    /// </summary>
    public IReadOnlyList<JournalRange> RangesAfter(long sequence, long? maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        List<JournalRange> ranges = [];
        long budget = maxBytes ?? long.MaxValue;
        foreach (View view in ViewsAfter(sequence))
        {
            long first = Math.Max(view.Segment.FirstSequence, sequence + 1);
            long from = first == view.Segment.FirstSequence ? 0 : Find(view, first).Offset;
            SegmentMark end = new(view.LastSequence + 1, view.DurableBytes);
            bool whole = end.Offset - from <= budget;
            if (!whole)
            {
                end = FindWithin(view, new SegmentMark(first, from), budget, atLeastOne: ranges.Count == 0);
            }

            if (end.Sequence > first)
            {
                ranges.Add(new JournalRange(view.Segment.Path, from, end.Offset, first, end.Sequence - 1));
                budget -= end.Offset - from;
            }

            if (!whole)
            {
                break;
            }
        }

        return ranges;
    }

    /// <summary>
    /// Reads a segment from its beginning, verifying checksums and that the sequence has no gap, and keeps its marks.
    /// </summary>
    /// <returns>The place behind its last record.</returns>
    /// <exception cref="JournalCorruptException">It holds something else than was written.</exception>
    /// <exception cref="LogCorruptException">It holds bytes that are no record.</exception>
    public SegmentMark Verify(Segment segment, long bytes)
    {
        List<SegmentMark> marks = [];
        long sequence = segment.FirstSequence;
        using ILogFile file = files.OpenRead(segment.Path);
        using AppendLogReader reader = new(file, 0, bytes);
        while (reader.TryRead(out LogRecord record))
        {
            if (SequenceOf(segment.Path, record) != sequence)
            {
                throw new JournalCorruptException(
                    segment.Path, FormattableString.Invariant($"has a gap: at byte {record.Offset} sequence {sequence} is missing"));
            }

            if (marks.Count == 0 || record.Offset - marks[^1].Offset >= BytesBetweenMarks)
            {
                marks.Add(new SegmentMark(sequence, record.Offset));
            }

            sequence++;
        }

        lock (gate)
        {
            segment.Marks ??= marks;
        }

        return new SegmentMark(sequence, bytes);
    }

    private static long SequenceOf(string path, LogRecord record)
    {
        try
        {
            return new JournalEnvelopeReader(record.Payload.Span).Sequence;
        }
        catch (InvalidDataException)
        {
            throw new JournalCorruptException(path, FormattableString.Invariant($"has at byte {record.Offset} a line that is no envelope"));
        }
    }

    private List<View> ViewsAfter(long sequence)
    {
        lock (gate)
        {
            return [.. segments.Where(segment => segment.LastSequence > sequence && segment.LastSequence >= segment.FirstSequence)
                .Select(segment => new View(segment, segment.LastSequence, segment.DurableBytes))];
        }
    }

    /// <summary>Where the record of <paramref name="sequence"/> begins.</summary>
    private SegmentMark Find(View view, long sequence)
    {
        SegmentMark at = LastMark(view, mark => mark.Sequence <= sequence) ?? new SegmentMark(view.Segment.FirstSequence, 0);
        return Walk(view, at, (place, _) => place.Sequence < sequence);
    }

    /// <summary>The last place that is at most <paramref name="budget"/> bytes behind <paramref name="from"/>.</summary>
    private SegmentMark FindWithin(View view, SegmentMark from, long budget, bool atLeastOne)
    {
        long limit = from.Offset + Math.Max(budget, 0);
        SegmentMark? mark = LastMark(view, mark => mark.Offset <= limit);
        SegmentMark at = mark is { } found && found.Offset > from.Offset ? found : from;
        return Walk(view, at, (place, next) => next <= limit || (atLeastOne && place == from));
    }

    /// <summary>Goes forward record by record as long as the condition holds of a record's place and end.</summary>
    private SegmentMark Walk(View view, SegmentMark at, Func<SegmentMark, long, bool> further)
    {
        using ILogFile file = files.OpenRead(view.Segment.Path);
        using AppendLogReader reader = new(file, at.Offset, view.DurableBytes);
        while (at.Sequence <= view.LastSequence && reader.TryRead(out LogRecord record) && further(at, record.NextOffset))
        {
            at = new SegmentMark(at.Sequence + 1, record.NextOffset);
        }

        return at;
    }

    private SegmentMark? LastMark(View view, Func<SegmentMark, bool> fits)
    {
        bool known;
        lock (gate)
        {
            known = view.Segment.Marks is not null;
        }

        if (!known)
        {
            Verify(view.Segment, view.DurableBytes);
        }

        lock (gate)
        {
            // Marks are in order, so those that fit come first.
            ReadOnlySpan<SegmentMark> marks = CollectionsMarshal.AsSpan(view.Segment.Marks);
            int low = 0;
            int high = marks.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = fits(marks[middle]) ? (middle + 1, high) : (low, middle);
            }

            return low == 0 ? null : marks[low - 1];
        }
    }

    /// <summary>A segment as it was at one moment; the segment itself may grow.</summary>
    private readonly record struct View(Segment Segment, long LastSequence, long DurableBytes);
}
