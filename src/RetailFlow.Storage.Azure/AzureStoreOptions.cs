using Azure.Core.Pipeline;

namespace RetailFlow.Storage.Azure;

/// <summary>How the store talks to the service.</summary>
public sealed record AzureStoreOptions
{
    /// <summary>Further tries of a request that failed in a way that may pass.</summary>
    public int MaxRetries { get; init; } = 6;

    /// <summary>The pause before the first further try; it doubles with each, with some jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest time that one try may wait for the network.</summary>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A longer content that may not replace is put in blocks of <see cref="BlockBytes"/>.</summary>
    public int SinglePutBytes { get; init; } = 8 << 20;

    /// <summary>The size of a block; the service takes 50,000 of them per object.</summary>
    public int BlockBytes { get; init; } = 8 << 20;

    /// <summary>The size of the ranges in which a long object is read.</summary>
    public int ReadBytes { get; init; } = 8 << 20;

    /// <summary>Blocks or ranges of one object that are under way at once.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Names per request of a listing; the service gives 5,000 at most.</summary>
    public int ListPageSize { get; init; } = 5000;

    /// <summary>Where the time in signatures comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>What makes the unique mark of each write, by which the writer knows its own object again.</summary>
    public Func<Guid> NewMark { get; init; } = Guid.NewGuid;

    internal HttpPipelineTransport? Transport { get; init; }

    internal void Validate()
    {
        Check(MaxRetries is >= 0 and <= 100, nameof(MaxRetries), MaxRetries, "0 to 100");
        Check(SinglePutBytes is >= 0 and <= 256 << 20, nameof(SinglePutBytes), SinglePutBytes, "0 to 256 MiB");
        Check(BlockBytes is >= 1 and <= 256 << 20, nameof(BlockBytes), BlockBytes, "1 byte to 256 MiB");
        Check(ReadBytes is >= 1 and <= 256 << 20, nameof(ReadBytes), ReadBytes, "1 byte to 256 MiB");
        Check(Parallelism is >= 1 and <= 64, nameof(Parallelism), Parallelism, "1 to 64");
        Check(ListPageSize is >= 1 and <= 5000, nameof(ListPageSize), ListPageSize, "1 to 5000");
        Check(NetworkTimeout > TimeSpan.Zero, nameof(NetworkTimeout), NetworkTimeout, "more than zero");
        Check(RetryDelay >= TimeSpan.Zero, nameof(RetryDelay), RetryDelay, "zero or more");
        Check(MaxRetryDelay >= RetryDelay, nameof(MaxRetryDelay), MaxRetryDelay, $"{nameof(RetryDelay)} or more");
    }

    private static void Check(bool holds, string name, object value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; it must be {rule}.");
        }
    }
}
