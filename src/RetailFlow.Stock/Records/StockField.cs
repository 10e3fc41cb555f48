namespace RetailFlow.Stock.Records;

/// <summary>The fields of a stock record (stock.md section 1), as adapters name them when they set text.</summary>
public enum StockField : byte
{
    /// <summary><c>source</c>.</summary>
    Source = 0,

    /// <summary><c>event_id</c>.</summary>
    EventId = 1,

    /// <summary><c>line</c>.</summary>
    Line = 2,

    /// <summary><c>type</c>.</summary>
    Type = 3,

    /// <summary><c>sku</c>.</summary>
    Sku = 4,

    /// <summary><c>location</c>.</summary>
    Location = 5,

    /// <summary><c>quantity</c>.</summary>
    Quantity = 6,

    /// <summary><c>event_time</c>.</summary>
    EventTime = 7,

    /// <summary><c>voids.event_id</c>.</summary>
    VoidsEventId = 8,

    /// <summary><c>voids.line</c>.</summary>
    VoidsLine = 9,

    /// <summary><c>reference</c>.</summary>
    Reference = 10,

    /// <summary><c>reason</c>.</summary>
    Reason = 11,

    /// <summary><c>unit_cost</c>.</summary>
    UnitCost = 12,

    /// <summary><c>channel</c>.</summary>
    Channel = 13,

    /// <summary><c>attributes</c>.</summary>
    Attributes = 14,
}

/// <summary>The names of <see cref="StockField"/> on the wire.</summary>
public static class StockFieldName
{
    internal const int Count = 15;

    private static readonly string[] Names =
    [
        "source", "event_id", "line", "type", "sku", "location", "quantity", "event_time", "voids.event_id", "voids.line",
        "reference", "reason", "unit_cost", "channel", "attributes",
    ];

    /// <summary>The wire name; the two fields inside <c>voids</c> are written with a dot.</summary>
    public static string Of(StockField field) => Names[(int)field];

    /// <summary>Finds the field that <paramref name="name"/> names (<c>voids.event_id</c> with its dot); false if it names none.</summary>
    public static bool TryParse(string name, out StockField field)
    {
        int index = Array.IndexOf(Names, name);
        field = index < 0 ? default : (StockField)index;
        return index >= 0;
    }
}
