using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Maintenance;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Quality;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse;

/// <summary>
/// One lake opened with one project: the front door. Each operation lives in a type of its own; all of them may be used
/// from any thread, and several processes may have one lake open.
/// </summary>
public sealed class Lake : IAsyncDisposable
{
    private Lake(LakeOptions options, LakeProject project, IObjectStore store, TableEngine engine)
    {
        Options = options;
        Project = project;
        Store = store;
        Engine = engine;
        Tables = new LakeTables(options, store, engine);
        Indexes = new Indexes.KeyIndexes(options);
        Landing = new FileLanding(this);
        Pipeline = new Pipeline(this);
        Stock = new StockQueries(this);
        Sql = new SqlDoor(this);
        Catalog = new Catalog(this);
        Quarantine = new QuarantineStore(this);
        Reconciliation = new Reconciliation(this);
        Maintenance = new TableMaintenance(this);
    }

    /// <summary>What the lake was opened with.</summary>
    public LakeOptions Options { get; }

    /// <summary>Feeds and models.</summary>
    public LakeProject Project { get; }

    /// <summary>Where its bytes are.</summary>
    public IObjectStore Store { get; }

    /// <summary>Puts files into RAW.</summary>
    public FileLanding Landing { get; }

    /// <summary>Brings Bronze, Silver and Gold up to date.</summary>
    public Pipeline Pipeline { get; }

    /// <summary>Stock answers from Gold and Silver.</summary>
    public StockQueries Stock { get; }

    /// <summary>Queries over every table.</summary>
    public SqlDoor Sql { get; }

    /// <summary>What is there: tables, schemas, versions.</summary>
    public Catalog Catalog { get; }

    /// <summary>What was set aside.</summary>
    public QuarantineStore Quarantine { get; }

    /// <summary>Proves that nothing was lost.</summary>
    public Reconciliation Reconciliation { get; }

    /// <summary>File layout of tables.</summary>
    public TableMaintenance Maintenance { get; }

    internal TableEngine Engine { get; }

    internal LakeTables Tables { get; }

    internal Indexes.KeyIndexes Indexes { get; }

    /// <summary>Opens a lake, creating its folder if there is none.</summary>
    /// <exception cref="LakeException">The project is missing or wrong, or the folder cannot be used.</exception>
    public static ValueTask<Lake> OpenAsync(LakeOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var project = LakeProject.Load(options.ProjectPath, options.Environment);
        var store = options.Store ?? new LocalObjectStore(options.LakePath);
        var engine = TableEngine.Open(new TableEngineOptions
        {
            WorkFolder = Path.Combine(options.LakePath, ".work"),
            Threads = options.Threads,
            MemoryLimitBytes = options.MemoryLimitBytes,
            NewGuid = options.NewGuid,
        });
        return ValueTask.FromResult(new Lake(options, project, store, engine));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Pipeline.Dispose();
        Indexes.Dispose();
        Engine.Dispose();
        return ValueTask.CompletedTask;
    }
}
