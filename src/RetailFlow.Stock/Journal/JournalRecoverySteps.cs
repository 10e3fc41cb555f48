using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// Finds the end of a journal. Every segment but the last was synced before the next was begun, so only the last may have an
/// unfinished end; anything else that does not fit is damage and stops the opening.
/// </summary>
internal static class JournalRecoverySteps
{
    /// <summary>Fills <paramref name="index"/> and returns the segment to go on with, or null if there is none.</summary>
    /// <exception cref="JournalCorruptException">Segments contradict each other.</exception>
    /// <exception cref="LogCorruptException">A segment holds bytes that are no record.</exception>
    public static Segment? Run(IJournalFiles files, SegmentIndex index, long firstSequence, out long tornBytes)
    {
        List<Segment> segments = Find(files);
        tornBytes = 0;
        Segment? last = null;
        bool hadSuccessor = false;
        while (segments.Count > 0 && last is null)
        {
            last = segments[^1];
            SegmentMark end = RecoverLast(files, index, last, hadSuccessor, ref tornBytes);
            last.DurableBytes = end.Offset;
            last.LastSequence = end.Sequence - 1;
            if (end.Offset == 0)
            {
                // Begun, and never synced with a record in it: its name may be wanted again on another day.
                files.Delete(last.Path);
                segments.RemoveAt(segments.Count - 1);
                hadSuccessor = true;
                last = null;
            }
        }

        Chain(files, index, segments, firstSequence);
        segments.ForEach(index.Add);
        return last;
    }

    private static List<Segment> Find(IJournalFiles files)
    {
        List<Segment> segments = [];
        foreach (string path in files.List())
        {
            if (SegmentPath.FirstSequence(path) is { } first)
            {
                segments.Add(new Segment(path, first));
            }
        }

        segments.Sort((left, right) => left.FirstSequence != right.FirstSequence
            ? left.FirstSequence.CompareTo(right.FirstSequence)
            : string.CompareOrdinal(left.Path, right.Path));
        return segments;
    }

    private static SegmentMark RecoverLast(
        IJournalFiles files, SegmentIndex index, Segment last, bool hadSuccessor, ref long tornBytes)
    {
        long bytes;
        if (hadSuccessor)
        {
            bytes = LengthOf(files, last.Path);
        }
        else
        {
            using AppendLogWriter writer = AppendLogWriter.Open(files.OpenWrite(last.Path), out LogRecovery recovery);
            bytes = recovery.ValidBytes;
            tornBytes += recovery.TornBytes;
        }

        return index.Verify(last, bytes);
    }

    /// <summary>Sets the ends of all segments but the last from their successors, and looks through the one before the last.</summary>
    private static void Chain(IJournalFiles files, SegmentIndex index, List<Segment> segments, long firstSequence)
    {
        for (int i = 0; i < segments.Count - 1; i++)
        {
            Segment segment = segments[i];
            segment.DurableBytes = LengthOf(files, segment.Path);
            segment.LastSequence = segments[i + 1].FirstSequence - 1;
            if (segment.LastSequence < segment.FirstSequence || segment.DurableBytes == 0)
            {
                throw new JournalCorruptException(segment.Path, $"overlaps '{segments[i + 1].Path}' or is empty");
            }
        }

        if (segments.Count > 1)
        {
            Segment before = segments[^2];
            SegmentMark end = index.Verify(before, before.DurableBytes);
            if (end.Sequence - 1 != before.LastSequence)
            {
                throw new JournalCorruptException(
                    before.Path,
                    FormattableString.Invariant($"ends with sequence {end.Sequence - 1}, but the next segment begins with {before.LastSequence + 1}"));
            }
        }

        if (segments.Count > 0 && segments[0].FirstSequence != firstSequence)
        {
            throw new JournalCorruptException(
                segments[0].Path, FormattableString.Invariant($"is the first, but the records before sequence {segments[0].FirstSequence} are missing"));
        }
    }

    private static long LengthOf(IJournalFiles files, string path)
    {
        using ILogFile file = files.OpenRead(path);
        return file.Length;
    }
}
