namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>A claim as the auditor keeps it.</summary>
internal sealed class BookedReservation
{
    public required string Id { get; init; }

    public required List<BookedLine> Lines { get; init; }

    public string State { get; set; } = "held";

    public required long Expires { get; set; }

    public string StateAt(long now) => State == "held" && Expires <= now ? "expired" : State;
}

/// <summary>A line as the auditor keeps it.</summary>
internal sealed class BookedLine
{
    public required string Sku { get; init; }

    public required string Location { get; init; }

    public required decimal Quantity { get; init; }

    public decimal Gone { get; set; }
}

/// <summary>
/// The auditor's own books of reservations, kept plainly: every question goes through all of them. Shares nothing with the ledger.
/// </summary>
internal sealed class LedgerBooks
{
    public Dictionary<string, BookedReservation> All { get; } = new(StringComparer.Ordinal);

    public decimal Held(string sku, string location, long now) => Sum(sku, location, now, "held");

    public decimal Committed(string sku, string location, long now) => Sum(sku, location, now, "confirmed");

    /// <summary>Who claims something.</summary>
    public IEnumerable<string> Claims(string sku, string location, long now) => All.Values
        .Where(r => r.StateAt(now) is "held" or "confirmed" && r.Lines.Exists(l => l.Sku == sku && l.Location == location && l.Quantity > l.Gone))
        .Select(r => r.Id);

    /// <summary>A sale that names a reservation takes from its claim.</summary>
    public void Sold(string reference, string sku, string location, decimal quantity, long now)
    {
        if (!All.TryGetValue(reference, out BookedReservation? reservation) || reservation.StateAt(now) is not ("held" or "confirmed"))
        {
            return;
        }

        foreach (BookedLine line in reservation.Lines.Where(l => l.Sku == sku && l.Location == location))
        {
            decimal taken = Math.Min(quantity, line.Quantity - line.Gone);
            line.Gone += taken;
            quantity -= taken;
        }

        if (reservation.Lines.All(l => l.Gone == l.Quantity))
        {
            reservation.State = "fulfilled";
        }
    }

    private decimal Sum(string sku, string location, long now, string state) => All.Values
        .Where(r => r.StateAt(now) == state)
        .SelectMany(r => r.Lines)
        .Where(l => l.Sku == sku && l.Location == location)
        .Sum(l => l.Quantity - l.Gone);
}
