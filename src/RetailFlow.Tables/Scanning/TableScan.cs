using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Some files of a table at one version as a relation of the engine: the table's names and types, deletion vectors applied, partition
/// values from the log (Delta protocol, "Reader Requirements"). Files of one schema are read by one call, so that plans stay small.
/// </summary>
internal sealed class TableScan : IDisposable
{
    private readonly DeletedRows _deleted;
    private readonly List<long> _registered = [];
    private readonly LocalCopies _copies;
    private long? _live;

    private TableScan(DeletedRows deleted, LocalCopies copies, StructType schema, IReadOnlyList<AddFile> files)
    {
        _deleted = deleted;
        _copies = copies;
        Files = files;
        Schema = schema;
        FileColumn = Free(schema, "_file");
        RowColumn = Free(schema, "_row");
    }

    /// <summary>The relation, in parentheses. It must not be used after the scan is disposed.</summary>
    public string Relation { get; private set; } = "";

    /// <summary>Columns of the table.</summary>
    public StructType Schema { get; }

    /// <summary>The files, as given.</summary>
    public IReadOnlyList<AddFile> Files { get; }

    /// <summary>Where the engine finds them.</summary>
    public IReadOnlyList<string> LocalFiles { get; private set; } = [];

    /// <summary>Name of the column with the file's place: <c>_file</c>, with more underscores in front where the table has such a column.</summary>
    public string FileColumn { get; }

    /// <summary>Name of the column with the row's position: <c>_row</c>, with more underscores in front where the table has such a column.</summary>
    public string RowColumn { get; }

    /// <summary>
    /// Condition for the rows of the relation that no deletion vector takes away, for a scan that leaves it to its caller to ask; null if none
    /// takes any.
    /// </summary>
    /// <param name="file">SQL of the row's <see cref="FileColumn"/>.</param>
    /// <param name="row">SQL of the row's <see cref="RowColumn"/>.</param>
    public string? Live(string file, string row) => _live is { } registered ? DeletedRows.Condition(registered, $"cast({file} as ubigint)", row) : null;

    /// <summary>Opens a scan: reads the files' deletion vectors, and their schemas where they are not known.</summary>
    /// <param name="access">The table.</param>
    /// <param name="connection">Where the relation will be used; a result that streams on it ends.</param>
    /// <param name="snapshot">The version whose schema and mapping hold.</param>
    /// <param name="files">The files to read.</param>
    /// <param name="options">What of them.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="DeltaException">A file cannot be read as the table's, is missing or damaged, or a column is not there.</exception>
    public static async ValueTask<TableScan> OpenAsync(
        TableAccess access,
        DuckDbConnection connection,
        Snapshot snapshot,
        IReadOnlyList<AddFile> files,
        ScanOptions options,
        CancellationToken cancellationToken)
    {
        var vectors = options.DeletedRowsToo
            ? new Dictionary<string, DeletionVector>()
            : await new DeletionVectorFiles(access.Store, access.Path).ReadAllAsync(files.Select(f => f.DeletionVector).OfType<DeletionVectorDescriptor>(), cancellationToken);
        var rows = files.Select(f => f.DeletionVector is { } dv ? vectors.GetValueOrDefault(dv.UniqueId) : null).ToList();
        if (!options.DeletedRowsLater)
        {
            return await OpenAsync(access, connection, ScanShape.Of(snapshot), [.. files.Zip(rows, (f, r) => new FileRead(f, r))], options, cancellationToken);
        }

        var scan = await OpenAsync(access, connection, ScanShape.Of(snapshot), [.. files.Select(f => new FileRead(f, null))], options, cancellationToken);
        if (vectors.Count > 0)
        {
            scan._live = scan.Register(rows.Select(r => r ?? DeletionVector.Empty));
        }

        return scan;
    }

    /// <summary>Opens a scan of files whose wanted rows are known.</summary>
    /// <inheritdoc cref="OpenAsync(TableAccess, DuckDbConnection, Snapshot, IReadOnlyList{AddFile}, ScanOptions, CancellationToken)"/>
    public static async ValueTask<TableScan> OpenAsync(
        TableAccess access,
        DuckDbConnection connection,
        ScanShape shape,
        IReadOnlyList<FileRead> reads,
        ScanOptions options,
        CancellationToken cancellationToken)
    {
        ReadTypes.RequireKnownChanges(shape.Schema);
        var scan = new TableScan(DeletedRows.Of(connection.Database), new LocalCopies(access), shape.Schema, [.. reads.Select(r => r.File)]);
        try
        {
            var locals = await scan._copies.OfAsync(reads.Select(r => r.File.DecodedPath), cancellationToken);
            scan.LocalFiles = locals;
            var builder = new RelationBuilder(shape, options, scan.FileColumn, scan.RowColumn);
            var schemas = reads.Count == 0 ? [] : Schemas(access, connection, scan.Files, locals);
            var groups = reads
                .Select((read, i) => new ScannedFile(i, read, locals[i], schemas[i]))
                .GroupBy(f => (f.Schema, f.Read.Rows is null, f.Read.OnlyThese, f.Read.Values.Any(v => v is null)));
            scan.Relation = builder.Build([.. groups.Select(g => g.ToList())], scan.Condition);
            return scan;
        }
        catch
        {
            scan.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registered in _registered)
        {
            _deleted.Release(registered);
        }

        _registered.Clear();
        _copies.Dispose();
    }

    private string Condition(IReadOnlyList<ScannedFile> files) =>
        (files[0].Read.OnlyThese ? "not " : "") + DeletedRows.Condition(Register(files.Select(f => f.Read.Rows!)), "file_index", "file_row_number");

    private long Register(IEnumerable<DeletionVector> vectors)
    {
        var registered = _deleted.Register([.. vectors]);
        _registered.Add(registered);
        return registered;
    }

    private static FileSchema[] Schemas(TableAccess access, DuckDbConnection connection, IReadOnlyList<AddFile> files, IReadOnlyList<string> locals)
    {
        try
        {
            return access.Engine.Schemas.Of(connection, locals);
        }
        catch (DuckDbException e)
        {
            var missing = locals.Zip(files).FirstOrDefault(f => !File.Exists(f.First)).Second;
            throw new DeltaException(
                DeltaErrorKind.Corrupt,
                missing is null ? $"A data file of '{access.Path}' cannot be read: {e.Message}" : $"The data file '{missing.DecodedPath}' of '{access.Path}' is missing.",
                e);
        }
    }

    private static string Free(StructType schema, string name)
    {
        while (schema.Find(name) is not null)
        {
            name = "_" + name;
        }

        return name;
    }
}
