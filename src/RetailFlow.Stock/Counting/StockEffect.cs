using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Counting;

/// <summary>What a record does to on hand (the second table of stock.md section 1).</summary>
public static class StockEffect
{
    /// <summary>
    /// The signed quantity that a record moves. A count sets on hand rather than moving it, and a void moves nothing of its own:
    /// both give zero.
    /// </summary>
    public static Quantity Of(StockRecordType type, Quantity quantity) => type switch
    {
        StockRecordType.Sale or StockRecordType.TransferOut or StockRecordType.Damage or StockRecordType.Shrink => -quantity,
        StockRecordType.Receipt or StockRecordType.Return or StockRecordType.TransferIn or StockRecordType.Adjustment => quantity,
        StockRecordType.Count or StockRecordType.Void => Quantity.Zero,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a stock record type."),
    };
}
