using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Maintenance;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Quality;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Lakehouse.Stores;
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
    private readonly OpenedStore? _opened;

    private Lake(LakeOptions options, LakeProject project, OpenedStore? opened, TableEngine engine)
    {
        _opened = opened;
        Options = options;
        Project = project;
        Store = options.Store ?? opened!.Store;
        Engine = engine;
        Tables = new LakeTables(options, Store, engine);
        Indexes = new Indexes.KeyIndexes(Path.Combine(LocalFolder, ".index"), options.NewGuid);
        Landing = new FileLanding(this);
        Pipeline = new Pipeline(this);
        Stock = new StockQueries(this);
        History = new StockHistory(this);
        Accepted = new AcceptedRecords(this);
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

    /// <summary>Where it is: the full path of its folder, or its URL. It contains no secret.</summary>
    public string Location => _opened?.Location ?? LocalFolder;

    /// <summary>Whether the lake is not a folder of this machine.</summary>
    public bool IsRemote => _opened is not null && OpenedStore.IsRemote(Options.LakePath);

    /// <summary>
    /// Full path of the folder of this machine for what must be local: work in progress, key indexes, and the journal of a node. It is the lake's own where
    /// that is a folder; for a remote lake a folder that this machine keeps for it.
    /// </summary>
    public string LocalFolder => _opened?.Folder ?? Path.GetFullPath(Options.LakePath);

    /// <summary>Puts files into RAW.</summary>
    public FileLanding Landing { get; }

    /// <summary>Brings Bronze, Silver and Gold up to date.</summary>
    public Pipeline Pipeline { get; }

    /// <summary>Stock answers from Gold and Silver.</summary>
    public StockQueries Stock { get; }

    /// <summary>Single records and histories from Silver.</summary>
    public StockHistory History { get; }

    /// <summary>The records that hold identities.</summary>
    public AcceptedRecords Accepted { get; }

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

    /// <summary>Whether a lake or a table is named by a URL, rightly or wrongly written, and not by a folder.</summary>
    public static bool IsUrl(string location) => OpenedStore.IsRemote(location);

    /// <summary>Opens a lake, creating its folder if there is none. A container in Azure must exist; nothing is sent yet.</summary>
    /// <exception cref="LakeException">The project is missing or wrong, or the folder or the URL cannot be used.</exception>
    public static ValueTask<Lake> OpenAsync(LakeOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var project = LakeProject.Load(options.ProjectPath, options.Environment);
        var opened = options.Store is null ? OpenedStore.Open(options.LakePath, options.Remote) : null;
        try
        {
            var engine = TableEngine.Open(new TableEngineOptions
            {
                WorkFolder = Path.Combine(opened?.Folder ?? options.LakePath, ".work"),
                Threads = options.Threads,
                MemoryLimitBytes = options.MemoryLimitBytes,
                NewGuid = options.NewGuid,
            });
            return ValueTask.FromResult(new Lake(options, project, opened, engine));
        }
        catch
        {
            opened?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Pipeline.Dispose();
        Indexes.Dispose();
        Tables.Dispose();
        Engine.Dispose();
        _opened?.Dispose();
        return ValueTask.CompletedTask;
    }
}
