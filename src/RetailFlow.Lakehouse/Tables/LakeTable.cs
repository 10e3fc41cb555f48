using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>One Delta table of the lake: its log, and the newest snapshot that this process has seen.</summary>
internal sealed class LakeTable(string name, IObjectStore store, TableEngine engine, DeltaLog log, Action<string>? warn)
{
    private readonly TableAccess _access = new(engine, store, name.Replace('.', '/'));
    private Snapshot? _known;
    private Snapshot? _plain;

    /// <summary>Name, <c>layer.table</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Path below the lake's root.</summary>
    public string Path => _access.Path;

    /// <summary>The table's log.</summary>
    public DeltaLog Log { get; } = log;

    /// <summary>The table as it is, for code that works on its files as they are; null if nobody has created it.</summary>
    /// <exception cref="DeltaException">The table has deletion vectors, mapped columns or partitions.</exception>
    public async ValueTask<Snapshot?> TryLatestAsync(CancellationToken cancellationToken)
    {
        var latest = await TryAnyAsync(cancellationToken);
        if (latest is not null && !ReferenceEquals(latest, Volatile.Read(ref _plain)))
        {
            PlainFiles.Require(latest);
            Volatile.Write(ref _plain, latest);
        }

        return latest;
    }

    /// <summary>The table as it is, for code that works on its files as they are.</summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    /// <exception cref="DeltaException">The table has deletion vectors, mapped columns or partitions.</exception>
    public async ValueTask<Snapshot> LatestAsync(CancellationToken cancellationToken) => await TryLatestAsync(cancellationToken) ?? throw Missing();

    /// <summary>The table as it is, whatever it uses, for code that reads it through <see cref="ScanAsync"/>; null if nobody has created it.</summary>
    public async ValueTask<Snapshot?> TryAnyAsync(CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref _known);
        var latest = known is null
            ? await Log.TryLoadAsync(cancellationToken)
            : await Log.RefreshAsync(known, cancellationToken);
        Volatile.Write(ref _known, latest);
        return latest;
    }

    /// <summary>The table as it is, whatever it uses, for code that reads it through <see cref="ScanAsync"/>.</summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    public async ValueTask<Snapshot> AnyAsync(CancellationToken cancellationToken) => await TryAnyAsync(cancellationToken) ?? throw Missing();

    /// <summary>A version, or some of its files, as a relation for this connection. Dispose it when the relation is no longer used.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public ValueTask<TableScan> ScanAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken, IReadOnlyList<AddFile>? files = null) =>
        TableScan.OpenAsync(_access, connection, snapshot, files ?? [.. snapshot.Files], ScanOptions.Everything, cancellationToken);

    /// <summary>A version as a relation with the place of each row. Dispose it when the relation is no longer used.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public ValueTask<TableScan> ScanPositionsAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken) =>
        TableScan.OpenAsync(_access, connection, snapshot, [.. snapshot.Files], new ScanOptions { Positions = true }, cancellationToken);

    /// <summary>Writes changes of rows, by deletion vectors or by rewriting files, as the table's properties say.</summary>
    public RowChangeWriter Changes(DataFileWriter writer, Func<Guid> newGuid) => new(_access, writer, newGuid);

    /// <summary>Commits, and remembers the new version. A conflict is a value: the caller decides whether to plan again.</summary>
    public async ValueTask<CommitResult> CommitAsync(DeltaTransaction transaction, CancellationToken cancellationToken)
    {
        var result = await Log.CommitAsync(transaction, cancellationToken);
        if (result is CommitResult.Committed committed)
        {
            Volatile.Write(ref _known, committed.Snapshot);
            if (committed.CheckpointFailure is { } failure)
            {
                warn?.Invoke($"{Name}: version {committed.Version} is committed, but its checkpoint could not be written: {failure.Message.Split('\n')[0]}");
            }
        }

        return result;
    }

    /// <summary>Creates the table with this schema if it does not exist, and returns it as it is.</summary>
    public async ValueTask<Snapshot> EnsureAsync(StructType schema, string? description, Func<Guid> newGuid, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await TryLatestAsync(cancellationToken) is { } existing)
        {
            return existing;
        }

        var create = DeltaTransaction.Create(null, "CREATE TABLE");
        create.SetProtocol(new Protocol(1, 2, null, null));
        create.SetMetadata(new Metadata
        {
            Id = newGuid().ToString(),
            Name = Name,
            Description = description,
            SchemaString = schema.ToJson(),
            PartitionColumns = [],
            Configuration = new Dictionary<string, string>(),
            CreatedTime = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        });
        await CommitAsync(create, cancellationToken);
        return await LatestAsync(cancellationToken);
    }

    /// <summary>The position of a reader named <paramref name="appId"/> in this table's own commits, or -1.</summary>
    public static long Position(Snapshot? snapshot, string appId) =>
        snapshot is not null && snapshot.Transactions.TryGetValue(appId, out var position) ? position.Version : -1;

    /// <summary>A relation over these files with the columns of <paramref name="schema"/>, as long as <paramref name="open"/> is.</summary>
    public ValueTask<string> RelationAsync(OpenFiles open, StructType schema, IEnumerable<AddFile> files, CancellationToken cancellationToken) =>
        RelationOfPathsAsync(open, schema, files.Select(f => f.DecodedPath), cancellationToken);

    /// <summary>
    /// A relation over data files by their decoded paths in the log, live or not, with the columns of <paramref name="schema"/>, as long
    /// as <paramref name="open"/> is.
    /// </summary>
    public async ValueTask<string> RelationOfPathsAsync(
        OpenFiles open, StructType schema, IEnumerable<string> decodedPaths, CancellationToken cancellationToken)
    {
        var columns = SqlText.Names(schema.Fields.Select(f => f.Name));
        var paths = await open.OfAsync(_access, decodedPaths, cancellationToken);
        if (paths.Count == 0)
        {
            var empty = string.Join(", ", schema.Fields.Select(f => $"cast(null as {DeltaTypes.ToSql(f.Type)}) as {SqlText.Name(f.Name)}"));
            return $"(select {empty} where false)";
        }

        PlainFiles.Require(engine, schema, paths, Name);
        return $"(select {columns} from read_parquet({SqlText.Files(paths)}, hive_partitioning = false))";
    }

    /// <summary>The whole table as a relation, as long as <paramref name="open"/> is.</summary>
    /// <exception cref="DeltaException">The table has deletion vectors, mapped columns or partitions, or a file is missing.</exception>
    public ValueTask<string> RelationAsync(OpenFiles open, Snapshot snapshot, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(snapshot, Volatile.Read(ref _plain)))
        {
            PlainFiles.Require(snapshot);
        }

        return RelationAsync(open, snapshot.Schema, snapshot.Files, cancellationToken);
    }

    /// <summary>Where the engine finds data files, in order, by their decoded paths in the log, as long as <paramref name="open"/> is.</summary>
    public ValueTask<IReadOnlyList<string>> FilesAsync(OpenFiles open, IEnumerable<string> decodedPaths, CancellationToken cancellationToken) =>
        open.OfAsync(_access, decodedPaths, cancellationToken);

    private LakeException Missing() => new(LakeErrorKind.InvalidInput, $"Table {Name} does not exist (yet).");
}
