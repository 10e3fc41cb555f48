using System.Buffers.Text;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>Takes an entry of the journal that is read.</summary>
/// <param name="entry">The entry.</param>
public delegate void JournalEntryAction(in JournalEnvelopeReader entry);

/// <summary>
/// The RAW of stock records that come in one by one: every record as received, in one sequence without gaps, acknowledged
/// when it is durable. Duplicates and records that break rules are in it too: verdicts are computed from it and can be computed
/// again. Segments are newline-delimited JSON that any tool can read. Safe for many callers.
/// </summary>
public sealed class StockJournal : IAsyncDisposable
{
    private const int HeadBytes = 64;

    private readonly LakeLock lakeLock;
    private readonly IJournalFiles files;
    private readonly SegmentIndex index;
    private readonly SegmentedLog segments;
    private readonly StockJournalOptions options;
    private readonly GroupCommitLog<JournalBatch, JournalReceipt> log;
    private readonly TimeText time = new();
    private long groupMicros;
    private long nextSequence;
    private long lastDurable;
    private readonly JournalScribe scribe;

    private StockJournal(
        LakeLock lakeLock, IJournalFiles files, SegmentIndex index, SegmentedLog segments, StockJournalOptions options, long last)
    {
        this.lakeLock = lakeLock;
        this.files = files;
        this.index = index;
        this.segments = segments;
        this.options = options;
        scribe = new JournalScribe(this);
        nextSequence = last + 1;
        lastDurable = last;
        log = new GroupCommitLog<JournalBatch, JournalReceipt>(
            AppendLogWriter.Open(segments, out _), Encode, options.GroupCommit, _ => Publish());
    }

    /// <summary>Sequence of the last record that survives power loss; if there is none, the one before the first.</summary>
    public long LastDurableSequence => Volatile.Read(ref lastDurable);

    /// <summary>Why the journal has stopped acknowledging, or null while it works.</summary>
    public Exception? Failure => log.Failure;

    /// <summary>
    /// Opens the journal of a lake: takes the lake's lock, verifies the last segments, cuts off an end that never became durable,
    /// and goes on with the sequence.
    /// </summary>
    /// <exception cref="LakeInUseException">Another writer has the lake.</exception>
    /// <exception cref="JournalCorruptException">Segments contradict each other; nothing is repaired.</exception>
    /// <exception cref="LogCorruptException">A segment holds bytes that are no record and no unfinished end.</exception>
    public static StockJournal Open(string lakeRoot, StockJournalOptions options, out JournalRecovery recovery)
    {
        options.Validate();
        LakeLock lakeLock = LakeLock.Acquire(lakeRoot);
        try
        {
            IJournalFiles files = options.Files ?? new LocalJournalFiles(lakeRoot);
            SegmentIndex index = new(files);
            Segment? last = JournalRecoverySteps.Run(files, index, options.FirstSequence, out long tornBytes);
            recovery = new JournalRecovery(last?.LastSequence ?? options.FirstSequence - 1, index.Count, tornBytes);
            SegmentedLog segments = new(files, index, options, last);
            return new StockJournal(lakeLock, files, index, segments, options, recovery.LastSequence);
        }
        catch
        {
            lakeLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a batch; completes when it is durable. All its records follow each other in the sequence. Await the result once.
    /// A token cancelled after the batch was taken has no effect.
    /// </summary>
    /// <exception cref="LogPoisonedException">The journal has failed; whether the batch is durable is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public ValueTask<JournalReceipt> AppendAsync(JournalBatch batch, CancellationToken cancellationToken = default) =>
        log.AppendAsync(batch, cancellationToken);

    /// <summary>
    /// The durable records after <paramref name="sequence"/>, as runs of bytes in order: all, or up to <paramref name="maxBytes"/>
    /// but at least one record. Each run begins and ends between records.
    /// </summary>
    public IReadOnlyList<JournalRange> RangesAfter(long sequence, long? maxBytes = null) => index.RangesAfter(sequence, maxBytes);

    /// <summary>Reads the records of a range.</summary>
    public JournalReader Read(JournalRange range) => new(files, range);

    /// <summary>Reads the durable entries after one sequence up to and including another, in their order.</summary>
    /// <param name="after">The sequence before the first.</param>
    /// <param name="upTo">The last sequence wanted; what is not durable when the call begins is not read.</param>
    /// <param name="read">Takes an entry, whose spans are valid during the call.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public void ForEach(long after, long upTo, JournalEntryAction read, CancellationToken cancellationToken)
    {
        foreach (JournalRange range in RangesAfter(after).TakeWhile(range => range.FirstSequence <= upTo))
        {
            using JournalReader reader = Read(range);
            while (reader.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                JournalEnvelopeReader entry = reader.Current;
                if (entry.Sequence > upTo)
                {
                    return;
                }

                read(in entry);
            }
        }
    }

    /// <summary>Makes durable and answers what waits, closes the segments and releases the lake.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await log.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            lakeLock.Dispose();
        }
    }

    internal long NextSequence => nextSequence;

    /// <summary>Adds an entry of the node's own and returns its sequence.</summary>
    internal long WriteNoted(AppendLogWriter writer, long micros, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        Span<byte> room = ReserveNoted(writer, micros, name, json.Length, out int head);
        json.CopyTo(room);
        return CommitNoted(writer, room, head, json.Length);
    }

    /// <summary>Begins an entry of the node's own: room for its JSON, to be filled before anything else is written.</summary>
    internal Span<byte> ReserveNoted(AppendLogWriter writer, long micros, ReadOnlySpan<byte> name, int most, out int head)
    {
        Span<byte> line = writer.Reserve(HeadBytes + name.Length + most + 1);
        int at = WriteHead(line, nextSequence, micros);
        name.CopyTo(line[at..]);
        head = at + name.Length;
        return line[head..];
    }

    /// <summary>Adds the entry whose JSON stands in its room, and returns its sequence.</summary>
    internal long CommitNoted(AppendLogWriter writer, Span<byte> room, int head, int length)
    {
        room[length] = (byte)'}';
        writer.Commit(head + length + 1);
        return nextSequence++;
    }

    private JournalReceipt Encode(JournalBatch batch, AppendLogWriter writer)
    {
        if (writer.BufferedBytes == 0)
        {
            DateTimeOffset now = options.TimeProvider.GetUtcNow();
            groupMicros = RecordTime.ToMicros(now);
            segments.BeginGroup(nextSequence, DateOnly.FromDateTime(now.UtcDateTime));
        }

        if (options.Follower is not { } follower)
        {
            return WriteRecords(batch, writer, null);
        }

        scribe.Begin(writer, groupMicros);
        try
        {
            follower.Before(scribe);
            return WriteRecords(batch, writer, follower);
        }
        catch (Exception exception)
        {
            // What was taken back from the buffer cannot be taken back from the follower's state.
            writer.Poison(exception);
            throw;
        }
        finally
        {
            scribe.End();
        }
    }

    private JournalReceipt WriteRecords(JournalBatch batch, AppendLogWriter writer, IJournalFollower? follower)
    {
        long micros = batch.ReceivedAtMicros ?? groupMicros;
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<byte> tail = batch.Tail(i);
            Span<byte> line = writer.Reserve(HeadBytes + tail.Length);
            int at = WriteHead(line, nextSequence + i, micros);
            tail.CopyTo(line[at..]);
            writer.Commit(at + tail.Length);
        }

        // After the records are in the buffer, from where they can be taken back, and before anything that cannot.
        long first = nextSequence;
        JournalStamp stamp = new(first, micros);
        object? admission = options.Admission?.Invoke(batch, stamp);
        nextSequence += batch.Count;
        long last = nextSequence - 1;
        admission = follower is null ? admission : follower.Take(batch, stamp, scribe);
        return new JournalReceipt(first, last, RecordTime.ToInstant(micros), admission);
    }

    private int WriteHead(Span<byte> line, long sequence, long micros)
    {
        "{\"seq\":"u8.CopyTo(line);
        Utf8Formatter.TryFormat(sequence, line[7..], out int digits);
        int at = 7 + digits;
        ",\"at\":\""u8.CopyTo(line[at..]);
        at += 7;
        time.Of(micros).CopyTo(line[at..]);
        at += RecordTime.TextBytes;
        line[at++] = (byte)'"';
        return at;
    }

    private void Publish()
    {
        segments.Publish(nextSequence - 1);
        Volatile.Write(ref lastDurable, nextSequence - 1);
        options.Follower?.Durable(nextSequence - 1);
    }
}
