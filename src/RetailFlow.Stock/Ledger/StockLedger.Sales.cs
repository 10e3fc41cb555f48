using System.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <content>Sales that fulfilments stand for: goods that leave are taken off on hand by a record like any other.</content>
public sealed partial class StockLedger
{
    /// <summary>The source of the sales that fulfilments write.</summary>
    public const string SalesSource = "reservations";

    private readonly Queue<(UInt128 Fingerprint, OwedSale Sale)> owed = new();

    /// <summary>Whether a sale is owed that the journal does not have, and which; it is owed until its record is applied.</summary>
    public bool TryOwedSale(out OwedSale sale)
    {
        bool found = owed.TryPeek(out (UInt128 Fingerprint, OwedSale Sale) next);
        sale = next.Sale;
        return found;
    }

    /// <summary>Gives up the next owed sale: its identity is held by another record.</summary>
    internal void WaiveSale() => owed.Dequeue();

    private void Owe(Reservation before, Reservation after, long atMicros)
    {
        int number = before.Sales;
        for (int i = 0; i < after.Lines.Count; i++)
        {
            Quantity left = after.Lines[i].Fulfilled - before.Lines[i].Fulfilled;
            if (left > Quantity.Zero)
            {
                OwedSale sale = new(after.Id, ++number, after.Lines[i].Sku, after.Lines[i].Location, left, atMicros, after.Channel);
                owed.Enqueue((RecordIdentity.Fingerprint(Encoding.UTF8.GetBytes(SalesSource), Encoding.UTF8.GetBytes(after.Id), number), sale));
            }
        }
    }

    /// <summary>The record of an owed sale has come.</summary>
    private void Settle(UInt128 fingerprint)
    {
        if (owed.TryPeek(out (UInt128 Fingerprint, OwedSale Sale) next) && next.Fingerprint == fingerprint)
        {
            owed.Dequeue();
        }
    }
}
