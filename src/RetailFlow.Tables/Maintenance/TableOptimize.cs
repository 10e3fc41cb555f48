using System.Text.Json;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Moves rows to other files without changing one: small files are gathered, rows are ordered along a Morton curve, and rows that
/// deletion vectors remove are left out for good. One planning writes its files; the commit is the caller's.
/// </summary>
internal sealed class TableOptimize(TableAccess access, DataFileWriter writer, IReadOnlyList<string> zorder)
{
    private const string Provider = "RetailFlow";
    private const string ClusteredBy = "RETAILFLOW_CLUSTERED_BY";
    private const long OrderedFileBytes = 16L << 20;

    /// <summary>Told how many files are about to be rewritten.</summary>
    public Action<int>? Rewriting { get; init; }

    /// <summary>The files to choose among, where none are put into order; null for all of the snapshot.</summary>
    public IReadOnlyList<AddFile>? Among { get; init; }

    /// <summary>What the last planning does; the version is open.</summary>
    public OptimizeOutcome Outcome { get; private set; } = new(null, 0, 0, 0, 0, 0);

    /// <summary>Rewrites files and states them in a transaction; null if the layout is good already.</summary>
    public async ValueTask<DeltaTransaction?> PlanAsync(DuckDbConnection connection, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var clustering = Clustering.Columns(snapshot);
        if (zorder.Count > 0)
        {
            RequireOrderable(snapshot, clustering.Count > 0);
        }

        var clusters = zorder.Count == 0 && clustering.Count > 0;
        var order = clusters ? [.. clustering.Select(c => Expression(snapshot.Schema, c))] : zorder.Select(SqlText.Name).ToList();
        var mark = string.Join(", ", clustering);
        var bins = order.Count == 0 ? OptimizePlan.For(Among ?? snapshot.Files, snapshot.Properties.TargetFileBytes).Bins : Ordered(snapshot, clusters ? mark : null);
        Outcome = new OptimizeOutcome(null, 0, 0, 0, 0, 0);
        if (bins.Count == 0)
        {
            return null;
        }

        Rewriting?.Invoke(bins.Sum(b => b.Files.Count));
        var transaction = DeltaTransaction.Create(snapshot, "OPTIMIZE");
        transaction.OperationParameters["predicate"] = "[]";
        transaction.OperationParameters["zOrderBy"] = JsonSerializer.Serialize(zorder);
        transaction.OperationParameters["clusterBy"] = JsonSerializer.Serialize(clusters ? clustering.Select(c => c.ToString()) : []);
        transaction.StateRowIds(preserved: false);
        var shape = TableShape.Of(snapshot.Metadata, snapshot);
        foreach (var bin in bins)
        {
            var written = await RewriteAsync(connection, snapshot, bin.Files, shape, order, cancellationToken);
            foreach (var file in bin.Files)
            {
                transaction.Remove(file, dataChange: false);
            }

            foreach (var file in written)
            {
                transaction.Add(clusters
                    ? file with { DataChange = false, ClusteringProvider = Provider, Tags = new Dictionary<string, string> { [ClusteredBy] = mark } }
                    : file with { DataChange = false });
            }
        }

        SetOutcome(transaction);
        return transaction;
    }

    private async ValueTask<IReadOnlyList<AddFile>> RewriteAsync(
        DuckDbConnection connection, Snapshot snapshot, IReadOnlyList<AddFile> files, TableShape shape, IReadOnlyList<string> order, CancellationToken cancellationToken)
    {
        using var scan = await TableScan.OpenAsync(access, connection, snapshot, files, ScanOptions.Everything, cancellationToken);
        var names = SqlText.Names(shape.Schema.Fields.Select(f => f.Name));
        if (order.Count == 0)
        {
            // A bin is one file's worth; the room above the target keeps the last rows from becoming a file of their own.
            return await writer.WriteAsync(
                connection, $"select {names} from {scan.Relation}", access.Path, shape, WriteLayout.Rewriting(files.Sum(f => f.Size), shape.TargetFileBytes), cancellationToken);
        }

        if (shape.Partition.Count == 0)
        {
            var sorted = MortonOrder.Select(connection, access.Engine, scan.Relation, names, order);
            return await writer.WriteAsync(connection, sorted, access.Path, shape, new WriteLayout { FileBytes = Math.Min(OrderedFileBytes, shape.TargetFileBytes) }, cancellationToken);
        }

        // Writing by partition passes the rows through a join, which keeps no order: the writer sorts by the curve itself.
        var curve = access.Engine.UniqueName("curve");
        var rows = MortonOrder.WithCurve(connection, access.Engine, scan.Relation, SqlText.Names(shape.Schema.Fields.Select(f => f.Name), "m"), order, curve);
        return await writer.WriteAsync(connection, rows, access.Path, shape, new WriteLayout { SortBy = curve }, cancellationToken);
    }

    // Order is worth having among all the rows of a partition only. A clustered table is left alone once all of it is in order.
    private static List<OptimizeBin> Ordered(Snapshot snapshot, string? mark)
    {
        var files = snapshot.Files.ToList();
        var done = mark is not null
            && files.TrueForAll(f => f.ClusteringProvider == Provider && f.DeletionVector is null && f.Tags?.GetValueOrDefault(ClusteredBy) == mark);
        return done
            ? []
            : [.. OptimizePlan.ByPartition(files).Select(g => new OptimizeBin(g.First().PartitionValues, [.. g]))];
    }

    private void RequireOrderable(Snapshot snapshot, bool clustered)
    {
        if (clustered)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, $"'{access.Path}' is clustered; it is ordered by its clustering columns alone.");
        }

        if (zorder.Count > MortonOrder.MostColumns)
        {
            throw new DeltaException(DeltaErrorKind.InvalidInput, $"'{access.Path}' cannot be ordered by {zorder.Count} columns; {MortonOrder.MostColumns} are the most.");
        }

        foreach (var column in zorder)
        {
            var field = snapshot.Schema.Find(column)
                ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"'{access.Path}' has no column '{column}' to order by.");
            if (snapshot.Metadata.PartitionColumns.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
            {
                throw new DeltaException(DeltaErrorKind.InvalidInput, $"'{access.Path}' cannot be ordered by '{column}': it is a partition column.");
            }
        }
    }

    private string Expression(StructType schema, ColumnPath physical)
    {
        var names = new List<string>();
        DataType type = schema;
        foreach (var part in physical.Parts)
        {
            var field = (type as StructType)?.Fields.FirstOrDefault(f => f.PhysicalName == part)
                ?? throw new DeltaException(DeltaErrorKind.Corrupt, $"'{access.Path}' is clustered by '{physical}', which is not in the schema.");
            names.Add(SqlText.Name(field.Name));
            type = field.Type;
        }

        return string.Join('.', names);
    }

    private void SetOutcome(DeltaTransaction transaction)
    {
        var removed = transaction.Removes.Select(r => r.File).ToList();
        Outcome = new OptimizeOutcome(
            null,
            removed.Count,
            transaction.Adds.Count,
            removed.Sum(f => f.Size),
            transaction.Adds.Sum(f => f.Size),
            removed.Count(f => f.DeletionVector is not null));

        // Spark's names.
        transaction.SetMetric("numRemovedFiles", Outcome.FilesRemoved);
        transaction.SetMetric("numAddedFiles", Outcome.FilesAdded);
        transaction.SetMetric("numRemovedBytes", Outcome.BytesRemoved);
        transaction.SetMetric("numAddedBytes", Outcome.BytesAdded);
        transaction.SetMetric("numDeletionVectorsRemoved", Outcome.DeletionVectorsRemoved);
    }
}
