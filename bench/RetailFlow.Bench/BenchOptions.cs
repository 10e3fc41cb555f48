namespace RetailFlow.Bench;

/// <summary>How much a benchmark run does, and where.</summary>
public sealed record BenchOptions
{
    /// <summary>Stock records of the medallion suite.</summary>
    public long Records { get; init; } = 5_000_000;

    /// <summary>Input files of the medallion suite and of each history.</summary>
    public int Files { get; init; } = 8;

    /// <summary>Different items in the generated records.</summary>
    public int Skus { get; init; } = 5_000;

    /// <summary>Different places in the generated records.</summary>
    public int Locations { get; init; } = 20;

    /// <summary>Seed of the generated records.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Times that each side of the medallion suite runs, alternating; the median counts.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>Engine threads on both sides.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>What the engine may hold in memory on both sides, in bytes.</summary>
    public long MemoryLimitBytes { get; init; } = 2_560L << 20;

    /// <summary>Sizes of history of the increment suite, in records, ascending.</summary>
    public IReadOnlyList<long> Histories { get; init; } = [100_000, 1_000_000, 10_000_000];

    /// <summary>Histories up to this size are also folded anew by the baseline.</summary>
    public long LargestBaselineHistory { get; init; } = 10_000_000;

    /// <summary>Records of one increment.</summary>
    public int BatchRecords { get; init; } = 1_000;

    /// <summary>Measured increments per history.</summary>
    public int Batches { get; init; } = 15;

    /// <summary>Increments before the measured ones.</summary>
    public int WarmUpBatches { get; init; } = 3;

    /// <summary>Batch sizes of the ingest suite.</summary>
    public IReadOnlyList<int> IngestBatches { get; init; } = [1, 100, 10_000];

    /// <summary>Connections of the ingest suite on both sides; null takes 64 for single records, 16 up to 1,000 and 4 above.</summary>
    public int? Connections { get; init; }

    /// <summary>Longest measurement of one batch size on one side.</summary>
    public TimeSpan IngestTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Files in the tables of the delta suite, ascending.</summary>
    public IReadOnlyList<int> TableFiles { get; init; } = [1_000, 30_000, 300_000];

    /// <summary>Rows of the table that the delta suite merges into.</summary>
    public long MergeTableRows { get; init; } = 20_000_000;

    /// <summary>Rows that it merges, half of them updates.</summary>
    public long MergeRows { get; init; } = 100_000;

    /// <summary>Folder for data while it runs; a new folder below it is made and removed. Null takes the system's.</summary>
    public string? WorkFolder { get; init; }

    /// <summary>Folder for the JSON results.</summary>
    public string ResultFolder { get; init; } = Path.Combine("artifacts", "bench");

    /// <summary>Folder of the dbt project that the lake is opened with.</summary>
    public string ProjectPath { get; init; } = "lakehouse";

    /// <summary>Leaves out what needs the lake or the node, and measures the baselines alone.</summary>
    public bool BaselineOnly { get; init; }

    /// <summary>The clock that results are stamped with.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal int ConnectionsFor(int batch) => Connections ?? (batch == 1 ? 64 : batch <= 1_000 ? 16 : 4);
}
