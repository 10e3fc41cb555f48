using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Oversells that came about elsewhere, and sources that have gone quiet.</content>
public sealed partial class StockLedger
{
    private readonly Queue<OversellIncident> incidents = new();
    private readonly Dictionary<string, long> seen = new(StringComparer.Ordinal);

    /// <summary>Notes that a source was heard of.</summary>
    public void Heard(string source, long atMicros)
    {
        if (options.QuietRules.Any(rule => rule.Source == source))
        {
            seen[source] = Math.Max(seen.GetValueOrDefault(source, long.MinValue), atMicros);
        }
    }

    /// <summary>Takes an incident that came to light since the last call; false if there is none.</summary>
    public bool TryTakeIncident(out OversellIncident incident) => incidents.TryDequeue(out incident!);

    /// <summary>Raises an incident when a key comes to have less than is claimed of it, or less than nothing.</summary>
    private void Watch(StockKey key, long sequence)
    {
        if (openKeys.Contains(key))
        {
            return;
        }

        Quantity floor = -key.Terms.BackOrderLimit;
        bool oversold = key.Unclaimed < floor;
        if (oversold && !key.IsOversold)
        {
            incidents.Enqueue(new OversellIncident(
                key.Sku, key.Location, sequence, AtMicros, key.Current.OnHand, key.Held, key.Committed, ClaimsOn(key)));
        }

        key.IsOversold = oversold;
    }

    private List<string> ClaimsOn(StockKey key) =>
    [
        .. reservations.Values
            .Where(reservation => reservation.State is ReservationState.Held or ReservationState.Confirmed
                && reservation.Lines.Any(line => line.Sku == key.Sku && line.Location == key.Location && line.Open > Quantity.Zero))
            .OrderBy(reservation => reservation.CreatedMicros)
            .ThenBy(reservation => reservation.Id, StringComparer.Ordinal)
            .Select(reservation => reservation.Id),
    ];

    /// <summary>What is kept back at a location while a source of its records is quiet.</summary>
    private Quantity ExtraBuffer(string location, long atMicros)
    {
        Quantity buffer = Quantity.Zero;
        foreach (QuietRule rule in options.QuietRules)
        {
            if ((rule.Locations.Count == 0 || rule.Locations.Contains(location))
                && atMicros - seen.GetValueOrDefault(rule.Source, rule.SinceMicros) > rule.QuietAfterMicros)
            {
                buffer += rule.Buffer;
            }
        }

        return buffer;
    }
}
