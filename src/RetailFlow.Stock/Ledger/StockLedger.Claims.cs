using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Which reservations claim something of a key, without looking through all of them.</content>
public sealed partial class StockLedger
{
    // Claims that have ended stay in a key's list until they are the greater part of it.
    private const int EndedClaims = 16;

    private readonly ClaimantLists claimants = new();

    /// <summary>The reservations that claim something of a key, oldest first; to be asked on the thread that applies.</summary>
    public IReadOnlyList<Reservation> Claims(string sku, string location) => FindKey(sku, location) is { } key ? ClaimsOn(key) : [];

    private List<Reservation> ClaimsOn(StockKey key)
    {
        List<Reservation> claims = [];
        for (int at = key.NewestClaimant; at != 0; at = claimants.Next(at))
        {
            ReservationHandle handle = claimants[at];
            if (IsClaimed(handle) && book.Read(handle) is var reservation && reservation.Lines.Any(line => line.Sku == key.Sku && line.Location == key.Location && line.Open > Quantity.Zero))
            {
                claims.Add(reservation);
            }
        }

        return [.. claims.OrderBy(claim => claim.CreatedMicros).ThenBy(claim => claim.Id, StringComparer.Ordinal)];
    }

    /// <summary>Notes at its keys that a reservation has begun or ended to claim something; which keys that are does not change.</summary>
    private void NoteClaims(Reservation? before, Reservation after, ReservationHandle handle)
    {
        bool isClaim = IsClaim(after.State);
        if (isClaim == (before is not null && IsClaim(before.State)))
        {
            return;
        }

        ReadOnlySpan<ReservationLine> lines = after.LineSpan;
        for (int i = 0; i < lines.Length; i++)
        {
            if (IsFirstOfItsKey(lines, i))
            {
                NoteClaim(KeyOf(lines[i].Sku, lines[i].Location), handle, isClaim);
            }
        }
    }

    private bool IsClaimed(ReservationHandle handle) => book.Has(handle) && IsClaim(book.StateOf(handle));

    private void NoteClaim(StockKey key, ReservationHandle handle, bool isClaim)
    {
        if (isClaim)
        {
            key.ClaimCount++;
            key.ListedClaimants++;
            key.NewestClaimant = claimants.Add(handle, key.NewestClaimant);
        }
        else if (--key.ClaimCount + EndedClaims < key.ListedClaimants / 2)
        {
            (key.NewestClaimant, key.ListedClaimants) = claimants.Keep(key.NewestClaimant, IsClaimed);
        }
    }

    private static bool IsFirstOfItsKey(ReadOnlySpan<ReservationLine> lines, int index)
    {
        for (int i = 0; i < index; i++)
        {
            if (lines[i].Sku == lines[index].Sku && lines[i].Location == lines[index].Location)
            {
                return false;
            }
        }

        return true;
    }
}
