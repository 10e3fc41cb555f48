using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>
/// The journal's segments as the one endless file that a log writer knows. Its position 0 is the end that recovery found. Each
/// write is of whole records of one group; a new segment begins only between two groups, and only after the older one was synced.
/// </summary>
internal sealed class SegmentedLog : ILogFile
{
    private const long NotWritten = -1;

    private readonly IJournalFiles files;
    private readonly SegmentIndex index;
    private readonly StockJournalOptions options;
    private PreparedLogFile? file;
    private Segment? segment;
    private DateOnly? segmentDay;
    private long segmentLength;
    private long length;
    private SegmentMark group;
    private DateOnly groupDay;

    /// <summary>Goes on behind <paramref name="last"/>, or begins a journal if that is null.</summary>
    public SegmentedLog(IJournalFiles files, SegmentIndex index, StockJournalOptions options, Segment? last)
    {
        this.files = files;
        this.index = index;
        this.options = options;
        if (last is not null)
        {
            segment = last;
            segmentDay = SegmentPath.Day(last.Path);
            segmentLength = last.DurableBytes;
            file = Prepared(files.OpenWrite(last.Path));
        }
    }

    /// <inheritdoc/>
    public string Name => segment?.Path ?? SegmentPath.FeedFolder;

    /// <inheritdoc/>
    public long Length => length;

    /// <summary>Says what the next write will begin with.</summary>
    public void BeginGroup(long firstSequence, DateOnly day)
    {
        group = new SegmentMark(firstSequence, NotWritten);
        groupDay = day;
    }

    /// <summary>Tells the index that everything written is durable.</summary>
    public void Publish(long lastSequence) => index.Extend(segment!, group, segmentLength, lastSequence);

    /// <inheritdoc/>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        if (position != length)
        {
            throw new InvalidOperationException("The journal is written at its end.");
        }

        if (group.Offset == NotWritten)
        {
            if (file is null || segmentLength >= options.SegmentBytes || segmentDay != groupDay)
            {
                BeginSegment();
            }

            group = group with { Offset = segmentLength };
        }

        file!.Write(segmentLength, bytes);
        segmentLength += bytes.Length;
        length += bytes.Length;
    }

    /// <inheritdoc/>
    public void Sync() => file?.Sync();

    /// <inheritdoc/>
    public void Truncate(long length) => throw new NotSupportedException("Recovery cuts the last segment before this log begins.");

    /// <inheritdoc/>
    public int Read(long position, Span<byte> buffer) => throw new NotSupportedException("Segments are read one by one.");

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private void BeginSegment()
    {
        // A segment that has a successor ends with its last record.
        file?.Trim();
        string path = SegmentPath.Of(groupDay, options.Door, group.Sequence);
        ILogFile next = files.OpenWrite(path);
        if (next.Length > 0)
        {
            next.Dispose();
            throw new JournalCorruptException(path, "exists already although its records are only now to be written");
        }

        file?.Dispose();
        file = Prepared(next);
        segment = new Segment(path, group.Sequence);
        segmentDay = groupDay;
        segmentLength = 0;
        index.Add(segment);
    }

    private PreparedLogFile Prepared(ILogFile segmentFile) => new(segmentFile, options.Room with { TimeProvider = options.TimeProvider });
}
