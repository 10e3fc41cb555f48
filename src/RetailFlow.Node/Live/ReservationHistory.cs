using System.Globalization;
using System.Text;
using RetailFlow.Lakehouse;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Live;

/// <summary>
/// Brings reservations and recent answers into a ledger as they were at a position of the journal: from <c>bronze.reservations</c> as far as
/// that goes, from the journal itself after it.
/// </summary>
internal sealed class ReservationHistory(StockLedger ledger, LedgerOptions options, long nowMicros)
{
    private const string Table = "bronze.reservations";

    // What changed last stands last, so that it is forgotten in the order in which it ended.
    private readonly Dictionary<string, (Reservation After, long AtMicros, long Sequence)> _last = new(StringComparer.Ordinal);
    private readonly List<ReservationTransition> _answers = [];

    /// <summary>Loads everything up to and including <paramref name="upTo"/>.</summary>
    public async Task LoadAsync(Lake lake, StockJournal journal, long upTo, CancellationToken cancellationToken)
    {
        var known = await ReadTableAsync(lake, upTo, cancellationToken);
        journal.ForEach(
            known,
            upTo,
            (in entry) =>
            {
                if (entry.Kind == JournalEntryKind.Reservation)
                {
                    Note(TransitionJson.Read(entry.Noted, entry.ReceivedAtMicros), entry.Sequence);
                }
            },
            cancellationToken);
        foreach (var (after, at, _) in _last.Values.OrderBy(last => last.Sequence))
        {
            if (after.State is ReservationState.Held or ReservationState.Confirmed || at + options.EndedRetentionMicros > nowMicros)
            {
                ledger.Load(after, at);
            }
        }

        foreach (var answer in _answers.Where(answer => answer.AtMicros + options.KeyRetentionMicros > nowMicros))
        {
            ledger.LoadAnswer(answer);
        }
    }

    /// <summary>Reads the table and returns the position that it is known up to; 0 if there is no table.</summary>
    private async Task<long> ReadTableAsync(Lake lake, long upTo, CancellationToken cancellationToken)
    {
        if ((await lake.Catalog.TablesAsync(cancellationToken)).All(table => table.Name != Table || table.Version < 0))
        {
            return 0;
        }

        var description = await lake.Catalog.DescribeAsync(Table, cancellationToken);
        var position = Math.Min(upTo, description.Positions.GetValueOrDefault("journal", 0));
        var table = string.Create(CultureInfo.InvariantCulture, $"{Table} VERSION AS OF {description.Summary.Version}");
        var since = nowMicros - Math.Max(options.EndedRetentionMicros, options.KeyRetentionMicros);
        using var result = await lake.Sql.QueryAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT sequence, epoch_us("at"), transition FROM {table}
                WHERE sequence <= {position} AND (epoch_us("at") > {since} OR sequence IN (
                    SELECT max(sequence) FROM {table} WHERE sequence <= {position} AND outcome = 'done' GROUP BY id
                    HAVING arg_max(state, sequence) IN ('held', 'confirmed')))
                ORDER BY sequence
                """),
            cancellationToken);
        foreach (var row in result.Rows())
        {
            Note(TransitionJson.Read(Encoding.UTF8.GetBytes((string)row[2]!), (long)row[1]!), (long)row[0]!);
        }

        return position;
    }

    private void Note(ReservationTransition transition, long sequence)
    {
        if (transition.Key is not null)
        {
            _answers.Add(transition);
        }

        if (transition.Refusal == ReservationRefusal.None && transition.After is { } after)
        {
            _last[after.Id] = (after, transition.AtMicros, sequence);
        }
    }
}
