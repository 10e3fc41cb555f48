using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Checkpoints;

/// <summary>An engine, a local store and the checkpoint files in it.</summary>
internal sealed class CheckpointFixture : IDisposable
{
    private readonly TemporaryDirectory folder = new();

    public CheckpointFixture(string? root = null)
    {
        Engine = TableEngine.Open(new TableEngineOptions { WorkFolder = folder.File("work"), Threads = 2 });
        Store = new LocalObjectStore(root ?? Directory.CreateDirectory(folder.File("store")).FullName);
        Parquet = new DuckDbCheckpointParquet(Engine);
    }

    public TableEngine Engine { get; }

    public LocalObjectStore Store { get; }

    public DuckDbCheckpointParquet Parquet { get; }

    public static string[] Lines(IEnumerable<DeltaAction> actions) => [.. actions.Select(DeltaActionJson.ToJson).Order(StringComparer.Ordinal)];

    /// <summary>Everything that a snapshot says about the table, one line each; whether an action changed data is history, not state.</summary>
    public static string[] Content(Snapshot snapshot) => Lines(
    [
        snapshot.Protocol, snapshot.Metadata, .. snapshot.Transactions.Values, .. snapshot.DomainMetadata.Values,
        .. snapshot.Files.Select(f => f with { DataChange = true }),
    ]);

    public DeltaLog Log(string table, ICheckpointParquet? parquet = null, TimeProvider? clock = null) => new(Store, table, parquet ?? Parquet, new DeltaLogOptions
    {
        Clock = clock ?? TimeProvider.System,
        NewGuid = Guid.NewGuid,
        EngineInfo = "RetailFlow/test",
    });

    public async Task<List<DeltaAction>> ReadAsync(string path)
    {
        var actions = new List<DeltaAction>();
        await foreach (var batch in Parquet.ReadActionsAsync(Store, path, default))
        {
            actions.AddRange(batch);
        }

        return actions;
    }

    /// <summary>Writes the rows of a query as a checkpoint file, past the code under test.</summary>
    public void Copy(string path, string select)
    {
        var file = Store.LocalPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var connection = Engine.Connect();
        connection.Execute($"COPY ({select}) TO {SqlText.Literal(file)} (FORMAT parquet)");
    }

    public void Dispose()
    {
        Engine.Dispose();
        folder.Dispose();
    }
}

/// <summary>For logs that are to be replayed from their commits alone.</summary>
internal sealed class NoCheckpoints : ICheckpointParquet
{
    public IAsyncEnumerable<IReadOnlyList<DeltaAction>> ReadActionsAsync(IObjectStore store, string path, CancellationToken cancellationToken = default) =>
        throw new DeltaException(DeltaErrorKind.Corrupt, "Checkpoints are not read here.");

    public ValueTask<CheckpointFileInfo> WriteActionsAsync(
        IObjectStore store, string path, CheckpointFileKind kind, IEnumerable<DeltaAction> actions, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("Checkpoints are not written here.");
}
