using System.Diagnostics;
using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Indexes;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Models;

/// <summary>
/// A model that keeps the accepted records of a log. Its SQL F satisfies F(F(A) + B) = F(A + B) on what B adds, because a verdict
/// depends only on records accepted before. So a run evaluates F over what is new together with those accepted rows that share a key
/// with it, found through key indexes, and appends the rows of the new records.
/// </summary>
internal sealed class AccumulateStep(Lake lake, ModelDefinition model)
{
    private const int MostPinnedFiles = 48;
    private const int ScanFactor = 8;

    private readonly ModelContext _context = new(lake, model);
    private readonly LakeTable _table = lake.Tables[model.Name];

    /// <summary>Brings the table up to date.</summary>
    public async ValueTask<StepReport> RunAsync(bool fullRefresh, bool dryRun, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var rewriting = fullRefresh ? await _table.RewriteAsync(cancellationToken) : null;

        // Its own table first: what that has consumed of an input is in the input by then, whoever else runs at the same time.
        var snapshot = await _table.TryLatestAsync(cancellationToken);
        if (await _context.SnapshotsAsync(cancellationToken) is not { } inputs)
        {
            return new StepReport(model.Name, StepOutcome.NothingNew);
        }

        var (inputName, input) = inputs.Single();
        var from = fullRefresh ? -1 : LakeTable.Position(snapshot, ModelContext.PositionName(inputName));
        if (from == input.Version)
        {
            return new StepReport(model.Name, StepOutcome.NothingNew);
        }

        var changes = await InputChanges.BetweenAsync(lake.Tables[inputName], from, input, cancellationToken);
        if (changes.IsEmpty && !dryRun && snapshot is not null && ModelContext.JournalMoved(snapshot, inputs))
        {
            return await PositionsOnlyAsync(snapshot, inputs, clock, cancellationToken);
        }

        if (changes.IsEmpty || dryRun)
        {
            return new StepReport(model.Name, changes.IsEmpty ? StepOutcome.NothingNew : StepOutcome.Planned);
        }

        if (!changes.CanBeFollowed || changes.Left.Count > 0)
        {
            return await RunAsync(fullRefresh: true, dryRun, cancellationToken);
        }

        using var open = new OpenFiles();
        using var connection = lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        var history = fullRefresh ? null : snapshot;
        var fresh = await lake.Tables[inputName].RelationAsync(open, connection, input, changes.Added, cancellationToken);
        var freshView = _context.View(connection, "fresh", fresh);
        var received = changes.AddedRows ?? connection.Scalar<long>($"select count(*) from {freshView}");
        var firstFile = connection.Scalar<long>($"select coalesce(min(_file), 0) from {freshView}");
        var columns = SqlText.Names(input.Schema.Fields.Select(f => f.Name));
        var state = history is { FileCount: > 0 } ? await StateAsync(connection, open, history, freshView, firstFile, received, input.Schema, cancellationToken) : null;
        var together = state is null ? fresh : $"(select {columns} from {freshView} union all select {columns} from {state})";
        var inputView = _context.View(connection, "records", together);
        var ephemerals = new Dictionary<string, string>(StringComparer.Ordinal);
        var select = _context.RenderWithEphemerals(connection, _ => inputView, ephemerals);
        var rejected = model.Rejected is { } name && ephemerals.TryGetValue(name, out var verdicts)
            ? verdicts
            : throw new LakeException(LakeErrorKind.Configuration, $"{model.Name}: the strategy accumulate needs 'rejected', an ephemeral model that it refers to, of the records that are not accepted.");
        var schema = _context.SchemaOf(connection, select, []);
        var onlyFresh = state is null ? select : $"select * from ({select}) where {SqlText.Name(model.OrderColumn!)} >= {FirstOrder(firstFile)}";
        var table = await EnsureAsync(schema, snapshot, fullRefresh, cancellationToken);
        var written = await lake.Tables.Writer.WriteAsync(connection, onlyFresh, _table.Path, _table.ShapeFor(table, schema), WriteLayout.AsTheyCome, cancellationToken);
        return await CommitAsync(connection, table, schema, inputs, received, written, rejected, inputView, firstFile, fullRefresh, clock, cancellationToken);
    }

    private async ValueTask<StepReport> CommitAsync(
        DuckDbConnection connection,
        Snapshot table,
        StructType schema,
        IReadOnlyDictionary<string, Snapshot> inputs,
        long received,
        IReadOnlyList<AddFile> written,
        string rejected,
        string inputView,
        long firstFile,
        bool fullRefresh,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        var accepted = written.Sum(f => f.ParsedStatistics!.NumRecords!.Value);
        var fresh = $"_file >= {firstFile.ToString(CultureInfo.InvariantCulture)}";
        var duplicates = connection.Scalar<long>($"select count(*) from {rejected} where {fresh} and verdict = 'duplicate'");
        var quarantined = connection.Scalar<long>($"select count(*) from {rejected} where {fresh} and verdict <> 'duplicate'");
        if (quarantined > 0 || fullRefresh)
        {
            var feed = _context.Inputs[0][(_context.Inputs[0].IndexOf('.', StringComparison.Ordinal) + 1)..];
            var rows = $"select 'silver' as layer, x.verdict as rule, '' as field, "
                + $"case x.verdict when 'identity_conflict' then 'the identity (source, event_id, line) was accepted before with other content' else 'the record it voids is itself a void' end as detail, "
                + $"r._source_file as source_file, r._batch_id as batch_id, r._row as row, cast(null as blob) as raw, cast(to_json(r) as varchar) as record, "
                + $"cast(to_json(o) as varchar) as other, {SqlText.Instant(lake.Options.Clock.GetUtcNow())} as quarantined_at, r._file "
                + $"from {rejected} x join {inputView} r on r._file * 4294967296 + r._row = x.accepted_order "
                + $"left join {inputView} o on o._file * 4294967296 + o._row = x.other_order where x.{fresh} and x.verdict <> 'duplicate'";

            // How far the input has come, whether or not it has a row of the last file.
            var last = Math.Max(LakeTable.Position(inputs.Values.Single(), Bronze.BronzeStep.LandedPosition), connection.Scalar<long>($"select coalesce(max(_file), 0) from {inputView}"));
            await lake.Quarantine.AppendAsync(connection, feed, rows, model.Name, last, cancellationToken, replaceLayer: fullRefresh ? "silver" : null);
        }

        var transaction = DeltaTransaction.Create(table, fullRefresh ? "CREATE OR REPLACE TABLE AS SELECT" : "STREAMING UPDATE");
        foreach (var file in fullRefresh ? [.. table.Files] : Array.Empty<AddFile>())
        {
            transaction.Remove(file);
        }

        if (fullRefresh && _table.WithColumns(table, schema) is var metadata && !ReferenceEquals(metadata, table.Metadata))
        {
            transaction.SetMetadata(metadata);
        }

        foreach (var file in written)
        {
            transaction.Add(file);
        }

        ModelContext.SetPositions(transaction, inputs);
        if (fullRefresh)
        {
            StepCounters.Restart(transaction, received, accepted, duplicates, quarantined);
        }
        else
        {
            StepCounters.Add(transaction, table, received, accepted, duplicates, quarantined);
        }

        if (accepted + duplicates + quarantined != received)
        {
            throw new LakeException(
                LakeErrorKind.Configuration,
                $"{model.Name}: of {received} records {accepted} were accepted, {duplicates} are duplicates and {quarantined} were set aside; a record must be exactly one of them.");
        }

        if (await _table.CommitAsync(transaction, cancellationToken) is not CommitResult.Committed committed)
        {
            throw new LakeException(LakeErrorKind.Conflict, $"{model.Name}: another process brought it up to date at the same time; run again.");
        }

        return new StepReport(model.Name, StepOutcome.Committed)
        {
            Version = committed.Version,
            Received = received,
            Accepted = accepted,
            Duplicates = duplicates,
            Quarantined = quarantined,
            RowsWritten = accepted,
            FilesWritten = written.Count,
            Mode = fullRefresh ? "full" : "append",
            Elapsed = clock.Elapsed,
        };
    }

    private async ValueTask<StepReport> PositionsOnlyAsync(
        Snapshot snapshot, IReadOnlyDictionary<string, Snapshot> inputs, Stopwatch clock, CancellationToken cancellationToken)
    {
        var transaction = DeltaTransaction.Create(snapshot, "STREAMING UPDATE");
        ModelContext.SetPositions(transaction, inputs);
        var result = await _table.CommitAsync(transaction, cancellationToken);
        return new StepReport(model.Name, StepOutcome.NoChange)
        {
            Version = result is CommitResult.Committed committed ? committed.Version : null,
            Mode = "append",
            Elapsed = clock.Elapsed,
        };
    }

    private async ValueTask<Snapshot> EnsureAsync(StructType schema, Snapshot? snapshot, bool fullRefresh, CancellationToken cancellationToken)
    {
        if (snapshot is not null && !fullRefresh && !schema.Fields.Select(f => f.Name).SequenceEqual(snapshot.Schema.Fields.Select(f => f.Name), StringComparer.Ordinal))
        {
            throw new LakeException(LakeErrorKind.Configuration, $"{model.Name}: the model's columns are not those of the table; run it once with --full-refresh.");
        }

        return await _table.BaseAsync(snapshot, schema, model.Description, lake.Options.NewGuid, lake.Options.Clock, cancellationToken, model.Profile);
    }

    /// <summary>The accepted rows, and the refused ones that hold a key, that share a key with a fresh record.</summary>
    private async ValueTask<string> StateAsync(
        DuckDbConnection connection,
        OpenFiles open,
        Snapshot history,
        string freshView,
        long firstFile,
        long freshRows,
        StructType inputSchema,
        CancellationToken cancellationToken)
    {
        var names = string.Join(", ", inputSchema.Fields.Select(f => $"{StateColumn(f, history.Schema)} as {SqlText.Name(f.Name)}"));
        var historyRows = history.Files.Sum(f => (f.ParsedStatistics?.NumRecords ?? 0) - (f.DeletionVector?.Cardinality ?? 0));
        var parts = new List<string>();
        if (freshRows * ScanFactor > historyRows)
        {
            var key = string.Join(" union all ", model.Links.Select(link => $"select hash({SqlText.Names(link)}) as h from {freshView}"));
            var keys = _context.TemporaryTable(connection, "keys", $"select distinct h from ({key})");
            parts.Add($"select {names} from {await _table.RelationAsync(open, connection, history, cancellationToken)} m where "
                + string.Join(" or ", model.Links.Select(link => $"hash({SqlText.Names(link, "m")}) in (select h from {keys})")));
        }
        else
        {
            parts.AddRange(await PinnedAsync(connection, open, history, Hashes(connection, freshView), names, cancellationToken));
        }

        if (model.KeyHoldingRules.Count > 0 && await lake.Quarantine.KeyHoldersAsync(open, connection, _context.Inputs[0], model.KeyHoldingRules, firstFile, inputSchema, cancellationToken) is { } held)
        {
            parts.Add(held);
        }

        return parts.Count == 0
            ? _context.TemporaryTable(connection, "state", $"select {SqlText.Names(inputSchema.Fields.Select(f => f.Name))} from {freshView} where false")
            : _context.TemporaryTable(connection, "state", string.Join(" union all ", parts));
    }

    /// <summary>A column of the input as the accepted rows have it: kept, or part of the order, or not kept and not judged by.</summary>
    private string StateColumn(StructField field, StructType kept) => field.Name switch
    {
        _ when kept.Find(field.Name) is not null => SqlText.Name(field.Name),
        "_file" => $"{SqlText.Name(model.OrderColumn!)} >> 32",
        "_row" => $"{SqlText.Name(model.OrderColumn!)} & 4294967295",
        _ => $"cast(null as {DeltaTypes.ToSql(field.Type)})",
    };

    private static string FirstOrder(long file) => (file << 32).ToString(CultureInfo.InvariantCulture);

    private HashSet<ulong> Hashes(DuckDbConnection connection, string freshView)
    {
        var hashes = new HashSet<ulong>();
        foreach (var link in model.Links)
        {
            using var result = connection.Query($"select {KeyIndex.KeyText(link)} as k from {freshView} where {KeyIndex.KeyText(link)} is not null");
            while (result.NextChunk(out var chunk))
            {
                for (var i = 0; i < chunk.RowCount; i++)
                {
                    hashes.Add(KeyHash.Of(chunk.GetUtf8(0, i)));
                }
            }
        }

        return hashes;
    }

    private async ValueTask<IEnumerable<string>> PinnedAsync(
        DuckDbConnection connection, OpenFiles open, Snapshot history, HashSet<ulong> hashes, string names, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, HashSet<uint>>(StringComparer.Ordinal);
        foreach (var link in model.Links)
        {
            foreach (var (file, found) in await lake.Indexes.Of(_table, link).FindAsync(connection, history, hashes, cancellationToken))
            {
                if (!rows.TryGetValue(file, out var set))
                {
                    rows[file] = set = [];
                }

                set.UnionWith(found);
            }
        }

        var files = history.Files.Where(f => rows.ContainsKey(f.DecodedPath)).ToList();
        if (rows.Count <= MostPinnedFiles)
        {
            var pinned = new List<string>(files.Count);
            foreach (var file in files)
            {
                var scan = open.Keep(await _table.ScanPositionsAsync(connection, history, cancellationToken, [file]));
                pinned.Add($"select {names} from {scan.Relation} m where {SqlText.Name(scan.RowColumn)} in ({string.Join(',', rows[file.DecodedPath])})");
            }

            return pinned;
        }

        var wanted = lake.Engine.UniqueName("wanted");
        connection.Execute($"create temp table {wanted} (file integer, row bigint)");
        using (var appender = connection.CreateAppender(wanted))
        {
            for (var i = 0; i < files.Count; i++)
            {
                foreach (var row in rows[files[i].DecodedPath])
                {
                    appender.AppendRow(i, (long)row);
                }
            }

            appender.Flush();
        }

        var all = open.Keep(await _table.ScanPositionsAsync(connection, history, cancellationToken, files));
        return
        [
            $"select {names} from {all.Relation} m where exists (select 1 from {wanted} w where w.file = m.{SqlText.Name(all.FileColumn)} and w.row = m.{SqlText.Name(all.RowColumn)})",
        ];
    }
}
