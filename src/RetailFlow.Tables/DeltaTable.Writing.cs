using RetailFlow.Delta;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

public sealed partial class DeltaTable
{
    private DataFileWriter Writer => new(_session.Engine, _session.Store, _session.Options.NewGuid, _session.Options.Clock);

    /// <summary>Creates a table.</summary>
    /// <exception cref="DeltaException">
    /// <see cref="DeltaErrorKind.Conflict"/> if there is one; <see cref="DeltaErrorKind.InvalidCommit"/> if the definition breaks a rule of
    /// the protocol or of the profile.
    /// </exception>
    public async ValueTask<Snapshot> CreateAsync(TableDefinition definition, CancellationToken cancellationToken = default)
    {
        var options = _session.Options;
        var asked = Metadata.Create(
            options.NewGuid(),
            definition.Schema,
            definition.PartitionColumns,
            definition.Profile?.Properties(definition.Properties) ?? definition.Properties,
            options.Clock.GetUtcNow().ToUnixTimeMilliseconds()) with
        {
            Name = definition.Name,
            Description = definition.Description,
        };
        string[] features = definition.ClusterBy.Count > 0 ? ["clustering", "domainMetadata"] : [];
        var protocol = ProtocolUpgrade.For(definition.Profile?.CreateProtocol(asked), asked, features);
        var metadata = ColumnMapping.ForNewTable(asked with { Configuration = ProtocolUpgrade.WithoutRequests(asked.Configuration) }, options.NewGuid);
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(protocol);
        transaction.SetMetadata(metadata);
        if (definition.ClusterBy.Count > 0)
        {
            transaction.SetClustering([.. definition.ClusterBy.Select(c => ColumnPath.Of(c))]);
        }

        return Known((await Log.CommitAsync(transaction, cancellationToken)).Require($"'{Path}' cannot be created")).Snapshot;
    }

    /// <summary>Appends the rows of a select. Columns that it lacks get their default, their generated value, or null.</summary>
    /// <param name="select">A select of the engine, its columns named as the table's.</param>
    /// <param name="mergeSchema">Adds columns that the table lacks, and widens types where the table allows it.</param>
    /// <param name="once">Does the append once however often it is tried.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">A column does not fit, or a row breaks a constraint; nothing was written.</exception>
    public ValueTask<WriteReport> AppendAsync(string select, bool mergeSchema = false, OnceOnly? once = null, CancellationToken cancellationToken = default) =>
        WriteAsync("WRITE", select, mergeSchema, once, (transaction, _) => transaction.OperationParameters["mode"] = "Append", cancellationToken);

    /// <summary>Replaces all rows by those of a select.</summary>
    /// <param name="select">A select of the engine, its columns named as the table's.</param>
    /// <param name="mergeSchema">Adds columns that the table lacks, and widens types where the table allows it.</param>
    /// <param name="once">Does it once however often it is tried.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">A column does not fit, or a row breaks a constraint; nothing was written.</exception>
    public ValueTask<WriteReport> OverwriteAsync(string select, bool mergeSchema = false, OnceOnly? once = null, CancellationToken cancellationToken = default) =>
        WriteAsync(
            "WRITE",
            select,
            mergeSchema,
            once,
            (transaction, snapshot) =>
            {
                transaction.OperationParameters["mode"] = "Overwrite";
                transaction.ReadWholeTable();
                foreach (var file in snapshot.Files)
                {
                    transaction.Remove(file);
                }
            },
            cancellationToken);

    /// <summary>Merges rows into the table; run again on the newest version when another writer touched the same rows.</summary>
    /// <param name="merge">The statement.</param>
    /// <param name="once">Does it once however often it is tried.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">The statement is wrong, a row matches twice or breaks a constraint, or others were faster each time; nothing was changed.</exception>
    public ValueTask<RowChangeReport> MergeAsync(Merge merge, OnceOnly? once = null, CancellationToken cancellationToken = default) =>
        ChangeAsync((changes, connection, snapshot) => changes.MergeAsync(connection, snapshot, merge, cancellationToken), once, cancellationToken);

    /// <summary>Sets columns of the rows for which a condition holds.</summary>
    /// <param name="set">New values by column: SQL over the table's columns.</param>
    /// <param name="where">SQL over the table's columns; null for all rows.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">The statement is wrong, a row breaks a constraint, or others were faster each time; nothing was changed.</exception>
    public ValueTask<RowChangeReport> UpdateAsync(IReadOnlyDictionary<string, string> set, string? where = null, CancellationToken cancellationToken = default) =>
        ChangeAsync((changes, connection, snapshot) => changes.UpdateAsync(connection, snapshot, set, where, cancellationToken), null, cancellationToken);

    /// <summary>Deletes the rows for which a condition holds.</summary>
    /// <param name="where">SQL over the table's columns; null for all rows.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">The condition is wrong, or others were faster each time; nothing was changed.</exception>
    public ValueTask<RowChangeReport> DeleteAsync(string? where = null, CancellationToken cancellationToken = default) =>
        ChangeAsync((changes, connection, snapshot) => changes.DeleteAsync(connection, snapshot, where, cancellationToken), null, cancellationToken);

    /// <summary>Changes columns, properties or constraints. A CHECK constraint is added only if every row that is there obeys it.</summary>
    /// <param name="changes">The changes, done in one commit, in order.</param>
    /// <param name="cancellationToken">Ends the work before the commit.</param>
    /// <exception cref="DeltaException">A change is not allowed, or rows break a constraint that is added; nothing was changed.</exception>
    public async ValueTask<Snapshot> AlterAsync(IReadOnlyList<SchemaChange> changes, CancellationToken cancellationToken = default)
    {
        var result = await Log.CommitWithRetryAsync(
            async (snapshot, token) =>
            {
                var evolved = SchemaEvolution.Apply(snapshot, changes, _session.Options.NewGuid);
                var transaction = DeltaTransaction.Create(snapshot, Operation(changes));
                if (changes.OfType<SchemaChange.AddConstraint>().Any())
                {
                    transaction.ReadWholeTable();
                    await RequireConstraintsAsync(snapshot, evolved.Metadata, token);
                }

                Evolve(transaction, snapshot, evolved);
                return transaction;
            },
            await LatestAsync(cancellationToken),
            cancellationToken: cancellationToken);
        return Committed(result!).Snapshot;
    }

    private static string Operation(IReadOnlyList<SchemaChange> changes) => changes switch
    {
        [SchemaChange.AddColumn, ..] => "ADD COLUMNS",
        [SchemaChange.RenameColumn, ..] => "RENAME COLUMN",
        [SchemaChange.DropColumn, ..] => "DROP COLUMNS",
        [SchemaChange.SetProperties, ..] => "SET TBLPROPERTIES",
        [SchemaChange.UnsetProperties, ..] => "UNSET TBLPROPERTIES",
        [SchemaChange.AddConstraint, ..] => "ADD CONSTRAINT",
        [SchemaChange.DropConstraint, ..] => "DROP CONSTRAINT",
        _ => "CHANGE COLUMN",
    };

    private static void Evolve(DeltaTransaction transaction, Snapshot snapshot, EvolvedTable evolved)
    {
        if (!ReferenceEquals(evolved.Protocol, snapshot.Protocol) && evolved.Protocol != snapshot.Protocol)
        {
            transaction.SetProtocol(evolved.Protocol);
        }

        if (!ReferenceEquals(evolved.Metadata, snapshot.Metadata))
        {
            transaction.SetMetadata(evolved.Metadata);
        }
    }

    private CommitResult.Committed Committed(CommitResult result) => Known(result.Require($"'{Path}' was not changed"));

    private CommitResult.Committed Known(CommitResult.Committed committed)
    {
        _session.Snapshots.Keep(committed.Snapshot, instead: null);
        return committed;
    }

    private async ValueTask RequireConstraintsAsync(Snapshot snapshot, Metadata metadata, CancellationToken cancellationToken)
    {
        using var connection = _session.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        using var scan = await TableScan.OpenAsync(Access, connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, cancellationToken);
        try
        {
            connection.Scalar<long>($"select count(*) from ({RowRules.Of(connection, metadata).Checked(scan.Relation)})");
        }
        catch (DuckDbException e) when (RowRules.Violation(e, Path) is { } violation)
        {
            throw violation;
        }
    }

    private async ValueTask<WriteReport> WriteAsync(
        string operation,
        string select,
        bool mergeSchema,
        OnceOnly? once,
        Action<DeltaTransaction, Snapshot> begin,
        CancellationToken cancellationToken)
    {
        using var connection = _session.Engine.Connect();
        WriteReport? report = null;
        var result = await Log.CommitWithRetryAsync(
            async (snapshot, token) =>
            {
                if (IsDone(snapshot, once))
                {
                    return null;
                }

                var evolved = new EvolvedTable(snapshot.Metadata, snapshot.Protocol);
                var incoming = Incoming(connection, select);
                if (mergeSchema)
                {
                    evolved = SchemaMerge.For(snapshot.Metadata, snapshot.Protocol, incoming, _session.Options.NewGuid);
                }
                else if (incoming.Fields.FirstOrDefault(f => snapshot.Schema.Find(f.Name) is null) is { } unknown)
                {
                    throw new DeltaException(DeltaErrorKind.InvalidInput, $"'{Path}' has no column '{unknown.Name}', which the rows have.");
                }

                var transaction = DeltaTransaction.Create(snapshot, operation);
                begin(transaction, snapshot);
                Evolve(transaction, snapshot, evolved);
                if (once is { } number)
                {
                    transaction.SetTransaction(number.AppId, number.Version);
                }

                report = await AddAsync(connection, transaction, evolved.Metadata, select, incoming, token);
                return transaction;
            },
            await LatestAsync(cancellationToken),
            cancellationToken: cancellationToken);
        return result is null ? new WriteReport(null, 0, 0, 0, 0) : report! with { Version = Committed(result).Version };
    }

    private async ValueTask<WriteReport> AddAsync(
        DuckDbConnection connection, DeltaTransaction transaction, Metadata metadata, string select, StructType incoming, CancellationToken cancellationToken)
    {
        var rules = RowRules.Of(connection, metadata);
        var given = incoming.Fields.Select(f => metadata.Schema.Find(f.Name)!.Name).ToHashSet(StringComparer.Ordinal);
        try
        {
            var shape = TableShape.Of(metadata, transaction.ReadSnapshot);
            var written = await Writer.WriteAsync(connection, rules.Checked(rules.Complete($"({select})", given)), Path, shape, WriteLayout.AsTheyCome, cancellationToken);
            foreach (var file in written)
            {
                transaction.Add(file);
            }

            transaction.EnforcedConstraints();
            var rows = written.Sum(f => f.ParsedStatistics?.NumRecords ?? 0);
            transaction.SetMetric("numFiles", written.Count);
            transaction.SetMetric("numOutputRows", rows);
            transaction.SetMetric("numOutputBytes", written.Sum(f => f.Size));
            return new WriteReport(null, rows, written.Count, transaction.Removes.Count, written.Sum(f => f.Size));
        }
        catch (DuckDbException e) when (RowRules.Violation(e, Path) is { } violation)
        {
            throw violation;
        }
    }

    private async ValueTask<RowChangeReport> ChangeAsync(
        Func<RowChanges, DuckDbConnection, Snapshot, ValueTask<(DeltaTransaction? Transaction, RowChangeReport Report)>> plan,
        OnceOnly? once,
        CancellationToken cancellationToken)
    {
        using var connection = _session.Engine.Connect();
        var changes = new RowChanges(Access, Writer, _session.Options.NewGuid);
        var report = new RowChangeReport();
        var planned = 0;
        var result = await Log.CommitWithRetryAsync(
            async (snapshot, _) =>
            {
                planned++;
                if (IsDone(snapshot, once))
                {
                    report = new RowChangeReport();
                    return null;
                }

                (var transaction, report) = await plan(changes, connection, snapshot);
                if (once is { } number)
                {
                    transaction ??= DeltaTransaction.Create(snapshot, "MERGE");
                    transaction.SetTransaction(number.AppId, number.Version);
                }

                return transaction;
            },
            await LatestAsync(cancellationToken),
            cancellationToken: cancellationToken);
        report = report with { Repeated = planned - 1 };
        return result is null ? report : report with { Version = Committed(result).Version };
    }

    private static bool IsDone(Snapshot snapshot, OnceOnly? once) => once is { } number && snapshot.TransactionVersion(number.AppId) >= number.Version;

    private static StructType Incoming(DuckDbConnection connection, string select)
    {
        using var none = connection.Query($"select * from ({select}) limit 0");
        return new StructType([.. none.Columns.Select(c => new StructField(c.Name, DeltaTypes.FromEngine(c.Name, c.Type)))]);
    }
}
