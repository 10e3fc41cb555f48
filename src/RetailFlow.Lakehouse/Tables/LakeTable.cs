using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Storage;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>One Delta table of the lake: its log, and the newest snapshot that this process has seen.</summary>
internal sealed class LakeTable(string name, IObjectStore store, TableEngine engine, DeltaLog log, Action<string>? warn) : IDisposable
{
    private static readonly Dictionary<string, string> ChangeDataFeed = new() { ["delta.enableChangeDataFeed"] = "true" };

    private readonly SemaphoreSlim _rewriting = new(1, 1);
    private Snapshot? _known;

    /// <summary>Name, <c>layer.table</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Path below the lake's root.</summary>
    public string Path => Access.Path;

    /// <summary>What reading it needs.</summary>
    public TableAccess Access { get; } = new(engine, store, name.Replace('.', '/'));

    /// <summary>The table's log.</summary>
    public DeltaLog Log { get; } = log;

    /// <summary>
    /// Waits until nobody else in this process takes files out of the table, and keeps others from it until the result is disposed. To be held from the
    /// reading of a snapshot to the commit; appends need not wait. Other processes meet in the commit, where one of two that take out the same
    /// file fails.
    /// </summary>
    public async ValueTask<IDisposable> RewriteAsync(CancellationToken cancellationToken)
    {
        await _rewriting.WaitAsync(cancellationToken);
        return new Rewriting(_rewriting);
    }

    /// <inheritdoc/>
    public void Dispose() => _rewriting.Dispose();

    /// <summary>The table as it is; null if nobody has created it.</summary>
    public async ValueTask<Snapshot?> TryLatestAsync(CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref _known);
        var latest = known is null
            ? await Log.TryLoadAsync(cancellationToken)
            : await Log.RefreshAsync(known, cancellationToken);
        Volatile.Write(ref _known, latest);
        return latest;
    }

    /// <summary>The table as it is.</summary>
    /// <exception cref="LakeException">There is no such table.</exception>
    public async ValueTask<Snapshot> LatestAsync(CancellationToken cancellationToken) => await TryLatestAsync(cancellationToken) ?? throw Missing();

    /// <summary>A version, or some of its files, as a relation for this connection. Dispose it when the relation is no longer used.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public ValueTask<TableScan> ScanAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken, IReadOnlyList<AddFile>? files = null) =>
        TableScan.OpenAsync(Access, connection, snapshot, files ?? [.. snapshot.Files], ScanOptions.Everything, cancellationToken);

    /// <summary>A version, or some of its files, as a relation with the place of each row. Dispose it when the relation is no longer used.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public ValueTask<TableScan> ScanPositionsAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken, IReadOnlyList<AddFile>? files = null) =>
        TableScan.OpenAsync(Access, connection, snapshot, files ?? [.. snapshot.Files], new ScanOptions { Positions = true }, cancellationToken);

    /// <summary>Writes changes of rows, by deletion vectors or by rewriting files, as the table's properties say.</summary>
    public RowChangeWriter Changes(DataFileWriter writer, Func<Guid> newGuid) => new(Access, writer, newGuid);

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

    /// <summary>
    /// Creates the table with this schema and the profile of its layer, or the one that is wanted, if it does not exist; and returns it
    /// as it is. A table that exists keeps the profile that it has.
    /// </summary>
    /// <exception cref="DeltaException">The profile excludes a column of the schema; the message names it and the readers that it would break.</exception>
    public async ValueTask<Snapshot> EnsureAsync(
        StructType schema, string? description, Func<Guid> newGuid, TimeProvider clock, CancellationToken cancellationToken, TableProfile? wanted = null)
    {
        if (await TryLatestAsync(cancellationToken) is { } existing)
        {
            return existing;
        }

        var profile = wanted ?? ProfileOf(Name);
        var metadata = Metadata.Create(newGuid(), schema, [], profile.Properties(profile == TableProfile.Modern ? ChangeDataFeed : null), clock.GetUtcNow().ToUnixTimeMilliseconds()) with
        {
            Name = Name,
            Description = description,
        };
        var create = DeltaTransaction.Create(null, "CREATE TABLE");
        create.SetProtocol(profile.CreateProtocol(metadata));
        create.SetMetadata(metadata);
        await CommitAsync(create, cancellationToken);
        return await LatestAsync(cancellationToken);
    }

    /// <summary>
    /// What a step commits on: the table as the step read its position from it, or a new one where there was none. Of a later version the step would not see
    /// that another process brought the table up to date since, and would do the same again.
    /// </summary>
    /// <exception cref="LakeException">There was none, and another process has created it and put rows into it.</exception>
    public async ValueTask<Snapshot> BaseAsync(
        Snapshot? known, StructType schema, string? description, Func<Guid> newGuid, TimeProvider clock, CancellationToken cancellationToken, TableProfile? wanted = null)
    {
        var table = known ?? await EnsureAsync(schema, description, newGuid, clock, cancellationToken, wanted);
        return known is null && table.Transactions.Count > 0
            ? throw new LakeException(LakeErrorKind.Conflict, $"{Name}: another process created it at the same time; run again.")
            : table;
    }

    /// <summary>The profile of a new table of that name: rows of Bronze and Silver change, the other layers are shared.</summary>
    public static TableProfile ProfileOf(string name) =>
        name.StartsWith("bronze.", StringComparison.Ordinal) || name.StartsWith("silver.", StringComparison.Ordinal) ? TableProfile.Modern : TableProfile.Interop;

    /// <summary>The position of a reader named <paramref name="appId"/> in this table's own commits, or -1.</summary>
    public static long Position(Snapshot? snapshot, string appId) =>
        snapshot is not null && snapshot.Transactions.TryGetValue(appId, out var position) ? position.Version : -1;

    /// <summary>A version, or some of its files, as a relation for this connection, as long as <paramref name="open"/> is.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public async ValueTask<string> RelationAsync(
        OpenFiles open, DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken, IReadOnlyList<AddFile>? files = null) =>
        open.Keep(await ScanAsync(connection, snapshot, cancellationToken, files)).Relation;

    /// <summary>Some rows of files, live or not, with the columns of a version, as long as <paramref name="open"/> is.</summary>
    /// <exception cref="DeltaException">A file cannot be read as the table's.</exception>
    public async ValueTask<string> RelationAsync(
        OpenFiles open, DuckDbConnection connection, Snapshot snapshot, IReadOnlyList<FileRead> reads, CancellationToken cancellationToken) =>
        open.Keep(await TableScan.OpenAsync(Access, connection, ScanShape.Of(snapshot), reads, ScanOptions.Everything, cancellationToken)).Relation;

    /// <summary>What writing the files of a table of this schema needs to know of it.</summary>
    /// <exception cref="LakeException">The table has other columns, and keeps its files in a way that depends on them.</exception>
    public TableShape ShapeFor(Snapshot snapshot, StructType schema)
    {
        var metadata = WithColumns(snapshot, schema);
        return TableShape.Of(metadata, snapshot);
    }

    /// <summary>The metadata of the table with these columns in place of its own; that of the table where they are the same.</summary>
    /// <exception cref="LakeException">They are others, and the table has column mapping or partitions, so that they cannot be put in their place.</exception>
    public Metadata WithColumns(Snapshot snapshot, StructType schema)
    {
        var metadata = snapshot.Metadata;
        var plain = ColumnMapping.ModeOf(metadata) == ColumnMappingMode.None && metadata.PartitionColumns.Count == 0;
        if (plain)
        {
            return schema.Equals(snapshot.Schema) ? metadata : metadata with { SchemaString = schema.ToJson() };
        }

        return schema.Fields.Select(f => (f.Name, f.Type)).SequenceEqual(snapshot.Schema.Fields.Select(f => (f.Name, f.Type)))
            ? metadata
            : throw new LakeException(
                LakeErrorKind.Configuration,
                $"{Name}: its columns are to become others than it has, which a table with column mapping or partitions does not do by itself; alter the table first.");
    }

    private LakeException Missing() => new(LakeErrorKind.InvalidInput, $"Table {Name} does not exist (yet).");

    private sealed class Rewriting(SemaphoreSlim held) : IDisposable
    {
        private SemaphoreSlim? _held = held;

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }
}
