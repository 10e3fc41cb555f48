namespace RetailFlow.Node.Simulation;

/// <summary>The fields a broken record may get wrong.</summary>
internal enum RecordField
{
    None,
    EventId,
    Line,
    Type,
    Sku,
    Location,
    Quantity,
    EventTime,
    Voids,
}
