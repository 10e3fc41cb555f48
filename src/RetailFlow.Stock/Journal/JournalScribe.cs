using RetailFlow.Storage;

namespace RetailFlow.Stock.Journal;

/// <summary>Writes entries of the node's own into the journal, for the moment of a call of <see cref="IJournalFollower"/>.</summary>
public sealed class JournalScribe
{
    private readonly StockJournal journal;
    private AppendLogWriter? writer;
    private int head;

    internal JournalScribe(StockJournal journal) => this.journal = journal;

    /// <summary>Sequence of the next entry.</summary>
    public long NextSequence => journal.NextSequence;

    /// <summary>The moment that entries get, microseconds since 1970 UTC; it does not go back.</summary>
    public long AtMicros { get; private set; }

    /// <summary>Whether nothing waits to become durable: what the state machine has now may be shown at once.</summary>
    public bool IsClean => writer is { BufferedBytes: 0 };

    /// <summary>Writes a transition of a reservation and returns its sequence.</summary>
    /// <param name="json">One JSON object without line breaks.</param>
    public long Reservation(ReadOnlySpan<byte> json) => Write(",\"reservation\":"u8, json);

    /// <summary>Room in the journal's own buffer for a transition of up to <paramref name="most"/> bytes, until the next call.</summary>
    internal Span<byte> RoomForReservation(int most) => journal.ReserveNoted(Writer, AtMicros, ",\"reservation\":"u8, most, out head);

    /// <summary>Adds the transition that was written into such room, and returns its sequence.</summary>
    internal long Reservation(Span<byte> room, int length) => journal.CommitNoted(Writer, room, head, length);

    /// <summary>Writes a stock record of the node's own and returns its sequence.</summary>
    /// <param name="json">One JSON object without line breaks, with its source.</param>
    public long Record(ReadOnlySpan<byte> json) => Write(",\"record\":"u8, json);

    /// <summary>Writes an incident and returns its sequence.</summary>
    /// <param name="json">One JSON object without line breaks.</param>
    public long Incident(ReadOnlySpan<byte> json) => Write(",\"incident\":"u8, json);

    internal void Begin(AppendLogWriter into, long atMicros)
    {
        writer = into;
        AtMicros = Math.Max(AtMicros, atMicros);
    }

    internal void End() => writer = null;

    private long Write(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json) =>
        journal.WriteNoted(Writer, AtMicros, name, json);

    private AppendLogWriter Writer => writer ?? throw new InvalidOperationException("Entries are written while the follower is called.");
}
