using System.Buffers;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Stock.Ledger;

/// <summary>The accepted ones among the records of a batch, by their place in it.</summary>
public interface ILedgerBatch
{
    /// <summary>Gives every record its verdict, in the order of the sequence.</summary>
    /// <param name="firstSequence">Sequence of the first record.</param>
    void Admit(long firstSequence);

    /// <summary>The record at a place, if it was accepted.</summary>
    bool TryGetAccepted(int index, out LedgerRecord record);

    /// <summary>The source of the record at a place, for sources that are expected to be heard of; null if it is not known.</summary>
    string? SourceAt(int index);
}

/// <summary>Says of a batch of records that the ledger waits for an answer from the lake.</summary>
public sealed class LedgerOpen
{
    private LedgerOpen()
    {
    }

    /// <summary>The one there is.</summary>
    public static LedgerOpen Marker { get; } = new();
}

/// <summary>The sales that fulfilments stand for, as records.</summary>
public interface ISaleRecords
{
    /// <summary>Writes a sale as a stock record and gives it its verdict.</summary>
    /// <param name="sale">The sale.</param>
    /// <param name="sequence">The sequence that the record will have.</param>
    /// <param name="atMicros">The moment that it will have.</param>
    /// <param name="json">Emptied, and filled with the record.</param>
    /// <param name="record">The record as the ledger takes it.</param>
    /// <returns>False if its identity is held by another record: it is not to be written.</returns>
    bool Take(in OwedSale sale, long sequence, long atMicros, ArrayBufferWriter<byte> json, out LedgerRecord record);
}

/// <summary>Something to do to the ledger between two batches, on the journal's writer.</summary>
/// <param name="Run">What to do; what it returns is the receipt's <see cref="JournalReceipt.Admission"/>.</param>
public sealed record LedgerWork(Func<StockLedger, object?> Run);

/// <summary>
/// Takes a ledger along with the journal: records and transitions have one sequence, what the ledger decides is written before it
/// takes effect, and readers see it when it is durable.
/// </summary>
/// <remarks>
/// A batch whose <see cref="JournalBatch.Tag"/> is a <see cref="ReservationCommand"/> has a <see cref="ReservationTransition"/> as its receipt's
/// <see cref="JournalReceipt.Admission"/>, or null if a key of it is open. For an array of commands, which are decided one after the other, it is an
/// array of as many.
/// </remarks>
/// <param name="ledger">The ledger.</param>
/// <param name="sales">Writes the sales that fulfilments stand for; null where goods that leave are told of by others alone.</param>
public sealed class LedgerFollower(StockLedger ledger, ISaleRecords? sales = null) : IJournalFollower
{
    private readonly ArrayBufferWriter<byte> json = new(1024);
    private readonly TransitionReader transitions = new(ledger);

    /// <summary>Incidents that were written, for whoever tells of them. Called on the journal's writer; must be quick and not throw.</summary>
    public Action<OversellIncident, long>? Noted { get; set; }

    /// <summary>Incidents that the journal has, for whoever shows them; called as they are replayed.</summary>
    public Action<OversellIncident, long>? Replayed { get; set; }

    /// <inheritdoc/>
    public void Before(JournalScribe scribe)
    {
        while (ledger.TryExpire(scribe.AtMicros, out ReservationTransition expired))
        {
            Write(expired, scribe);
        }
    }

    /// <inheritdoc/>
    public object? Take(JournalBatch batch, JournalStamp stamp, JournalScribe scribe)
    {
        object? answer = null;
        switch (batch.Tag)
        {
            case ReservationCommand command:
                answer = Decide(command, scribe);
                break;
            case ReservationCommand[] commands:
                answer = DecideAll(commands, scribe);
                break;
            case LedgerWork work:
                answer = work.Run(ledger);
                break;
            case ILedgerBatch records:
                records.Admit(stamp.FirstSequence);
                Apply(records, batch.Count, stamp);
                answer = ledger.IsResolved ? null : LedgerOpen.Marker;
                break;
            default:
                PassAll(batch.Count, stamp);
                break;
        }

        Settle(scribe);
        if (scribe.IsClean)
        {
            // Nothing is to be synced, so nobody will say that it is durable.
            ledger.Publish();
        }

        return answer;
    }

    /// <inheritdoc/>
    public void Durable(long sequence) => ledger.Publish();

    /// <summary>Writes what sales took from claims and the oversells that came to light, as far as that is not written yet.</summary>
    public void Settle(JournalScribe scribe)
    {
        SettleSales(scribe);
        while (ledger.TryConsume(scribe.AtMicros, out ReservationTransition consumed))
        {
            Write(consumed, scribe);
        }

        while (ledger.TryFindIncident(scribe.AtMicros, out OversellIncident incident))
        {
            json.ResetWrittenCount();
            IncidentJson.Write(incident, json);
            long sequence = scribe.Incident(json.WrittenSpan);
            ledger.Apply(incident, sequence, scribe.AtMicros);
            Noted?.Invoke(incident, sequence);
        }
    }

    /// <summary>Applies an entry that the journal has, as it was applied when it was written.</summary>
    /// <param name="envelope">The entry.</param>
    /// <param name="record">The verdict of a record; null for one that changes nothing.</param>
    public void Replay(in JournalEnvelopeReader envelope, ILedgerBatch? record) => Replay(ReplayEntry.Of(in envelope, record, transitions));

    internal void Replay(in ReplayEntry entry)
    {
        switch (entry.Content)
        {
            case ReservationTransition transition:
                ledger.Apply(transition, entry.Sequence);
                break;
            case OversellIncident incident:
                ledger.Apply(incident, entry.Sequence, entry.AtMicros);
                Replayed?.Invoke(incident, entry.Sequence);
                break;
            case ILedgerBatch record:
                record.Admit(entry.Sequence);
                Apply(record, 1, new JournalStamp(entry.Sequence, entry.AtMicros));
                break;
            default:
                ledger.Pass(entry.Sequence, entry.AtMicros);
                break;
        }
    }

    private void SettleSales(JournalScribe scribe)
    {
        while (sales is not null && ledger.TryOwedSale(out OwedSale sale))
        {
            if (sales.Take(in sale, scribe.NextSequence, scribe.AtMicros, json, out LedgerRecord record))
            {
                ledger.Apply(in record, scribe.Record(json.WrittenSpan), scribe.AtMicros);
            }
            else
            {
                ledger.WaiveSale();
            }
        }
    }

    private ReservationTransition?[] DecideAll(ReservationCommand[] commands, JournalScribe scribe)
    {
        ReservationTransition?[] answers = new ReservationTransition?[commands.Length];
        for (int i = 0; i < commands.Length; i++)
        {
            ledger.Expect(commands, i);
            answers[i] = Decide(commands[i], scribe);

            // What has left is off on hand before the next one is decided.
            Settle(scribe);
        }

        return answers;
    }

    private ReservationTransition? Decide(ReservationCommand command, JournalScribe scribe)
    {
        if (!ledger.TryDecide(command, scribe.AtMicros, out ReservationTransition transition))
        {
            return null;
        }

        if (transition.IsKept)
        {
            Write(transition, scribe);
        }

        return transition;
    }

    private void Write(ReservationTransition transition, JournalScribe scribe)
    {
        Span<byte> room = scribe.RoomForReservation(TransitionWriter.MostBytes(transition));
        long sequence = scribe.Reservation(room, ledger.Write(transition, scribe.AtMicros, room));
        ledger.Apply(transition, sequence);
    }

    private void Apply(ILedgerBatch records, int count, JournalStamp stamp)
    {
        for (int i = 0; i < count; i++)
        {
            if (records.SourceAt(i) is { } source)
            {
                ledger.Heard(source, stamp.ReceivedAtMicros);
            }

            if (records.TryGetAccepted(i, out LedgerRecord record))
            {
                ledger.Apply(in record, stamp.FirstSequence + i, stamp.ReceivedAtMicros);
            }
            else
            {
                ledger.Pass(stamp.FirstSequence + i, stamp.ReceivedAtMicros);
            }
        }
    }

    private void PassAll(int count, JournalStamp stamp)
    {
        for (int i = 0; i < count; i++)
        {
            ledger.Pass(stamp.FirstSequence + i, stamp.ReceivedAtMicros);
        }
    }
}
