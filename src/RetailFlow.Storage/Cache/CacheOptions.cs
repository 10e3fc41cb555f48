namespace RetailFlow.Storage;

/// <summary>Where a read cache is and what it may hold.</summary>
public sealed record CacheOptions
{
    /// <summary>The folder, on a local file system. Several processes and several stores may share it.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The bytes that the cached files may have together, downloads under way included. It is a limit for everyone who
    /// shares the folder, and files in use count: where they leave no room, a pin fails.
    /// </summary>
    public required long MaxBytes { get; init; }

    /// <summary>What tells this store's objects from those of others that share the folder, for example the lake's URL.</summary>
    public required string StoreName { get; init; }

    /// <summary>
    /// Which objects never change under their name once they exist; only these are cached. By default Parquet files
    /// and files of deletion vectors, outside <c>_delta_log</c> and inside.
    /// </summary>
    public Func<string, bool> IsImmutable { get; init; } = path =>
        path.EndsWith(".parquet", StringComparison.Ordinal) || path.EndsWith(".bin", StringComparison.Ordinal);

    /// <summary>The size of the ranges in which a file is downloaded.</summary>
    public int RangeBytes { get; init; } = 8 << 20;

    /// <summary>Ranges of one file that are downloaded at once.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Where the time of last use comes from.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Folder);
        ArgumentException.ThrowIfNullOrEmpty(StoreName);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(RangeBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Parallelism);
    }
}
