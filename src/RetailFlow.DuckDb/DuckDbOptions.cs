namespace RetailFlow.DuckDb;

/// <summary>How a database is opened. What is not given stays as DuckDB sets it.</summary>
public sealed record DuckDbOptions
{
    /// <summary>Threads that may work at once; DuckDB takes one per core when this is not given.</summary>
    public int? Threads { get; init; }

    /// <summary>The bytes that the buffer manager may hold; queries that need more write to <see cref="TempDirectory"/> or fail.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Where intermediate results go that do not fit in memory; empty to let such queries fail.</summary>
    public string? TempDirectory { get; init; }

    /// <summary>Whether results without ORDER BY keep the order of their source, which costs memory and parallelism.</summary>
    public bool PreserveInsertionOrder { get; init; } = true;

    /// <summary>Whether SQL may read and write files and attach databases.</summary>
    public bool EnableExternalAccess { get; init; } = true;

    /// <summary>More settings by their DuckDB names; they win over the properties above.</summary>
    public IReadOnlyDictionary<string, string>? Settings { get; init; }

    /// <summary>The settings by name, as DuckDB reads them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number of threads or bytes below one.</exception>
    internal Dictionary<string, string> ToSettings()
    {
        Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase)
        {
            // Extensions come with the library or not at all: a query must not reach for the network by itself.
            ["autoinstall_known_extensions"] = "false",
            ["autoload_known_extensions"] = "false",
            ["preserve_insertion_order"] = PreserveInsertionOrder ? "true" : "false",
        };
        if (Threads is { } threads)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(Threads));
            settings["threads"] = FormattableString.Invariant($"{threads}");
        }

        if (MemoryLimitBytes is { } bytes)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1, nameof(MemoryLimitBytes));
            settings["memory_limit"] = FormattableString.Invariant($"{bytes}B");
        }

        if (TempDirectory is { } directory)
        {
            settings["temp_directory"] = directory;
        }

        foreach ((string name, string value) in Settings ?? new Dictionary<string, string>())
        {
            settings[name] = value;
        }

        // The settings are applied in order, and the engine takes no more paths once external access is off.
        settings.TryAdd("enable_external_access", EnableExternalAccess ? "true" : "false");
        return settings;
    }
}
