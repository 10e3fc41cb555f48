namespace RetailFlow.Node.Simulation;

internal enum StockRecordKind : byte
{
    Sale,
    Receipt,
    Return,
    TransferOut,
    TransferIn,
    Adjustment,
    Damage,
    Shrink,
    Count,
    Void,
}

/// <summary>How a record is spelled. None of these changes what it says.</summary>
[Flags]
internal enum Spelling : byte
{
    Plain = 0,
    QuantityAsString = 1,
    TrailingZero = 2,
    UnknownField = 4,
    Milliseconds = 8,
    Microseconds = 16,
    LineLeftOut = 32,
    OtherFieldOrder = 64,
    UtcTime = 128,
}

/// <summary>The number of an event within its source, with what is needed to spell it the way that source does.</summary>
internal readonly record struct EventNumber(long Number, int Day, byte Till);

/// <summary>One stock record before it is spelled out. Spelling the same draft twice gives the same bytes.</summary>
internal struct StockRecordDraft
{
    /// <summary>Identifies the draft in the simulation's own books; never written.</summary>
    public long Ordinal;

    public EventNumber Event;
    public EventNumber VoidedEvent;
    public long VoidedOrdinal;

    /// <summary>In units of 0.00001.</summary>
    public long Quantity;

    /// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
    public long EventTime;

    /// <summary>An order, delivery or transfer number; 0 is none.</summary>
    public long Reference;

    public int Source;
    public int Sku;
    public int Location;
    public int Line;
    public int VoidedLine;
    public StockRecordKind Kind;
    public Spelling Spelling;

    /// <summary>Index into the reasons, plus one; 0 is none.</summary>
    public byte Reason;
}
