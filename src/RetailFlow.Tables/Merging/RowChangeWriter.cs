using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// Turns a row change into files and a transaction: with deletion vectors where the table has them enabled, else by writing the touched
/// files again without the rows that left. Files that are not touched, and rows that do not change, are not rewritten by the first way;
/// by the second only the rows that share a file with a change are.
/// </summary>
internal sealed class RowChangeWriter(TableAccess access, DataFileWriter writer, Func<Guid> newGuid)
{
    /// <summary>Writes the files and states them in the transaction, which is not committed.</summary>
    /// <returns>The figures of what was written; the version is open.</returns>
    public async ValueTask<RowChangeReport> WriteAsync(
        DuckDbConnection connection, DeltaTransaction transaction, RowChange change, RowRules rules, CancellationToken cancellationToken)
    {
        var snapshot = transaction.ReadSnapshot!;
        var shape = TableShape.Of(snapshot.Metadata, snapshot);
        var report = new RowChangeReport { RowsInserted = change.InsertedRows, RowsUpdated = change.UpdatedRows, RowsDeleted = change.DeletedRows };
        try
        {
            var work = new Work(connection, transaction, change, shape, rules, Touched(connection, change, cancellationToken), cancellationToken);
            StateRead(connection, transaction, change, cancellationToken);
            report = UsesDeletionVectors(snapshot)
                ? await MarkAsync(work, report)
                : await RewriteAsync(work, report);
            if (snapshot.Properties.ChangeDataFeed && !OnlyWholeFiles(transaction, change))
            {
                foreach (var file in await writer.WriteChangesAsync(connection, Changes(change, shape), access.Path, shape, cancellationToken))
                {
                    transaction.AddChangeFile(file);
                    report = report with { BytesWritten = report.BytesWritten + file.Size };
                }
            }
        }
        catch (DuckDbException e) when (RowRules.Violation(e, snapshot.TablePath) is { } violation)
        {
            throw violation;
        }

        transaction.EnforcedConstraints();
        transaction.StateRowIds(preserved: false);
        SetMetrics(transaction, report);
        return report;
    }

    private static bool UsesDeletionVectors(Snapshot snapshot) =>
        snapshot.Properties.DeletionVectors && snapshot.Protocol.WriterFeatures?.Contains("deletionVectors") == true;

    // A commit that only adds rows, or only removes whole files, tells its changes by itself.
    private static bool OnlyWholeFiles(DeltaTransaction transaction, RowChange change) =>
        change.UpdatedRows == 0 && (change.DeletedRows == 0 || (change.InsertedRows == 0 && transaction.Adds.Count == 0));

    /// <summary>The files in which rows leave, with how many.</summary>
    private static List<(int Ordinal, long Rows)> Touched(DuckDbConnection connection, RowChange change, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        using var result = connection.Query($"select _file, count(*) from {change.Gone} group by 1 order by 1");
        return [.. result.Rows().Select(row => (Convert.ToInt32(row[0], CultureInfo.InvariantCulture), Convert.ToInt64(row[1], CultureInfo.InvariantCulture)))];
    }

    private async ValueTask<RowChangeReport> MarkAsync(Work work, RowChangeReport report)
    {
        var (connection, transaction, change, shape, _, touched, cancellationToken) = work;
        var vectors = new DeletionVectorFiles(access.Store, access.Path);
        var before = await vectors.ReadAllAsync(touched.Select(t => change.Scan.Files[t.Ordinal].DeletionVector).OfType<DeletionVectorDescriptor>(), cancellationToken);
        var marked = new List<(AddFile File, DeletionVector Vector, long Physical)>();
        var removed = 0;
        foreach (var (file, gone) in RowsOf(connection, change.Scan, change.Gone, cancellationToken))
        {
            var physical = file.ParsedStatistics?.NumRecords ?? await CountAsync(connection, transaction.ReadSnapshot!, file, cancellationToken);
            var vector = file.DeletionVector is { } old ? before[old.UniqueId].Union(gone) : gone;
            if (vector.Cardinality == physical)
            {
                transaction.Remove(file);
                removed++;
            }
            else
            {
                marked.Add((file, vector, physical));
            }
        }

        var descriptors = await vectors.WriteAsync([.. marked.Select(m => m.Vector)], newGuid(), cancellationToken);
        foreach (var ((file, _, physical), descriptor) in marked.Zip(descriptors))
        {
            var statistics = (file.ParsedStatistics ?? new FileStatistics()) with { NumRecords = physical };
            transaction.ReplaceDeletionVector(file, file with { DeletionVector = descriptor, Stats = statistics.Widened().ToJson() });
        }

        var fresh = new[] { change.Updated, change.Inserted }.OfType<string>().Select(r => $"select {Names(shape)} from {r}").ToList();
        var added = fresh.Count == 0 ? [] : await AddAsync(work, string.Join(" union all ", fresh), WriteLayout.AsTheyCome);
        return report with
        {
            FilesAdded = added.Count,
            FilesRemoved = removed,
            DeletionVectorsUpdated = marked.Count,
            BytesWritten = added.Sum(f => f.Size) + descriptors.Sum(d => (long)d.SizeInBytes),
        };
    }

    private async ValueTask<RowChangeReport> RewriteAsync(Work work, RowChangeReport report)
    {
        var (connection, transaction, change, shape, _, touched, cancellationToken) = work;
        var written = new List<AddFile>();
        long copied = 0;
        foreach (var group in Groups(touched.Select(t => (t.Ordinal, change.Scan.Files[t.Ordinal])), shape.TargetFileBytes))
        {
            var files = group.Select(g => g.File).ToList();
            using var scan = await TableScan.OpenAsync(access, connection, transaction.ReadSnapshot!, files, new ScanOptions { Positions = true }, cancellationToken);

            // Rows of one file stay together, so that what its statistics exclude stays excluded.
            var place = $"([{string.Join(", ", group.Select(g => g.Ordinal))}])[{scan.FileColumn} + 1]";
            var inGroup = $"_file in ({string.Join(", ", group.Select(g => g.Ordinal))})";
            var gone = $"(select _file as f, _row as r from {change.Gone} where {inGroup})";
            var select = $"select {Names(shape)} from {scan.Relation} t where not exists (select 1 from {gone} g where g.f = {place} and g.r = t.{SqlText.Name(scan.RowColumn)})";
            if (change.Updated is not null)
            {
                select += $" union all select {Names(shape)} from {change.Updated} where {inGroup}";
            }

            var added = await AddAsync(work, select, WriteLayout.Rewriting(files.Sum(f => f.Size), shape.TargetFileBytes));
            written.AddRange(added);
            copied += added.Sum(f => f.ParsedStatistics?.NumRecords ?? 0);
            foreach (var file in files)
            {
                transaction.Remove(file);
            }
        }

        copied -= change.UpdatedRows;
        if (change.Inserted is not null && change.InsertedRows > 0)
        {
            written.AddRange(await AddAsync(work, $"select {Names(shape)} from {change.Inserted}", WriteLayout.AsTheyCome));
        }

        return report with { FilesAdded = written.Count, FilesRemoved = touched.Count, RowsCopied = copied, BytesWritten = written.Sum(f => f.Size) };
    }

    private async ValueTask<IReadOnlyList<AddFile>> AddAsync(Work work, string select, WriteLayout layout)
    {
        var added = await writer.WriteAsync(work.Connection, work.Rules.Checked($"({select})"), access.Path, work.Shape, layout, work.CancellationToken);
        foreach (var file in added)
        {
            work.Transaction.Add(file);
        }

        return added;
    }

    /// <summary>Neighbouring touched files, together at most of the table's file size.</summary>
    private static IEnumerable<List<(int Ordinal, AddFile File)>> Groups(IEnumerable<(int Ordinal, AddFile File)> touched, long targetBytes)
    {
        var group = new List<(int Ordinal, AddFile File)>();
        long bytes = 0;
        foreach (var item in touched)
        {
            if (group.Count > 0 && bytes + item.File.Size > targetBytes)
            {
                yield return group;
                group = [];
                bytes = 0;
            }

            group.Add(item);
            bytes += item.File.Size;
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    /// <summary>Others may delete rows of the files that were read, as long as they are not among those that decided.</summary>
    private static void StateRead(DuckDbConnection connection, DeltaTransaction transaction, RowChange change, CancellationToken cancellationToken)
    {
        var read = RowsOf(connection, change.Scan, change.Read, cancellationToken).ToDictionary(r => r.File.Key, r => r.Rows);
        foreach (var file in change.Scan.Files)
        {
            transaction.ReadRows(file, read.GetValueOrDefault(file.Key) ?? DeletionVector.Empty);
        }
    }

    private static List<(AddFile File, DeletionVector Rows)> RowsOf(DuckDbConnection connection, TableScan scan, string relation, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        using var result = connection.Query($"select distinct _file, _row from {relation} order by 1, 2");
        var found = new List<(AddFile, DeletionVector)>();
        var rows = new List<long>();
        var current = -1;
        while (result.NextChunk(out var chunk))
        {
            var files = chunk.Column<int>(0);
            var positions = chunk.Column<long>(1);
            for (var i = 0; i < chunk.RowCount; i++)
            {
                if (files[i] != current && current >= 0)
                {
                    found.Add((scan.Files[current], DeletionVector.Of(rows)));
                    rows.Clear();
                }

                current = files[i];
                rows.Add(positions[i]);
            }
        }

        if (current >= 0)
        {
            found.Add((scan.Files[current], DeletionVector.Of(rows)));
        }

        return found;
    }

    private async ValueTask<long> CountAsync(DuckDbConnection connection, Snapshot snapshot, AddFile file, CancellationToken cancellationToken)
    {
        using var scan = await TableScan.OpenAsync(access, connection, snapshot, [file], new ScanOptions { Columns = [], Positions = true, DeletedRowsToo = true }, cancellationToken);
        return connection.Scalar<long>($"select count(*) from {scan.Relation}");
    }

    private static string Changes(RowChange change, TableShape shape)
    {
        var names = Names(shape);
        var parts = new List<string>();
        if (change.DeletedRows + change.UpdatedRows > 0)
        {
            parts.Add(
                $"select {SqlText.Names(shape.Schema.Fields.Select(f => f.Name), "t")}, case when g._updated then 'update_preimage' else 'delete' end as _change_type from {change.Scan.Relation} t "
                + $"join {change.Gone} g on g._file = t.{SqlText.Name(change.Scan.FileColumn)} and g._row = t.{SqlText.Name(change.Scan.RowColumn)}");
        }

        if (change.Updated is not null)
        {
            parts.Add($"select {names}, 'update_postimage' as _change_type from {change.Updated}");
        }

        if (change.Inserted is not null)
        {
            parts.Add($"select {names}, 'insert' as _change_type from {change.Inserted}");
        }

        return string.Join(" union all ", parts);
    }

    private static string Names(TableShape shape) => SqlText.Names(shape.Schema.Fields.Select(f => f.Name));

    private static void SetMetrics(DeltaTransaction transaction, RowChangeReport report)
    {
        // Spark's names, by statement.
        var merge = transaction.Operation == "MERGE";
        transaction.SetMetric(merge ? "numTargetRowsInserted" : "numInsertedRows", report.RowsInserted);
        transaction.SetMetric(merge ? "numTargetRowsUpdated" : "numUpdatedRows", report.RowsUpdated);
        transaction.SetMetric(merge ? "numTargetRowsDeleted" : "numDeletedRows", report.RowsDeleted);
        transaction.SetMetric(merge ? "numTargetRowsCopied" : "numCopiedRows", report.RowsCopied);
        transaction.SetMetric(merge ? "numTargetFilesAdded" : "numAddedFiles", report.FilesAdded);
        transaction.SetMetric(merge ? "numTargetFilesRemoved" : "numRemovedFiles", report.FilesRemoved);
        transaction.SetMetric(merge ? "numTargetDeletionVectorsAdded" : "numDeletionVectorsAdded", report.DeletionVectorsUpdated);
        transaction.SetMetric(merge ? "numTargetBytesAdded" : "numAddedBytes", report.BytesWritten);
    }

    /// <summary>One statement's change on its way into files.</summary>
    /// <param name="Connection">The engine, with the relations of the change.</param>
    /// <param name="Transaction">Takes the files.</param>
    /// <param name="Change">What was decided.</param>
    /// <param name="Shape">The table.</param>
    /// <param name="Rules">What it demands of rows.</param>
    /// <param name="Touched">The files in which rows leave, by their place in the scan, with how many.</param>
    /// <param name="CancellationToken">Ends the work early.</param>
    private sealed record Work(
        DuckDbConnection Connection,
        DeltaTransaction Transaction,
        RowChange Change,
        TableShape Shape,
        RowRules Rules,
        IReadOnlyList<(int Ordinal, long Rows)> Touched,
        CancellationToken CancellationToken);
}
