using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Live;

/// <summary>
/// The last oversells as they were at a position of the journal: from <c>bronze.incidents</c> as far as that goes, from the journal itself
/// after it.
/// </summary>
internal static class IncidentHistory
{
    /// <summary>Loads those up to and including <paramref name="upTo"/>.</summary>
    public static async Task LoadAsync(RecentIncidents incidents, Lake lake, StockJournal journal, long upTo, CancellationToken cancellationToken)
    {
        var (stored, position) = await lake.History.IncidentsAsync(RecentIncidents.Most, upTo, cancellationToken);
        foreach (var incident in stored)
        {
            incidents.Restore(Of(incident), incident.Sequence);
        }

        journal.ForEach(
            Math.Min(position, upTo),
            upTo,
            (in entry) =>
            {
                if (entry.Kind == JournalEntryKind.Incident)
                {
                    incidents.Restore(IncidentJson.Read(entry.Noted, entry.ReceivedAtMicros), entry.Sequence);
                }
            },
            cancellationToken);
    }

    private static OversellIncident Of(StoredIncident stored) => new(
        stored.Sku,
        stored.Location,
        stored.Cause,
        RecordTime.ToMicros(stored.At),
        Quantity.FromDecimal(stored.OnHand),
        Quantity.FromDecimal(stored.Held),
        Quantity.FromDecimal(stored.Committed),
        stored.Reservations);
}
