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

    private TableScan(DeletedRows deleted, LocalCopies copies, Snapshot snapshot, IReadOnlyList<AddFile> files)
    {
        _deleted = deleted;
        _copies = copies;
        Files = files;
        FileColumn = Free(snapshot.Schema, "_file");
        RowColumn = Free(snapshot.Schema, "_row");
    }

    /// <summary>The relation, in parentheses. It must not be used after the scan is disposed.</summary>
    public string Relation { get; private set; } = "";

    /// <summary>The files, as given.</summary>
    public IReadOnlyList<AddFile> Files { get; }

    /// <summary>Name of the column with the file's place: <c>_file</c>, with more underscores in front where the table has such a column.</summary>
    public string FileColumn { get; }

    /// <summary>Name of the column with the row's position: <c>_row</c>, with more underscores in front where the table has such a column.</summary>
    public string RowColumn { get; }

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
        ReadTypes.RequireKnownChanges(snapshot.Schema);
        var scan = new TableScan(DeletedRows.Of(connection.Database), new LocalCopies(access), snapshot, files);
        try
        {
            var locals = await scan._copies.OfAsync(files.Select(f => f.DecodedPath), cancellationToken);
            var vectors = options.DeletedRowsToo
                ? new Dictionary<string, DeletionVector>()
                : await new DeletionVectorFiles(access.Store, access.Path).ReadAllAsync(files.Select(f => f.DeletionVector).OfType<DeletionVectorDescriptor>(), cancellationToken);
            var builder = new RelationBuilder(snapshot, options, scan.FileColumn, scan.RowColumn);
            var schemas = files.Count == 0 ? [] : Schemas(access, connection, files, locals);
            var parts = files
                .Select((file, i) => new ScannedFile(i, file, locals[i], schemas[i], file.DeletionVector is { } dv ? vectors.GetValueOrDefault(dv.UniqueId) : null))
                .GroupBy(f => (f.Schema, f.Deleted is null));
            scan.Relation = builder.Build([.. parts.Select(g => g.ToList())], group =>
            {
                var registered = scan._deleted.Register([.. group.Select(f => f.Deleted!)]);
                scan._registered.Add(registered);
                return DeletedRows.Condition(registered);
            });
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

/// <summary>A file to be scanned.</summary>
/// <param name="Ordinal">Its place in the list of the scan.</param>
/// <param name="File">What the log says.</param>
/// <param name="LocalPath">Where the engine finds it.</param>
/// <param name="Schema">Its columns.</param>
/// <param name="Deleted">Rows that are not live, or null.</param>
internal sealed record ScannedFile(int Ordinal, AddFile File, string LocalPath, FileSchema Schema, DeletionVector? Deleted);
