namespace RetailFlow.Node.Live;

/// <summary>What comparing Gold with the ledger has come to since the node started (I4).</summary>
internal sealed record Comparison
{
    private const int Most = 20;

    /// <summary>Comparisons made, one after each run of the pipeline.</summary>
    public long Made { get; init; }

    /// <summary>Keys that differed, in all comparisons.</summary>
    public long Differed { get; init; }

    /// <summary>Up to which sequence of the journal Gold was compared last.</summary>
    public long Sequence { get; init; }

    /// <summary>Some of the keys that differed last; empty if none ever did.</summary>
    public IReadOnlyList<Difference> Last { get; init; } = [];

    public Comparison With(IReadOnlyList<Difference> differences, long sequence) => new()
    {
        Made = Made + 1,
        Differed = Differed + differences.Count,
        Sequence = sequence,
        Last = differences.Count == 0 ? Last : [.. differences.Take(Most)],
    };
}
