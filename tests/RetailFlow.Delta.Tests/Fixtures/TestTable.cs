using System.Globalization;
using System.Text;
using RetailFlow.Storage;

namespace RetailFlow.Delta.Tests;

/// <summary>A table in a store of its own, with a clock that is moved by hand and names that are counted.</summary>
internal sealed class TestTable
{
    public const string Path = "silver/items";

    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly StructType Schema = new(
    [
        new StructField("id", PrimitiveType.Long),
        new StructField("name", PrimitiveType.String),
        new StructField("day", PrimitiveType.Date),
    ]);

    private int names;

    public TestTable(IObjectStore? store = null, ICheckpointParquet? parquet = null, int checkpointInterval = 1_000_000)
    {
        Clock = new ManualClock(Start);
        Store = store ?? new InMemoryObjectStore(Clock);
        Parquet = parquet ?? new JsonLinesCheckpoints();
        Log = Open(checkpointInterval);
    }

    public ManualClock Clock { get; }

    public IObjectStore Store { get; }

    public ICheckpointParquet Parquet { get; }

    public DeltaLog Log { get; }

    public static string CommitPath(long version) => string.Create(CultureInfo.InvariantCulture, $"{Path}/_delta_log/{version:D20}.json");

    public static AddFile File(string path, long size = 10, string? day = null, string? stats = null) => new()
    {
        Path = path,
        Size = size,
        ModificationTime = 1,
        Stats = stats,
        PartitionValues = day is null ? new Dictionary<string, string?>() : new Dictionary<string, string?> { ["day"] = day },
    };

    public static Metadata MetadataOf(
        StructType? schema = null, IReadOnlyList<string>? partitionColumns = null, params (string Key, string Value)[] configuration) =>
        Metadata.Create(
            new Guid("00000000-0000-0000-0000-00000000000a"),
            schema ?? Schema,
            partitionColumns,
            configuration.ToDictionary(c => c.Key, c => c.Value, StringComparer.Ordinal),
            createdTime: 1);

    public DeltaLog Open(int checkpointInterval = 1_000_000) => new(Store, Path, Parquet, new DeltaLogOptions
    {
        Clock = Clock,
        NewGuid = () => new Guid(Interlocked.Increment(ref names), 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
        EngineInfo = "RetailFlow/test",
        CheckpointInterval = checkpointInterval,
    });

    public async Task<Snapshot> CreateAsync(
        Protocol? protocol = null, Metadata? metadata = null, params AddFile[] files)
    {
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(protocol ?? new Protocol(1, 2));
        transaction.SetMetadata(metadata ?? MetadataOf());
        foreach (var file in files)
        {
            transaction.Add(file);
        }

        return await CommitAsync(transaction);
    }

    public async Task<Snapshot> AppendAsync(Snapshot on, params AddFile[] files)
    {
        var transaction = DeltaTransaction.Create(on, "WRITE");
        foreach (var file in files)
        {
            transaction.Add(file);
        }

        return await CommitAsync(transaction);
    }

    public async Task<Snapshot> RemoveAsync(Snapshot on, params string[] paths)
    {
        var transaction = DeltaTransaction.Create(on, "DELETE");
        foreach (var path in paths)
        {
            transaction.Remove(on.Files.Single(f => f.Path == path));
        }

        return await CommitAsync(transaction);
    }

    public async Task<Snapshot> CommitAsync(DeltaTransaction transaction) =>
        Assert.IsType<CommitResult.Committed>(await Log.CommitAsync(transaction)).Snapshot;

    /// <summary>Puts a commit file line by line, past all checks.</summary>
    public async Task PutCommitAsync(long version, params string[] lines) =>
        Assert.Equal(PutOutcome.Created, await Store.PutIfAbsentAsync(CommitPath(version), Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n")));

    public async Task<string[]> CommitLinesAsync(long version) =>
        Encoding.UTF8.GetString((await Store.ReadAsync(CommitPath(version)))!).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
