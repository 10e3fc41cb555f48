using System.Diagnostics;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>
/// A model of rows by key. From what changed in its inputs follow the affected keys; only their rows are evaluated, compared with the
/// rows there are, and written if they differ. A fold, where the model has one, computes most of them from the change and the old
/// row alone; what it cannot decide is evaluated from the input restricted to those keys.
/// </summary>
internal sealed class KeyedStep(Lake lake, ModelDefinition model)
{
    private readonly ModelContext _context = new(lake, model);
    private readonly LakeTable _table = lake.Tables[model.Name];

    /// <summary>Brings the table up to date.</summary>
    public async ValueTask<StepReport> RunAsync(bool fullRefresh, bool dryRun, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var rewriting = await _table.RewriteAsync(cancellationToken);

        // Its own table first: what that has consumed of an input is in the input by then, whoever else runs at the same time.
        var snapshot = await _table.TryLatestAsync(cancellationToken);
        if (await _context.SnapshotsAsync(cancellationToken) is not { } inputs)
        {
            return new StepReport(model.Name, StepOutcome.NothingNew);
        }

        var changed = new Dictionary<string, InputChanges>(StringComparer.Ordinal);
        var whole = fullRefresh || snapshot is null || model.Strategy == ModelStrategy.Full;
        foreach (var (name, input) in inputs)
        {
            var from = snapshot is null || fullRefresh ? -1 : LakeTable.Position(snapshot, ModelContext.PositionName(name));
            if (from == input.Version)
            {
                continue;
            }

            var changes = await InputChanges.BetweenAsync(lake.Tables[name], from, input, cancellationToken);
            if (!changes.IsEmpty || from < 0)
            {
                changed[name] = changes;
                whole |= from < 0 || !changes.CanBeFollowed || KeyColumns(name, input) is null;
            }
        }

        if (changed.Count == 0 && !dryRun && snapshot is not null && ModelContext.JournalMoved(snapshot, inputs))
        {
            return await PositionsOnlyAsync(snapshot, inputs, "keys", clock, cancellationToken);
        }

        if (changed.Count == 0 || dryRun)
        {
            return new StepReport(model.Name, changed.Count == 0 ? StepOutcome.NothingNew : StepOutcome.Planned);
        }

        using var open = new OpenFiles();
        using var connection = lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        return whole
            ? await ReplaceAsync(connection, open, snapshot, inputs, fullRefresh, clock, cancellationToken)
            : await MergeAsync(connection, open, snapshot!, inputs, changed, clock, cancellationToken);
    }

    private async ValueTask<StepReport> ReplaceAsync(
        DuckDbConnection connection,
        OpenFiles open,
        Snapshot? snapshot,
        IReadOnlyDictionary<string, Snapshot> inputs,
        bool fullRefresh,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        var relations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, input) in inputs)
        {
            relations[name] = await lake.Tables[name].RelationAsync(open, connection, input, cancellationToken);
        }

        var select = _context.Render(model.Sql, name => relations[name]);
        var schema = _context.SchemaOf(connection, select, []);
        var result = _context.TemporaryTable(connection, "result", select);
        var rows = connection.Scalar<long>($"select count(*) from {result}");
        CheckKey(connection, result, rows);
        var table = await _table.BaseAsync(snapshot, schema, model.Description, lake.Options.NewGuid, lake.Options.Clock, cancellationToken, model.Profile);
        var metadata = _table.WithColumns(table, schema);
        var sameSchema = ReferenceEquals(metadata, table.Metadata);
        if (sameSchema && snapshot is not null && !fullRefresh)
        {
            using var scan = await _table.ScanAsync(connection, snapshot, cancellationToken);
            if (Differences(connection, result, scan.Relation, schema) == 0)
            {
                return await PositionsOnlyAsync(table, inputs, "full", clock, cancellationToken);
            }
        }

        var rules = RowRules.Of(connection, metadata);
        var written = await lake.Tables.Writer.WriteAsync(connection, rules.Checked(result), _table.Path, TableShape.Of(metadata, table), WriteLayout.AsTheyCome, cancellationToken);
        var transaction = DeltaTransaction.Create(table, "CREATE OR REPLACE TABLE AS SELECT");
        transaction.ReadWholeTable();
        foreach (var file in table.Files)
        {
            transaction.Remove(file);
        }

        foreach (var file in written)
        {
            transaction.Add(file);
        }

        transaction.EnforcedConstraints();
        if (!sameSchema)
        {
            transaction.SetMetadata(metadata);
        }

        return await CommitAsync(transaction, written.Count, inputs, rows, "full", clock, cancellationToken);
    }

    private async ValueTask<StepReport> MergeAsync(
        DuckDbConnection connection,
        OpenFiles open,
        Snapshot snapshot,
        IReadOnlyDictionary<string, Snapshot> inputs,
        Dictionary<string, InputChanges> changed,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        var key = model.UniqueKey;
        var names = SqlText.Names(snapshot.Schema.Fields.Select(f => f.Name));
        var affected = await AffectedKeysAsync(connection, open, inputs, changed, cancellationToken);
        var bounds = KeyBounds.Of(connection, affected, model.By);
        using var scan = await _table.ScanPositionsAsync(connection, snapshot, cancellationToken, bounds.Files(snapshot, model.By));
        var state = _context.TemporaryTable(
            connection,
            "state",
            $"select {names}, {SqlText.Name(scan.FileColumn)} as _file, {SqlText.Name(scan.RowColumn)} as _row from {scan.Relation} m where exists (select 1 from {affected} k where {SqlText.SameKey(model.By, "k", "m")}){bounds.Filter(snapshot, model.By, "m")}");
        var mode = "keys";
        string result;
        if (CanFold(changed))
        {
            mode = changed.Keys.All(IsGivenNewRows) ? "fold" : changed.Keys.All(n => IsGivenNewRows(n) || model.FoldChanges.Contains(n)) ? "changes" : "keys";
            result = await FoldAsync(connection, open, snapshot, inputs, changed, affected, bounds, state, names, cancellationToken);
        }
        else
        {
            result = _context.TemporaryTable(connection, "result", await EvaluateAsync(connection, open, inputs, affected, bounds, cancellationToken));
            CheckSchema(connection, result, snapshot.Schema);
        }

        var change = Change(connection, scan, state, result, snapshot.Schema);
        if (change.IsEmpty)
        {
            return await PositionsOnlyAsync(snapshot, inputs, mode, clock, cancellationToken) with { FilesRead = scan.Files.Count };
        }

        var transaction = DeltaTransaction.Create(snapshot, "MERGE");
        transaction.ReadWholeTable();
        var written = await _table.Changes(lake.Tables.Writer, lake.Options.NewGuid)
            .WriteAsync(connection, transaction, change, RowRules.Of(connection, snapshot.Metadata), cancellationToken);
        return await CommitAsync(transaction, written.FilesAdded, inputs, change.InsertedRows + change.UpdatedRows + change.DeletedRows, mode, clock, cancellationToken) with { FilesRead = scan.Files.Count };
    }

    /// <summary>Rows that differ from that of their key replace it, others are new; rows whose key is not in the result leave.</summary>
    private RowChange Change(DuckDbConnection connection, TableScan scan, string state, string result, StructType schema)
    {
        if (connection.Scalar<long>($"select count(*) from {state}") == 0)
        {
            const string none = "(select cast(null as integer) as _file, cast(null as bigint) as _row, false as _updated where false)";
            return new RowChange(scan, none, none, null, result) { InsertedRows = connection.Scalar<long>($"select count(*) from {result}") };
        }

        var names = schema.Fields.Select(f => f.Name).ToList();
        var same = SqlText.SameKey(model.UniqueKey, "d", "s");
        var differs = string.Join(" or ", names.Except(model.UniqueKey, StringComparer.Ordinal).Select(SqlText.Name).Select(c => $"d.{c} is distinct from s.{c}").DefaultIfEmpty("false"));
        var updated = _context.TemporaryTable(connection, "updated", $"select {SqlText.Names(names, "d")}, s._file, s._row from {result} d join {state} s on {same} where {differs}");
        var inserted = _context.TemporaryTable(connection, "inserted", $"select {SqlText.Names(names)} from {result} d where not exists (select 1 from {state} s where {same})");
        var leaving = _context.TemporaryTable(
            connection,
            "leaving",
            $"select _file, _row, true as _updated from {updated}"
            + $" union all select _file, _row, false as _updated from {state} s where not exists (select 1 from {result} d where {same})");
        return new RowChange(scan, leaving, leaving, updated, inserted)
        {
            InsertedRows = connection.Scalar<long>($"select count(*) from {inserted}"),
            UpdatedRows = connection.Scalar<long>($"select count(*) from {updated}"),
            DeletedRows = connection.Scalar<long>($"select count(*) from {leaving} where not _updated"),
        };
    }

    /// <summary>Whether the fold can follow what changed: of the inputs that it is given new rows of, rows only came.</summary>
    private bool CanFold(Dictionary<string, InputChanges> changed) =>
        model.FoldSql is not null
        && (model.FoldInputs.Count + model.FoldChanges.Count > 0 || changed.Count == 1)
        && changed.All(c => !IsGivenNewRows(c.Key) || c.Value.Left.Count == 0);

    private bool IsGivenNewRows(string input) => model.FoldInputs.Count + model.FoldChanges.Count == 0 || model.FoldInputs.Contains(ShortName(input));

    private async ValueTask<string> FoldAsync(
        DuckDbConnection connection,
        OpenFiles open,
        Snapshot snapshot,
        IReadOnlyDictionary<string, Snapshot> inputs,
        Dictionary<string, InputChanges> changed,
        string affected,
        KeyBounds bounds,
        string state,
        string names,
        CancellationToken cancellationToken)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, uses) in _context.Uses(model.FoldSql!))
        {
            if (IsGivenNewRows(name))
            {
                var added = changed.GetValueOrDefault(name)?.Added ?? [];
                given[name] = Once(connection, "fresh", await lake.Tables[name].RelationAsync(open, connection, inputs[name], added, cancellationToken), uses);
            }
            else
            {
                given[name] = Once(connection, "restricted", await RestrictedAsync(connection, open, name, inputs[name], affected, bounds, cancellationToken), uses);
            }
        }

        var signed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in model.FoldChanges)
        {
            signed[name] = await changed.GetValueOrDefault(name, InputChanges.None).SignedAsync(lake.Tables[name], inputs[name], open, connection, cancellationToken);
        }

        // A fold may refer to its own model: that is the model over what it is given.
        string Relation(string name) => name == model.Name ? $"({_context.Render(model.Sql, input => given[input])})" : given[name];
        var folded = _context.TemporaryTable(connection, "folded", _context.Render(model.FoldSql!, Relation, state, name => signed[name]));
        var decides = _context.SchemaOf(connection, $"select * from {folded}", []).Find("_evaluate") is null;
        if (decides || connection.Scalar<long>($"select count(*) from {folded} where _evaluate") == 0)
        {
            CheckSchema(connection, folded, snapshot.Schema);
            return folded;
        }

        var undecided = _context.TemporaryTable(connection, "undecided", $"select distinct {SqlText.Names(model.By)} from {folded} where _evaluate");
        return _context.TemporaryTable(
            connection,
            "result",
            $"select {names} from {folded} f where not exists (select 1 from {undecided} k where {SqlText.SameKey(model.By, "k", "f")}) "
            + $"union all select {names} from ({await EvaluateAsync(connection, open, inputs, undecided, KeyBounds.Of(connection, undecided, model.By), cancellationToken)})");
    }

    /// <summary>The model's SQL with every keyed input restricted to <paramref name="keys"/>.</summary>
    private async ValueTask<string> EvaluateAsync(
        DuckDbConnection connection, OpenFiles open, IReadOnlyDictionary<string, Snapshot> inputs, string keys, KeyBounds bounds, CancellationToken cancellationToken)
    {
        var restricted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, uses) in _context.Uses(model.Sql))
        {
            restricted[name] = Once(connection, "restricted", await RestrictedAsync(connection, open, name, inputs[name], keys, bounds, cancellationToken), uses);
        }

        return _context.Render(model.Sql, name => restricted[name]);
    }

    /// <summary>The rows of an input with one of <paramref name="keys"/>; all of one that does not hold the key.</summary>
    private async ValueTask<string> RestrictedAsync(
        DuckDbConnection connection,
        OpenFiles open,
        string name,
        Snapshot input,
        string keys,
        KeyBounds bounds,
        CancellationToken cancellationToken)
    {
        if (KeyColumns(name, input) is not { } columns)
        {
            return await lake.Tables[name].RelationAsync(open, connection, input, cancellationToken);
        }

        var same = string.Join(" and ", model.By.Zip(columns, (k, c) => $"k.{SqlText.Name(k)} = i.{SqlText.Name(c)}"));
        var relation = await lake.Tables[name].RelationAsync(open, connection, input, cancellationToken, bounds.Files(input, columns));
        return $"(select * from {relation} i where exists (select 1 from {keys} k where {same}){bounds.Filter(input, columns, "i")})";
    }

    /// <summary>A relation for so many uses in one statement: what is used once need not have rows and columns that nobody asks for.</summary>
    private string Once(DuckDbConnection connection, string stem, string relation, int uses) =>
        uses == 1 ? relation : _context.TemporaryTable(connection, stem, $"select * from {relation}");

    private async ValueTask<string> AffectedKeysAsync(
        DuckDbConnection connection,
        OpenFiles open,
        IReadOnlyDictionary<string, Snapshot> inputs,
        Dictionary<string, InputChanges> changed,
        CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        foreach (var (name, changes) in changed)
        {
            var input = inputs[name];
            var columns = KeyColumns(name, input)!;
            var renamed = string.Join(", ", columns.Zip(model.By, (c, k) => $"{SqlText.Name(c)} as {SqlText.Name(k)}"));

            // A row that left and came again as it was is none of the changes that a fold is given: its key must be none of those that are folded.
            var rows = model.FoldChanges.Contains(name)
                ? await changes.SignedAsync(lake.Tables[name], input, open, connection, cancellationToken)
                : await lake.Tables[name].RelationAsync(open, connection, input, [.. changes.Added, .. changes.Left], cancellationToken);
            parts.Add($"select {renamed} from {rows}");
        }

        return _context.TemporaryTable(connection, "affected", $"select distinct * from ({string.Join(" union all ", parts)})");
    }

    private async ValueTask<StepReport> PositionsOnlyAsync(
        Snapshot snapshot,
        IReadOnlyDictionary<string, Snapshot> inputs,
        string mode,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        var transaction = DeltaTransaction.Create(snapshot, "STREAMING UPDATE");
        ModelContext.SetPositions(transaction, inputs);
        var result = await _table.CommitAsync(transaction, cancellationToken);
        return new StepReport(model.Name, StepOutcome.NoChange)
        {
            Version = result is CommitResult.Committed committed ? committed.Version : null,
            Mode = mode,
            Elapsed = clock.Elapsed,
        };
    }

    private async ValueTask<StepReport> CommitAsync(
        DeltaTransaction transaction,
        int filesWritten,
        IReadOnlyDictionary<string, Snapshot> inputs,
        long rows,
        string mode,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        ModelContext.SetPositions(transaction, inputs);
        return await _table.CommitAsync(transaction, cancellationToken) switch
        {
            CommitResult.Committed committed => new StepReport(model.Name, StepOutcome.Committed)
            {
                Version = committed.Version,
                RowsWritten = rows,
                FilesWritten = filesWritten,
                Mode = mode,
                Elapsed = clock.Elapsed,
            },
            CommitResult.Conflicted => throw new LakeException(LakeErrorKind.Conflict, $"{model.Name}: another process brought it up to date at the same time; run again."),
            _ => throw new InvalidOperationException("A commit is either committed or in conflict."),
        };
    }

    private static string ShortName(string input) => input[(input.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private IReadOnlyList<string>? KeyColumns(string input, Snapshot snapshot)
    {
        if (model.UniqueKey.Count == 0)
        {
            return null;
        }

        var columns = model.InputKeys.GetValueOrDefault(ShortName(input)) ?? model.By;
        return columns.All(c => snapshot.Schema.Find(c) is not null) ? columns : null;
    }

    private void CheckKey(DuckDbConnection connection, string result, long rows)
    {
        if (model.UniqueKey.Count > 0
            && connection.Scalar<long>($"select count(*) from (select distinct {SqlText.Names(model.UniqueKey)} from {result})") != rows)
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{model.Name}: unique_key {string.Join(", ", model.UniqueKey)} is not unique in what the model gives.");
        }
    }

    private void CheckSchema(DuckDbConnection connection, string result, StructType schema)
    {
        var present = _context.SchemaOf(connection, $"select * from {result}", ["_evaluate"]);
        if (!present.Fields.Select(f => (f.Name, f.Type)).SequenceEqual(schema.Fields.Select(f => (f.Name, f.Type))))
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{model.Name}: the model's columns are not those of the table; run it once with --full-refresh.");
        }
    }

    private static long Differences(DuckDbConnection connection, string result, string relation, StructType schema)
    {
        var names = SqlText.Names(schema.Fields.Select(f => f.Name));
        return connection.Scalar<long>(
            $"select count(*) from ((select {names} from {result} except all select {names} from {relation}) "
            + $"union all (select {names} from {relation} except all select {names} from {result}))");
    }
}
