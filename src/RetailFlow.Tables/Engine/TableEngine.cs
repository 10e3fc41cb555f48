using RetailFlow.DuckDb;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>The embedded engine of Delta tables: an in-memory database that spills to a work folder.</summary>
internal sealed class TableEngine : IDisposable
{
    private const long DefaultMemoryLimitBytes = 2_684_354_560;

    private readonly DuckDbDatabase _database;
    private readonly string _workFolder;
    private long _names;

    private TableEngine(DuckDbDatabase database, string workFolder)
    {
        _database = database;
        _workFolder = workFolder;
    }

    /// <summary>Opens the engine within the limits of <paramref name="options"/>.</summary>
    public static TableEngine Open(TableEngineOptions options)
    {
        var work = Path.Combine(Path.GetFullPath(options.WorkFolder), options.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        var database = DuckDbDatabase.Open(null, new DuckDbOptions
        {
            Threads = options.Threads ?? Environment.ProcessorCount,
            MemoryLimitBytes = options.MemoryLimitBytes ?? DefaultMemoryLimitBytes,
            TempDirectory = Path.Combine(work, "spill"),
            PreserveInsertionOrder = false,
        });
        DeletedRows.Attach(database);
        return new TableEngine(database, work);
    }

    /// <summary>A connection in UTC. Temporary tables live and die with it.</summary>
    public DuckDbConnection Connect()
    {
        var connection = _database.Connect();
        connection.Execute("SET TimeZone = 'UTC'");
        return connection;
    }

    /// <summary>What is known of data files.</summary>
    public ParquetSchemas Schemas { get; } = new();

    /// <summary>The schemas of data files by their local paths; those that are not known yet are read on a connection of their own.</summary>
    public IReadOnlyList<FileSchema> SchemasOf(IReadOnlyList<string> localFiles)
    {
        if (Schemas.TryKnown(localFiles) is { } known)
        {
            return known;
        }

        using var connection = Connect();
        return Schemas.Of(connection, localFiles);
    }

    /// <summary>A name that no other object of this engine has.</summary>
    public string UniqueName(string stem) => $"{stem}_{Interlocked.Increment(ref _names)}";

    /// <summary>An empty folder in the work folder for files that are not part of a table yet.</summary>
    public StagingFolder Stage() => new(Path.Combine(_workFolder, UniqueName("stage")));

    /// <inheritdoc/>
    public void Dispose()
    {
        _database.Dispose();
        if (Directory.Exists(_workFolder))
        {
            Directory.Delete(_workFolder, recursive: true);
        }
    }
}

/// <summary>A folder that disappears when its user is done.</summary>
internal sealed class StagingFolder : IDisposable
{
    public StagingFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
    }

    public string Path { get; }

    /// <summary>Copies an object of a store into the folder; returns the copy's path.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    public async ValueTask<string> CopyAsync(IObjectStore store, string path, string name, CancellationToken cancellationToken)
    {
        var copy = System.IO.Path.Combine(Path, name);
        await using var source = await store.OpenReadAsync(path, cancellationToken);
        await using var target = File.Create(copy);
        await source.CopyToAsync(target, cancellationToken);
        return copy;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}

/// <summary>What the engine may use of the machine.</summary>
internal sealed record TableEngineOptions
{
    /// <summary>Folder for spilled data and for files in the making; best on the file system of the tables, so that files move without a copy.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>Engine threads; null leaves one per core.</summary>
    public int? Threads { get; init; }

    /// <summary>Most memory the engine may take, in bytes, before it spills to disk; null means 2.5 GiB.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Source of unique names.</summary>
    public Func<Guid> NewGuid { get; init; } = Guid.NewGuid;
}
