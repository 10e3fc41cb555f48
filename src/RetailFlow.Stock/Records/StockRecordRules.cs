namespace RetailFlow.Stock.Records;

/// <summary>The adjustable limits of stock.md section 1.</summary>
public sealed record StockRecordRules
{
    /// <summary>How far a source's clock may run ahead of the moment of receipt.</summary>
    public TimeSpan SkewAllowance { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest record in bytes.</summary>
    public int MaxRecordBytes { get; init; } = 1 << 20;

    /// <summary>Deepest nesting of objects and arrays, the record itself counted.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>A source whose records come from nowhere else but the node itself; null where records may be its own.</summary>
    public string? ReservedSource { get; init; }
}

/// <summary>What is known about a record besides its bytes.</summary>
/// <param name="source">The request's or feed's default source as UTF-8, empty if there is none; a record's own source goes before it.</param>
/// <param name="receivedAtMicros">When it was received, microseconds since 1970 UTC; kept in RAW, so that a rebuild judges alike.</param>
public readonly ref struct StockRecordContext(ReadOnlySpan<byte> source, long receivedAtMicros)
{
    /// <summary>Default source, may be empty.</summary>
    public ReadOnlySpan<byte> Source { get; } = source;

    /// <summary>Moment of receipt.</summary>
    public long ReceivedAtMicros { get; } = receivedAtMicros;
}
