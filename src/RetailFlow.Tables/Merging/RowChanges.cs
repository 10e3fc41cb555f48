using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>MERGE, UPDATE and DELETE of one table: plans the statement on a snapshot and writes its files into a transaction.</summary>
internal sealed class RowChanges(TableAccess access, DataFileWriter writer, Func<Guid> newGuid)
{
    private readonly RowChangeWriter _files = new(access, writer, newGuid);

    /// <summary>Plans a MERGE. The transaction is null when nothing changes.</summary>
    public async ValueTask<(DeltaTransaction? Transaction, RowChangeReport Report)> MergeAsync(
        DuckDbConnection connection, Snapshot snapshot, Merge merge, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        using var temporary = new TemporaryTables(connection);
        var transaction = DeltaTransaction.Create(snapshot, "MERGE");
        foreach (var key in merge.Keys)
        {
            _ = snapshot.Schema.Find(key.Column) ?? throw new DeltaException(DeltaErrorKind.InvalidInput, $"The table has no column '{key.Column}' to match by.");
        }

        var source = temporary.Add(access.Engine.UniqueName("source"));
        connection.Execute($"create temp table {source} as select (row_number() over ()) as {MergePlan.SourceRow}, * from {AsRelation(merge.Source)}");
        IReadOnlyList<AddFile> files;
        if (merge.WhenNotMatchedBySource.Count > 0)
        {
            transaction.ReadWholeTable();
            files = [.. snapshot.Files];
        }
        else
        {
            var condition = merge.Condition is { } text ? FilePredicateReader.Read(connection, snapshot.Schema, text, "t") : FilePredicate.True;
            files = transaction.ReadFiles(new FilePredicate.And([MergePruning.Of(connection, snapshot.Schema, merge.Keys, source), condition]));
        }

        transaction.OperationParameters["predicate"] = Describe(merge);
        using var scan = await TableScan.OpenAsync(access, connection, snapshot, files, new ScanOptions { Positions = true, DeletedRowsLater = MergePlan.MatchesByKeysAlone(merge) }, cancellationToken);
        var rules = RowRules.Of(connection, snapshot.Metadata);
        using var matchable = MatchableKeys.Of(connection, snapshot.Schema, merge.Keys, source, files);
        var change = temporary.Collect(() => new MergePlan(connection, access.Engine, snapshot.Schema, rules, scan, source).Merge(merge, matchable));
        return await FinishAsync(connection, transaction, change, rules, cancellationToken);
    }

    /// <summary>Plans an UPDATE of the rows for which a condition holds; null for all rows.</summary>
    public async ValueTask<(DeltaTransaction? Transaction, RowChangeReport Report)> UpdateAsync(
        DuckDbConnection connection, Snapshot snapshot, IReadOnlyDictionary<string, string> set, string? where, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        using var temporary = new TemporaryTables(connection);
        var transaction = DeltaTransaction.Create(snapshot, "UPDATE");
        using var scan = await ScanAsync(connection, transaction, where, cancellationToken);
        var rules = RowRules.Of(connection, snapshot.Metadata);
        var source = temporary.Add(access.Engine.UniqueName("source"));
        connection.Execute($"create temp table {source} as select cast(null as bigint) as {MergePlan.SourceRow} where false");
        var change = temporary.Collect(() => new MergePlan(connection, access.Engine, snapshot.Schema, rules, scan, source).Update(set));
        return await FinishAsync(connection, transaction, change, rules, cancellationToken);
    }

    /// <summary>Plans a DELETE of the rows for which a condition holds; null for all rows.</summary>
    public async ValueTask<(DeltaTransaction? Transaction, RowChangeReport Report)> DeleteAsync(
        DuckDbConnection connection, Snapshot snapshot, string? where, CancellationToken cancellationToken)
    {
        using var cancel = connection.CancelWith(cancellationToken);
        using var temporary = new TemporaryTables(connection);
        var transaction = DeltaTransaction.Create(snapshot, "DELETE");
        using var scan = await ScanAsync(connection, transaction, where, cancellationToken);
        var gone = temporary.Add(access.Engine.UniqueName("gone"));
        connection.Execute($"create temp table {gone} as select {SqlText.Name(scan.FileColumn)} as _file, {SqlText.Name(scan.RowColumn)} as _row, false as _updated from {scan.Relation}");
        var change = new RowChange(scan, gone, gone, null, null) { DeletedRows = connection.Scalar<long>($"select count(*) from {gone}") };
        return await FinishAsync(connection, transaction, change, RowRules.Of(connection, snapshot.Metadata), cancellationToken);
    }

    private async ValueTask<TableScan> ScanAsync(DuckDbConnection connection, DeltaTransaction transaction, string? where, CancellationToken cancellationToken)
    {
        var snapshot = transaction.ReadSnapshot!;
        if (where is not null)
        {
            // Unlike a missing condition, a malformed one must not choose every row.
            SqlSyntax.Parse(connection, "where", where);
            transaction.OperationParameters["predicate"] = System.Text.Json.JsonSerializer.Serialize(new[] { where });
        }

        var files = transaction.ReadFiles(where is null ? FilePredicate.True : FilePredicateReader.Read(connection, snapshot.Schema, where, "t"));
        return await TableScan.OpenAsync(access, connection, snapshot, files, new ScanOptions { Positions = true, Where = where }, cancellationToken);
    }

    private async ValueTask<(DeltaTransaction?, RowChangeReport)> FinishAsync(
        DuckDbConnection connection, DeltaTransaction transaction, RowChange change, RowRules rules, CancellationToken cancellationToken)
    {
        var scanned = change.Scan.Files.Count;
        var skipped = transaction.ReadSnapshot!.FileCount - scanned;
        if (change.IsEmpty)
        {
            return (null, new RowChangeReport { FilesScanned = scanned, FilesSkipped = skipped });
        }

        var report = await _files.WriteAsync(connection, transaction, change, rules, cancellationToken);
        return (transaction, report with { FilesScanned = scanned, FilesSkipped = skipped });
    }

    private static string AsRelation(string source)
    {
        var first = source.AsSpan().TrimStart();
        foreach (var word in (ReadOnlySpan<string>)["select", "with", "from", "values"])
        {
            if (first.StartsWith(word, StringComparison.OrdinalIgnoreCase) && first.Length > word.Length && !char.IsLetterOrDigit(first[word.Length]) && first[word.Length] != '_')
            {
                return $"({source})";
            }
        }

        return source;
    }

    private static string Describe(Merge merge)
    {
        var keys = merge.Keys.Select(k => $"t.{k.Column} = {k.Source}");
        return System.Text.Json.JsonSerializer.Serialize(new[] { string.Join(" AND ", merge.Condition is null ? keys : keys.Append(merge.Condition)) });
    }
}

/// <summary>Temporary tables that go when a statement is done.</summary>
internal sealed class TemporaryTables(DuckDbConnection connection) : IDisposable
{
    private readonly List<string> _names = [];

    /// <summary>Adds a table that shall go.</summary>
    public string Add(string name)
    {
        _names.Add(name);
        return name;
    }

    /// <summary>Runs work and adds every temporary table that it made.</summary>
    public T Collect<T>(Func<T> work)
    {
        var before = Existing();
        try
        {
            return work();
        }
        finally
        {
            _names.AddRange(Existing().Except(before));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var name in _names)
        {
            connection.Execute($"drop table if exists {name}");
        }
    }

    private HashSet<string> Existing()
    {
        using var result = connection.Query("select table_name from duckdb_tables() where temporary");
        return [.. result.Rows().Select(row => (string)row[0]!)];
    }
}
