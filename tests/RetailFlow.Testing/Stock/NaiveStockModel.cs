namespace RetailFlow.Testing.Stock;

/// <summary>What becomes of one record that keeps every rule of stock.md section 1.</summary>
public enum NaiveVerdict
{
    Accepted,
    Duplicate,
    IdentityConflict,
    VoidOfVoid,
}

/// <summary>What is on hand of one SKU at one location.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="OnHand">On hand by stock.md section 2.</param>
/// <param name="EffectiveRecords">Records that count: accepted, no void, not voided, in time. With none of them on hand is 0.</param>
/// <param name="LastEventTime">Latest event time among the effective records.</param>
/// <param name="LastCountTime">Event time of the governing count.</param>
public sealed record NaiveStockRow(
    string Sku, string Location, decimal OnHand, int EffectiveRecords, DateTimeOffset? LastEventTime, DateTimeOffset? LastCountTime);

/// <summary>
/// Stock by the letter of stock.md section 2, computed anew from all accepted records for each answer. It shares no code with what
/// it is compared with, and is meant to be right by being plain, not fast.
/// </summary>
public sealed class NaiveStockModel
{
    private readonly List<TestStockRecord> accepted = [];
    private readonly Dictionary<(string Source, string EventId, long Line), TestStockRecord> byIdentity = [];
    private readonly HashSet<(string Source, string EventId, long Line)> refused = [];

    /// <summary>Accepted records in the order of their acceptance.</summary>
    public IReadOnlyList<TestStockRecord> Accepted => accepted;

    public int Duplicates { get; private set; }

    public int Quarantined { get; private set; }

    /// <summary>Accepted, duplicate and quarantined records together.</summary>
    public int Received => accepted.Count + Duplicates + Quarantined;

    /// <summary>Takes the next record in accepted order and says what becomes of it.</summary>
    public NaiveVerdict Receive(TestStockRecord record)
    {
        if (byIdentity.TryGetValue(record.Identity, out TestStockRecord? earlier))
        {
            if (earlier.SameContent(record) && refused.Contains(record.Identity))
            {
                Quarantined++;
                return NaiveVerdict.VoidOfVoid;
            }

            if (earlier.SameContent(record))
            {
                Duplicates++;
                return NaiveVerdict.Duplicate;
            }

            Quarantined++;
            return NaiveVerdict.IdentityConflict;
        }

        bool voidsItself = record.IsVoid && record.Target == record.Identity;
        bool voidsVoid = record.IsVoid && byIdentity.TryGetValue(record.Target, out TestStockRecord? target) && target.IsVoid;
        if (voidsItself || voidsVoid)
        {
            byIdentity.Add(record.Identity, record);
            refused.Add(record.Identity);
            Quarantined++;
            return NaiveVerdict.VoidOfVoid;
        }

        byIdentity.Add(record.Identity, record);
        accepted.Add(record);
        return NaiveVerdict.Accepted;
    }

    /// <summary>
    /// Every SKU and location that an accepted record other than a void names, in ordinal order, as of <paramref name="asOf"/>
    /// (event time) or with everything known.
    /// </summary>
    public IReadOnlyList<NaiveStockRow> Rows(DateTimeOffset? asOf = null)
    {
        HashSet<(string, string, long)> voided = [.. accepted.Where(record => record.IsVoid).Select(record => record.Target)];
        return
        [
            .. accepted
                .Select((record, order) => (Record: record, Order: order))
                .Where(entry => !entry.Record.IsVoid)
                .GroupBy(entry => (entry.Record.Sku, entry.Record.Location))
                .Select(key => Row(
                    key.Key.Sku,
                    key.Key.Location,
                    [.. key.Where(entry => !voided.Contains(entry.Record.Identity) && (asOf is null || entry.Record.EventTime <= asOf))]))
                .OrderBy(row => row.Sku, StringComparer.Ordinal)
                .ThenBy(row => row.Location, StringComparer.Ordinal),
        ];
    }

    /// <summary>On hand of one SKU at one location; 0 if nothing is known of it.</summary>
    public decimal OnHand(string sku, string location, DateTimeOffset? asOf = null) =>
        Rows(asOf).SingleOrDefault(row => row.Sku == sku && row.Location == location)?.OnHand ?? 0;

    private static NaiveStockRow Row(string sku, string location, List<(TestStockRecord Record, int Order)> effective)
    {
        List<(TestStockRecord Record, int Order)> counts =
        [
            .. effective.Where(entry => entry.Record.Type == "count")
                .OrderBy(entry => entry.Record.EventTime.UtcTicks).ThenBy(entry => entry.Order),
        ];
        TestStockRecord? count = counts.Count == 0 ? null : counts[^1].Record;
        decimal onHand = count?.Quantity ?? 0;
        foreach ((TestStockRecord record, _) in effective)
        {
            if (count is null || record.EventTime > count.EventTime)
            {
                onHand += Effect(record);
            }
        }

        DateTimeOffset? last = effective.Count == 0 ? null : effective.Max(entry => entry.Record.EventTime);
        return new NaiveStockRow(sku, location, onHand, effective.Count, last?.ToUniversalTime(), count?.EventTime.ToUniversalTime());
    }

    private static decimal Effect(TestStockRecord record) => record.Type switch
    {
        "sale" or "transfer_out" or "damage" or "shrink" => -record.Quantity,
        "receipt" or "return" or "transfer_in" or "adjustment" => record.Quantity,
        _ => throw new InvalidOperationException($"A {record.Type} has no effect to add."),
    };
}
