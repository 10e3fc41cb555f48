using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>What a ledger remembers for how long.</summary>
public sealed record LedgerOptions
{
    /// <summary>
    /// How long the answer to an idempotency key is kept, microseconds. A retry that comes later is taken for a new command. A day.
    /// </summary>
    public long KeyRetentionMicros { get; init; } = 24L * 3600 * 1_000_000;

    /// <summary>How long a reservation that has ended is kept, microseconds; the lake has it for good. A day.</summary>
    public long EndedRetentionMicros { get; init; } = 24L * 3600 * 1_000_000;

    /// <summary>Sources that are expected to be heard of, and what is kept back while they are not.</summary>
    public IReadOnlyList<QuietRule> QuietRules { get; init; } = [];
}

/// <summary>A source of records that is expected to be heard of.</summary>
/// <param name="Source">The source, as records name it.</param>
/// <param name="QuietAfterMicros">How long without a record makes it quiet, microseconds.</param>
/// <param name="Locations">The locations whose records come from it; empty for all.</param>
/// <param name="Buffer">What is kept back of every SKU there while it is quiet.</param>
/// <param name="SinceMicros">When it was first expected, for a source that was never heard of.</param>
public sealed record QuietRule(string Source, long QuietAfterMicros, IReadOnlySet<string> Locations, Quantity Buffer, long SinceMicros);
