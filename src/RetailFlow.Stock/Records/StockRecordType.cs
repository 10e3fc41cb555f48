namespace RetailFlow.Stock.Records;

/// <summary>What a stock record says happened (stock.md section 1). The byte values are kept stable: they are part of the content hash.</summary>
public enum StockRecordType : byte
{
    /// <summary>Sold: minus quantity.</summary>
    Sale = 0,

    /// <summary>Left for another location: minus quantity.</summary>
    TransferOut = 1,

    /// <summary>Broken: minus quantity.</summary>
    Damage = 2,

    /// <summary>Lost or stolen: minus quantity.</summary>
    Shrink = 3,

    /// <summary>Delivered by a supplier: plus quantity.</summary>
    Receipt = 4,

    /// <summary>Brought back by a customer: plus quantity.</summary>
    Return = 5,

    /// <summary>Arrived from another location: plus quantity.</summary>
    TransferIn = 6,

    /// <summary>Corrected by hand: plus the signed quantity.</summary>
    Adjustment = 7,

    /// <summary>Counted: on hand was the quantity at the event time.</summary>
    Count = 8,

    /// <summary>Takes another record back.</summary>
    Void = 9,
}

/// <summary>The names of <see cref="StockRecordType"/> on the wire: lower snake case, matched exactly.</summary>
public static class StockRecordTypeName
{
    private static readonly string[] Names =
    [
        "sale", "transfer_out", "damage", "shrink", "receipt", "return", "transfer_in", "adjustment", "count", "void",
    ];

    /// <summary>The wire name of <paramref name="type"/>.</summary>
    public static string Of(StockRecordType type) => Names[(int)type];

    /// <summary>The wire name of <paramref name="type"/> as UTF-8.</summary>
    public static ReadOnlySpan<byte> Utf8Of(StockRecordType type) => type switch
    {
        StockRecordType.Sale => "sale"u8,
        StockRecordType.TransferOut => "transfer_out"u8,
        StockRecordType.Damage => "damage"u8,
        StockRecordType.Shrink => "shrink"u8,
        StockRecordType.Receipt => "receipt"u8,
        StockRecordType.Return => "return"u8,
        StockRecordType.TransferIn => "transfer_in"u8,
        StockRecordType.Adjustment => "adjustment"u8,
        StockRecordType.Count => "count"u8,
        StockRecordType.Void => "void"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a stock record type."),
    };

    /// <summary>Finds the type that <paramref name="utf8"/> names; false if it names none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out StockRecordType type)
    {
        StockRecordType? found = utf8.Length switch
        {
            4 => utf8.SequenceEqual("sale"u8) ? StockRecordType.Sale
                : utf8.SequenceEqual("void"u8) ? StockRecordType.Void : null,
            5 => utf8.SequenceEqual("count"u8) ? StockRecordType.Count : null,
            6 => utf8.SequenceEqual("return"u8) ? StockRecordType.Return
                : utf8.SequenceEqual("damage"u8) ? StockRecordType.Damage
                : utf8.SequenceEqual("shrink"u8) ? StockRecordType.Shrink : null,
            7 => utf8.SequenceEqual("receipt"u8) ? StockRecordType.Receipt : null,
            10 => utf8.SequenceEqual("adjustment"u8) ? StockRecordType.Adjustment : null,
            11 => utf8.SequenceEqual("transfer_in"u8) ? StockRecordType.TransferIn : null,
            12 => utf8.SequenceEqual("transfer_out"u8) ? StockRecordType.TransferOut : null,
            _ => null,
        };
        type = found.GetValueOrDefault();
        return found.HasValue;
    }
}
