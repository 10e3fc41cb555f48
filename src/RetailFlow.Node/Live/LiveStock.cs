using System.Runtime.CompilerServices;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;

namespace RetailFlow.Node.Live;

/// <summary>
/// The ledger behind the journal's writer: decides on reservations, answers what there is now, and asks the lake for what the ledger does not
/// remember.
/// </summary>
internal sealed class LiveStock(NodeState node, Lake lake, StockJournal journal, StockLedger ledger) : IDisposable
{
    private static readonly LedgerWork s_nothing = new(static _ => null);

    private readonly SemaphoreSlim _lookingUp = new(1, 1);
    private readonly SemaphoreSlim _sweeping = new(1, 1);
    private LakeBase _base = new(-1, 0);
    private long _answered;

    public StockLedger Ledger => ledger;

    /// <summary>Commands on reservations that were answered since the start.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Now, microseconds since 1970 UTC.</summary>
    public long NowMicros => RecordTime.ToMicros(node.Clock.GetUtcNow());

    /// <summary>Tells what the ledger is based on, before anything is looked up.</summary>
    public void StartFrom(LakeBase lakeBase) => _base = lakeBase;

    /// <summary>What a command comes to, durable; null if a key of it could not be resolved in time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReservationTransition?> DecideAsync(ReservationCommand command, CancellationToken cancellationToken)
    {
        while (true)
        {
            var receipt = await journal.AppendAsync(new JournalBatch { Tag = command }, cancellationToken);
            if (receipt.Admission is ReservationTransition transition)
            {
                Interlocked.Increment(ref _answered);
                return transition;
            }

            if (!await TryResolveAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>Everything that is durable of some SKUs now: nothing of it has expired, and every number is known.</summary>
    /// <returns>The sequence that the answer contains; null if a number could not be resolved in time.</returns>
    public async ValueTask<long?> ReadAsync(string[] skus, List<StockReading> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            await ExpireAsync(cancellationToken);
            var sequence = ledger.Read(skus, into);
            if (!into.Exists(static reading => reading.Level.IsOpen))
            {
                return sequence;
            }

            if (!await TryResolveAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>Gives back what was held up to this moment, so that the next read sees it free.</summary>
    public async ValueTask ExpireAsync(CancellationToken cancellationToken)
    {
        var now = NowMicros;
        while (ledger.NextExpiryMicros <= now)
        {
            // Whoever waited here finds it done.
            await _sweeping.WaitAsync(cancellationToken);
            try
            {
                if (ledger.NextExpiryMicros <= now)
                {
                    await journal.AppendAsync(new JournalBatch { Tag = s_nothing }, cancellationToken);
                }
            }
            finally
            {
                _sweeping.Release();
            }
        }
    }

    /// <summary>A reservation as everything durable leaves it; null if there is none, or if it ended long ago.</summary>
    public async ValueTask<Reservation?> FindAsync(string id, CancellationToken cancellationToken) =>
        (Reservation?)await WorkAsync(books => books.Find(id), cancellationToken);

    /// <summary>The claims on a key at this moment, oldest first.</summary>
    public async ValueTask<IReadOnlyList<Reservation>> ClaimsOnAsync(string sku, string location, CancellationToken cancellationToken) =>
        (IReadOnlyList<Reservation>)(await WorkAsync(books => books.Claims(sku, location), cancellationToken))!;

    /// <summary>Does something on the journal's writer, where no batch is under way.</summary>
    public async ValueTask BetweenBatchesAsync(Action work, CancellationToken cancellationToken) =>
        await WorkAsync(
            _ =>
            {
                work();
                return null;
            },
            cancellationToken);

    /// <summary>Lets what is due take place: expiry, sales that are owed, claims that sales took from, incidents.</summary>
    public async ValueTask SettleAsync(CancellationToken cancellationToken) =>
        await journal.AppendAsync(new JournalBatch { Tag = s_nothing }, cancellationToken);

    /// <summary>Looks up in the lake whatever the ledger waits for at this moment; false if that took too long.</summary>
    public async ValueTask<bool> TryResolveAsync(CancellationToken cancellationToken)
    {
        await EventLoop.LeaveAsync();
        using var limit = new CancellationTokenSource(node.Options.SequenceTimeout, node.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _lookingUp.WaitAsync(either.Token);
            try
            {
                await ResolveAsync(either.Token);
            }
            finally
            {
                _lookingUp.Release();
            }

            return true;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Bases the ledger on newer rows of Gold. Lookups wait meanwhile: an answer from the version of before must not meet rows of the
    /// version after.
    /// </summary>
    /// <param name="rows">The rows that changed.</param>
    /// <param name="next">What the ledger is based on afterwards.</param>
    /// <param name="cancellationToken">Gives up while it waits.</param>
    /// <returns>The keys of which the ledger had another number at that sequence, with both numbers.</returns>
    public async ValueTask<IReadOnlyList<Difference>> RebaseAsync(
        IReadOnlyList<StockRow> rows, LakeBase next, CancellationToken cancellationToken)
    {
        List<Difference> differences = [];
        await _lookingUp.WaitAsync(cancellationToken);
        try
        {
            foreach (var chunk in rows.Chunk(RowsAtOnce))
            {
                await WorkAsync(
                    books =>
                    {
                        foreach (var row in chunk)
                        {
                            var state = StateOf(row);
                            if (books.Rebase(row.Sku, row.Location, state, next.Sequence) is { } own && own.OnHand != state.OnHand)
                            {
                                differences.Add(new Difference(row.Sku, row.Location, own.OnHand, state.OnHand));
                            }
                        }

                        return null;
                    },
                    cancellationToken);
            }

            await WorkAsync(
                books =>
                {
                    books.ForgetUpTo(next.Sequence);
                    return null;
                },
                cancellationToken);
            _base = next;
            await ResolveAsync(cancellationToken);
        }
        finally
        {
            _lookingUp.Release();
        }

        return differences;
    }

    public void Dispose()
    {
        _lookingUp.Dispose();
        _sweeping.Dispose();
    }

    /// <summary>A row of Gold as the ledger takes it.</summary>
    public static OnHandState StateOf(StockRow row) => new(
        Quantity.FromDecimal(row.OnHand), MicrosOf(row.LastEventTime), MicrosOf(row.LastCountTime), null);

    // So long as nobody waits for: a batch of records on the writer takes as long.
    private const int RowsAtOnce = 2_000;

    private static long MicrosOf(DateTimeOffset? time) => time is { } known ? RecordTime.ToMicros(known) : OnHandState.None;

    private async ValueTask ResolveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var open = (Open)(await WorkAsync(static books => new Open([.. books.OpenVoids], [.. books.OpenKeys]), cancellationToken))!;
            if (open.Voids.Length == 0 && open.Keys.Length == 0)
            {
                return;
            }

            List<(OpenVoid Void, VoidedRecord? Record)> voids = [];
            foreach (var unknown in open.Voids)
            {
                voids.Add((unknown, await FindAsync(unknown.Name!, cancellationToken)));
            }

            List<(OpenKey Key, KeyHistory History)> keys = [];
            foreach (var key in open.Keys)
            {
                keys.Add((key, await HistoryAsync(key, cancellationToken)));
            }

            await WorkAsync(
                books =>
                {
                    voids.ForEach(found => books.Resolve(found.Void, found.Record));
                    keys.ForEach(found => books.Resolve(found.History, found.Key.Sku, found.Key.Location));
                    return null;
                },
                cancellationToken);
        }
    }

    /// <summary>Does something to the ledger between two batches, on the journal's writer.</summary>
    public async ValueTask<object?> WorkAsync(Func<StockLedger, object?> work, CancellationToken cancellationToken)
    {
        var receipt = await journal.AppendAsync(new JournalBatch { Tag = new LedgerWork(work) }, cancellationToken);
        return receipt.Admission;
    }

    private async ValueTask<VoidedRecord?> FindAsync(RecordName name, CancellationToken cancellationToken) =>
        await lake.History.FindAsync(_base.SilverVersion, name.Source, name.EventId, name.Line, cancellationToken) is { } stored
            ? new VoidedRecord(stored.Sku, stored.Location, EntryOf(stored))
            : null;

    private async ValueTask<KeyHistory> HistoryAsync(OpenKey key, CancellationToken cancellationToken)
    {
        var records = await lake.History.OfKeyAsync(_base.SilverVersion, key.Sku, key.Location, cancellationToken);
        var last = records.Count == 0 ? OnHandState.None : records.Max(record => RecordTime.ToMicros(record.EventTime));
        return new KeyHistory(_base.Sequence, [.. records.Where(record => record.Type != "void").Select(EntryOf)], last);
    }

    private static HistoryEntry EntryOf(StoredRecord stored)
    {
        if (!StockRecordTypeName.TryParse(System.Text.Encoding.UTF8.GetBytes(stored.Type), out var type))
        {
            throw new LakeException(LakeErrorKind.Corrupt, $"silver.inventory_events holds a record of type '{stored.Type}', which is none.");
        }

        return new HistoryEntry(type, Quantity.FromDecimal(stored.Quantity), RecordTime.ToMicros(stored.EventTime), stored.Retracted);
    }

    private sealed record Open(OpenVoid[] Voids, OpenKey[] Keys);
}

/// <summary>What of the lake the ledger is based on.</summary>
/// <param name="SilverVersion">A version of Silver; -1 if there is none.</param>
/// <param name="Sequence">Exactly the journal records up to this one are in it.</param>
internal readonly record struct LakeBase(long SilverVersion, long Sequence);

/// <summary>A key of which Gold and the ledger had different numbers at one sequence.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Ledger">On hand as the ledger had it.</param>
/// <param name="Gold">On hand as Gold has it.</param>
internal readonly record struct Difference(string Sku, string Location, Quantity Ledger, Quantity Gold);
