using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Ingest;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Live;

/// <summary>
/// Brings a ledger to the end of the journal: Gold's rows and what goes with them, then the entries after them, as they were applied when
/// they were written.
/// </summary>
internal sealed class LedgerRecovery(Lake lake, StockJournal journal, StockLedger ledger, LedgerFollower follower, RecordJudge judge)
{
    // A source that has been silent for longer is taken for one that was never heard of: how far back the lake is read has a limit.
    private const long LongestSilence = 90L * 24 * 3600 * 1_000_000;

    /// <summary>What the lake says that the ledger can be based on.</summary>
    /// <param name="lake">The lake.</param>
    /// <param name="firstSequence">The first sequence that this machine's journal has.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<StockPosition> PositionAsync(Lake lake, long firstSequence, CancellationToken cancellationToken)
    {
        var gold = await lake.History.GoldAsync(cancellationToken);
        if (gold.Sequence >= firstSequence - 1)
        {
            return gold;
        }

        // Entries before the journal's first are in the lake's RAW only: the pipeline has to bring them.
        await lake.Pipeline.RunAsync(new RunOptions(), cancellationToken);
        gold = await lake.History.GoldAsync(cancellationToken);
        return gold with { Sequence = Math.Max(gold.Sequence, firstSequence - 1) };
    }

    /// <summary>Loads and replays; <paramref name="identities"/> are those of the Silver that <paramref name="gold"/> is computed from.</summary>
    public async Task RunAsync(StockPosition gold, KnownIdentities identities, LedgerOptions options, long nowMicros, CancellationToken cancellationToken)
    {
        await LoadRowsAsync(gold, cancellationToken);
        await LoadPendingVoidsAsync(gold.SilverVersion, identities, cancellationToken);
        await new ReservationHistory(ledger, options, nowMicros).LoadAsync(lake, journal, gold.Sequence, cancellationToken);
        await LoadHeardAsync(options, nowMicros, cancellationToken);
        ledger.StartAt(gold.Sequence, 0);
        await new JournalReplay(ledger, follower, Judge).RunAsync(journal, gold.Sequence, cancellationToken);
    }

    /// <summary>When the sources that are expected were last heard of, as far as the lake tells; the journal tells the rest.</summary>
    private async Task LoadHeardAsync(LedgerOptions options, long nowMicros, CancellationToken cancellationToken)
    {
        var unknown = options.QuietRules.Select(rule => rule.Source).ToHashSet(StringComparer.Ordinal);
        var recent = options.QuietRules.Select(rule => rule.QuietAfterMicros).Append(0).Max();

        // One that was heard of lately is found in the newest files. One that was not is quiet whatever the answer, if it ever was heard of.
        foreach (var back in new[] { recent, LongestSilence })
        {
            if (unknown.Count == 0)
            {
                return;
            }

            foreach (var (source, at) in await lake.History.LastHeardAsync(unknown, RecordTime.ToInstant(nowMicros - back), cancellationToken))
            {
                ledger.Heard(source, RecordTime.ToMicros(at));
                unknown.Remove(source);
            }
        }
    }

    private IntakeBatch Judge(in JournalEnvelopeReader envelope)
    {
        var source = envelope.Source.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(envelope.Source);
        return judge.JudgeAgain(envelope.Record, source, envelope.ReceivedAtMicros);
    }

    private async Task LoadRowsAsync(StockPosition gold, CancellationToken cancellationToken)
    {
        if (gold.Version < 0)
        {
            return;
        }

        using var result = await lake.Sql.QueryAsync(
            FormattableString.Invariant($"SELECT sku, location, on_hand, last_event_time, last_count_time FROM gold.stock_on_hand VERSION AS OF {gold.Version}"),
            cancellationToken);
        foreach (var row in result.Rows())
        {
            ledger.Load(
                (string)row[0]!,
                (string)row[1]!,
                new OnHandState(Quantity.FromDecimal((decimal)row[2]!), Micros(row[3]), Micros(row[4]), null),
                gold.Sequence);
        }
    }

    private async Task LoadPendingVoidsAsync(long silverVersion, KnownIdentities identities, CancellationToken cancellationToken)
    {
        if (silverVersion < 0)
        {
            return;
        }

        using var result = await lake.Sql.QueryAsync(
            FormattableString.Invariant(
                $"SELECT source, voids_event_id, voids_line FROM silver.inventory_events VERSION AS OF {silverVersion} WHERE void_status = 'pending'"),
            cancellationToken);
        foreach (var row in result.Rows())
        {
            var target = RecordIdentity.Fingerprint(
                System.Text.Encoding.UTF8.GetBytes((string)row[0]!), System.Text.Encoding.UTF8.GetBytes((string)row[1]!), (long)row[2]!);

            // The status is that of the moment when the void came: its record may have come since, and came voided.
            if (!identities.TryFind(target, out _))
            {
                ledger.LoadPendingVoid(target);
            }
        }
    }

    private static long Micros(object? time) => time is DateTimeOffset known ? RecordTime.ToMicros(known) : OnHandState.None;
}
