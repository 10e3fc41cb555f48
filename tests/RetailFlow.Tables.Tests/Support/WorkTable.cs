using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Tables.Tests.Proof;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Support;

/// <summary>A table in a folder of its own, with an engine.</summary>
internal sealed class WorkTable : IAsyncDisposable
{
    public const string DeletionVectors = "delta.enableDeletionVectors";
    public const string ChangeDataFeed = "delta.enableChangeDataFeed";

    private readonly TemporaryDirectory _folder = new();

    private WorkTable()
    {
        Engine = TableEngine.Open(new TableEngineOptions { WorkFolder = Path.Combine(_folder.Path, "work"), MemoryLimitBytes = 512L << 20 });
        Store = new LocalObjectStore(Path.Combine(_folder.Path, "store"));
        Access = new TableAccess(Engine, Store, "t");
        Writer = new DataFileWriter(Engine, Store, Guid.NewGuid, TimeProvider.System);
        Log = new DeltaLog(Store, "t", new DuckDbCheckpointParquet(Engine), new DeltaLogOptions { Clock = TimeProvider.System, NewGuid = Guid.NewGuid, EngineInfo = "test" });
        Changes = new RowChanges(Access, Writer, Guid.NewGuid);
        Connection = Engine.Connect();
    }

    public TableEngine Engine { get; }

    public IObjectStore Store { get; }

    public TableAccess Access { get; }

    public DataFileWriter Writer { get; }

    public DeltaLog Log { get; }

    public RowChanges Changes { get; }

    public DuckDbConnection Connection { get; }

    public string Folder => Path.Combine(_folder.Path, "store", "t");

    /// <summary>A new table.</summary>
    public static async Task<WorkTable> CreateAsync(StructType schema, IReadOnlyDictionary<string, string>? properties = null, params string[] partitionColumns)
    {
        var table = new WorkTable();
        var asked = Metadata.Create(Guid.NewGuid(), schema, partitionColumns, properties);
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(ProtocolUpgrade.For(new Protocol(1, 2), asked));
        transaction.SetMetadata(asked with { Configuration = ProtocolUpgrade.WithoutRequests(asked.Configuration) });
        Assert.IsType<CommitResult.Committed>(await table.Log.CommitAsync(transaction));
        return table;
    }

    public static StructField Long(string name, bool nullable = true) => new(name, PrimitiveType.Long, nullable);

    public static StructField Text(string name) => new(name, PrimitiveType.String);

    /// <summary>Appends the rows of a select as one commit.</summary>
    public async Task AppendAsync(string select)
    {
        var snapshot = await Log.LoadAsync();
        var rules = RowRules.Of(Connection, snapshot.Metadata);
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        foreach (var file in await Writer.WriteAsync(Connection, rules.Checked($"({select})"), "t", TableShape.Of(snapshot.Metadata, snapshot), WriteLayout.AsTheyCome, default))
        {
            transaction.Add(file);
        }

        transaction.EnforcedConstraints();
        Assert.IsType<CommitResult.Committed>(await Log.CommitAsync(transaction));
    }

    public Task<RowChangeReport> MergeAsync(Merge merge) => CommitAsync(snapshot => Changes.MergeAsync(Connection, snapshot, merge, default));

    public Task<RowChangeReport> DeleteAsync(string? where) => CommitAsync(snapshot => Changes.DeleteAsync(Connection, snapshot, where, default));

    public Task<RowChangeReport> UpdateAsync(string? where, params (string Column, string Value)[] set) =>
        CommitAsync(snapshot => Changes.UpdateAsync(Connection, snapshot, set.ToDictionary(s => s.Column, s => s.Value), where, default));

    /// <summary>The rows as text, sorted, each with its columns separated by bars.</summary>
    public async Task<string[]> RowsAsync(long? version = null)
    {
        var snapshot = await Log.LoadAsync(version is { } v ? TimeTravel.Version(v) : TimeTravel.Latest);
        using var scan = await TableScan.OpenAsync(Access, Connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, default);
        return Rows($"select * from {scan.Relation}");
    }

    /// <summary>The rows of a query as text, sorted.</summary>
    public string[] Rows(string sql)
    {
        using var result = Connection.Query(sql);
        return [.. result.Rows().Select(row => string.Join('|', row.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture)))).Order(StringComparer.Ordinal)];
    }

    /// <summary>The change rows of a version as its change files have them.</summary>
    public async Task<string[]> ChangeFileRowsAsync(long version)
    {
        var commit = (await Log.ChangesAsync(version - 1, version)).Single();
        return commit.ChangeFiles.Count == 0
            ? []
            : Rows($"select * from read_parquet([{string.Join(", ", commit.ChangeFiles.Select(f => $"'{Path.Combine(Folder, f.DecodedPath)}'"))}], hive_partitioning = false)");
    }

    /// <summary>Ends the table, once a second reader has found it to be what it is read as.</summary>
    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        Engine.Dispose();
        try
        {
            await TableProof.OfFolderAsync(Path.Combine(_folder.Path, "store"));
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private async Task<RowChangeReport> CommitAsync(Func<Snapshot, ValueTask<(DeltaTransaction?, RowChangeReport)>> plan)
    {
        var (transaction, report) = await plan(await Log.LoadAsync());
        return transaction is null
            ? report
            : report with { Version = Assert.IsType<CommitResult.Committed>(await Log.CommitAsync(transaction)).Version };
    }
}
