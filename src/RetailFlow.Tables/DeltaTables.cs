using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>What the Delta tables of a store are worked on with.</summary>
public sealed record DeltaTablesOptions
{
    /// <summary>Folder for spilled data and for files in the making; best on the file system of the tables.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>Engine threads; null for one per core.</summary>
    public int? Threads { get; init; }

    /// <summary>Most memory the engine may take, in bytes, before it spills to disk; null for 2.5 GiB.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>
    /// Data files, live and removed, that the snapshots kept in memory may name together, about 900 bytes each. A table beyond it is
    /// loaded anew by each call.
    /// </summary>
    public long KnownFiles { get; init; } = 300_000;

    /// <summary>The clock of commits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Source of unique names.</summary>
    public Func<Guid> NewGuid { get; init; } = Guid.NewGuid;

    /// <summary>Name and version of the writer for the history.</summary>
    public string EngineInfo { get; init; } = "RetailFlow";
}

/// <summary>Delta tables of one store with an embedded engine of their own. Safe for many threads.</summary>
public sealed class DeltaTables : IDisposable
{
    private DeltaTables(IObjectStore store, DeltaTablesOptions options)
    {
        Store = store;
        Options = options;
        Snapshots = new KnownSnapshots(options.KnownFiles);
        Engine = TableEngine.Open(new TableEngineOptions
        {
            WorkFolder = options.WorkFolder,
            Threads = options.Threads,
            MemoryLimitBytes = options.MemoryLimitBytes,
            NewGuid = options.NewGuid,
        });
    }

    /// <summary>Where the tables are.</summary>
    public IObjectStore Store { get; }

    /// <summary>What was given.</summary>
    public DeltaTablesOptions Options { get; }

    internal TableEngine Engine { get; }

    internal KnownSnapshots Snapshots { get; }

    /// <summary>Starts an engine for the tables of a store. The store stays the caller's.</summary>
    public static DeltaTables Open(IObjectStore store, DeltaTablesOptions options) => new(store, options);

    /// <summary>Ends the engine; results that are still open fail.</summary>
    public void Dispose() => Engine.Dispose();

    internal DeltaLog OpenLog(string path) => new(
        Store,
        path,
        new DuckDbCheckpointParquet(Engine),
        new DeltaLogOptions { Clock = Options.Clock, NewGuid = Options.NewGuid, EngineInfo = Options.EngineInfo });
}
