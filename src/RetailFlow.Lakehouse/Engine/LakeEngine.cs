using RetailFlow.DuckDb;

namespace RetailFlow.Lakehouse.Engine;

/// <summary>The embedded engine of one open lake: an in-memory database that spills to the lake's work folder.</summary>
internal sealed class LakeEngine : IDisposable
{
    private const long DefaultMemoryLimitBytes = 2_684_354_560;

    private readonly DuckDbDatabase _database;
    private readonly string _workFolder;
    private long _names;

    private LakeEngine(DuckDbDatabase database, string workFolder)
    {
        _database = database;
        _workFolder = workFolder;
    }

    /// <summary>Opens the engine within the limits of <paramref name="options"/>.</summary>
    public static LakeEngine Open(LakeOptions options)
    {
        var work = Path.Combine(Path.GetFullPath(options.LakePath), ".work", options.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        var database = DuckDbDatabase.Open(null, new DuckDbOptions
        {
            Threads = options.Threads ?? Environment.ProcessorCount,
            MemoryLimitBytes = options.MemoryLimitBytes ?? DefaultMemoryLimitBytes,
            TempDirectory = Path.Combine(work, "spill"),
            PreserveInsertionOrder = false,
        });
        return new LakeEngine(database, work);
    }

    /// <summary>A connection in UTC. Temporary tables live and die with it.</summary>
    public DuckDbConnection Connect()
    {
        var connection = _database.Connect();
        connection.Execute("SET TimeZone = 'UTC'");
        return connection;
    }

    /// <summary>A name that no other object of this engine has.</summary>
    public string UniqueName(string stem) => $"{stem}_{Interlocked.Increment(ref _names)}";

    /// <summary>An empty folder on the lake's own file system for files that are not part of it yet.</summary>
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

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
