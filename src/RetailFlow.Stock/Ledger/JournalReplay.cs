using System.Threading.Channels;
using RetailFlow.Stock.Journal;

namespace RetailFlow.Stock.Ledger;

/// <summary>Judges a record of the journal again, as it was judged when it came; null for one that changes nothing.</summary>
/// <param name="envelope">The entry.</param>
public delegate ILedgerBatch? RecordVerdict(in JournalEnvelopeReader envelope);

/// <summary>
/// Applies what a journal has after a position, as it was applied when it was written. Reading, verifying and parsing run ahead of applying on
/// another thread, by a bounded number of entries.
/// </summary>
/// <param name="ledger">The ledger.</param>
/// <param name="follower">Applies entries to the ledger.</param>
/// <param name="judge">Gives verdicts on records, on the thread that reads; null where records change nothing.</param>
public sealed class JournalReplay(StockLedger ledger, LedgerFollower follower, RecordVerdict? judge = null)
{
    private const int EntriesAtOnce = 512;
    private const int ChunksAhead = 8;

    private readonly TransitionReader transitions = new(ledger);

    /// <summary>Applies every durable entry after <paramref name="after"/> and returns how many there were. Nothing is published.</summary>
    /// <exception cref="InvalidDataException">An entry cannot be read.</exception>
    /// <exception cref="JournalCorruptException">The sequence has a gap.</exception>
    /// <exception cref="Storage.LogCorruptException">The bytes are not those that were written.</exception>
    public async Task<long> RunAsync(StockJournal journal, long after, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<ReplayEntry[]> chunks = Channel.CreateBounded<ReplayEntry[]>(
            new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });
        Task reading = Task.Run(() => ReadAsync(journal, after, chunks.Writer, either.Token), CancellationToken.None);
        long entries = 0;
        try
        {
            await foreach (ReplayEntry[] chunk in chunks.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (ref readonly ReplayEntry entry in chunk.AsSpan())
                {
                    follower.Replay(in entry);
                }

                entries += chunk.Length;
            }
        }
        finally
        {
            await either.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }

        return entries;
    }

    /// <summary>Fails through the channel alone.</summary>
    private async Task ReadAsync(StockJournal journal, long after, ChannelWriter<ReplayEntry[]> into, CancellationToken cancellationToken)
    {
        try
        {
            foreach (JournalRange range in journal.RangesAfter(after))
            {
                using JournalReader reader = journal.Read(range);
                while (Chunk(reader) is { Length: > 0 } chunk)
                {
                    await into.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
                }
            }

            into.Complete();
        }
        catch (Exception exception)
        {
            into.Complete(exception);
        }
    }

    private ReplayEntry[] Chunk(JournalReader reader)
    {
        ReplayEntry[] chunk = new ReplayEntry[EntriesAtOnce];
        int count = 0;
        while (count < chunk.Length && reader.MoveNext())
        {
            JournalEnvelopeReader envelope = reader.Current;
            ILedgerBatch? record = envelope.Kind == JournalEntryKind.Record ? judge?.Invoke(in envelope) : null;
            chunk[count++] = ReplayEntry.Of(in envelope, record, transitions);
        }

        return count == chunk.Length ? chunk : chunk[..count];
    }
}

/// <summary>An entry of the journal, ready to be applied.</summary>
/// <param name="Sequence">Its place in the journal.</param>
/// <param name="AtMicros">Moment of the envelope.</param>
/// <param name="Content">A transition, an incident, the verdict on a record, or null for what changes nothing.</param>
internal readonly record struct ReplayEntry(long Sequence, long AtMicros, object? Content)
{
    /// <summary>Reads an entry; <paramref name="record"/> is the verdict if it is a record.</summary>
    public static ReplayEntry Of(in JournalEnvelopeReader envelope, ILedgerBatch? record, TransitionReader transitions) => new(
        envelope.Sequence,
        envelope.ReceivedAtMicros,
        envelope.Kind switch
        {
            JournalEntryKind.Record => record,
            JournalEntryKind.Reservation => transitions.Read(envelope.Noted, envelope.ReceivedAtMicros),
            JournalEntryKind.Incident => IncidentJson.Read(envelope.Noted, envelope.ReceivedAtMicros),
            JournalEntryKind.Malformed => null,
            _ => throw new InvalidDataException($"The journal holds an entry of kind {envelope.Kind}, which is none."),
        });
}
