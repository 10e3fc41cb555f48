using System.Diagnostics;
using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Stock.Records;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>
/// Brings one feed's Bronze table up to date with RAW: every record of a landed file becomes a row or is set aside with its reason.
/// The position in the order of acceptance is committed with the rows.
/// </summary>
internal sealed class BronzeStep(Lake lake, FeedContract feed)
{
    /// <summary>The position that Bronze tables carry: the last landed ordinal that they contain.</summary>
    public const string LandedPosition = "landed";

    /// <summary>The position that every table carries: the last journal sequence that it contains.</summary>
    public const string JournalPosition = "journal";

    private const long LargeFileBytes = 8L << 20;

    private readonly LakeTable _table = lake.Tables[$"bronze.{feed.Name}"];
    private readonly NotedEntries _noted = new();

    /// <summary>Reads what has been landed since the last run and commits it.</summary>
    public async ValueTask<StepReport> RunAsync(bool fullRefresh, bool dryRun, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var rewriting = fullRefresh ? await _table.RewriteAsync(cancellationToken) : null;

        var known = await _table.TryLatestAsync(cancellationToken);
        var position = fullRefresh ? 0 : Math.Max(0, LakeTable.Position(known, LandedPosition));
        var (files, isEmpty) = feed.IsNoted
            ? await NotedRangesAsync(position, Math.Max(0, fullRefresh ? 0 : LakeTable.Position(known, JournalPosition)), cancellationToken)
            : (await lake.Landing.Registry.AfterAsync(feed.Name, position, cancellationToken), false);

        // What the node notes follows stock records: models of both need a table of it before there is anything in it.
        var begins = feed.IsNoted && known is null;
        if ((files.Count == 0 && !begins) || dryRun)
        {
            return new StepReport(_table.Name, files.Count == 0 && !begins ? StepOutcome.NothingNew : StepOutcome.Planned) { Mode = "append" };
        }

        var schema = BronzeSchema.Of(feed);
        var snapshot = await _table.BaseAsync(known, schema, feed.Description, lake.Options.NewGuid, lake.Options.Clock, cancellationToken);
        var shape = _table.ShapeFor(snapshot, schema);
        using var connection = lake.Engine.Connect();
        using var sink = new QuarantineSink(lake.Engine);
        if (files.Count == 0 || isEmpty)
        {
            return await CommitAsync(connection, snapshot, schema, files, [], sink, "", fullRefresh, clock, cancellationToken);
        }

        var audit = AuditTable(connection, files);
        var typed = lake.Engine.UniqueName("typed");
        try
        {
            var written = new List<AddFile>();
            var native = files.Where(f => feed.Record != RecordKind.Columns && EncodingOf(f) == RawEncoding.Json).ToList();
            foreach (var large in native.Where(f => f.ToOffset - f.FromOffset >= LargeFileBytes))
            {
                written.AddRange(await WriteParsedAsync(connection, shape, [large], audit, sink, null, cancellationToken));
            }

            native.RemoveAll(f => f.ToOffset - f.FromOffset >= LargeFileBytes);
            var mapped = files.Where(f => feed.Record == RecordKind.Columns || EncodingOf(f) != RawEncoding.Json).ToList();
            if (mapped.Count > 0)
            {
                connection.Execute($"create table {typed} ({BronzeSchema.TypedColumns(feed)})");
                await LoadMappedAsync(connection, mapped, typed, sink, cancellationToken);
            }

            if (native.Count > 0)
            {
                written.AddRange(await WriteParsedAsync(connection, shape, native, audit, sink, mapped.Count > 0 ? typed : null, cancellationToken));
            }
            else if (mapped.Count > 0)
            {
                var select = $"select {Columns(schema, "a._source_file", "a._batch_id")} from {typed} r join {audit} a on a.ordinal = r._file";
                written.AddRange(await lake.Tables.Writer.WriteAsync(connection, select, _table.Path, shape, WriteLayout.AsTheyCome, cancellationToken));
            }

            return await CommitAsync(connection, snapshot, schema, files, written, sink, audit, fullRefresh, clock, cancellationToken);
        }
        finally
        {
            connection.Execute($"drop table if exists {typed}");
            connection.Execute($"drop table if exists {audit}");
        }
    }

    /// <summary>
    /// Ranges of the journal after <paramref name="position"/> whose stock records are in their table, and whether they hold no entry of
    /// this kind after <paramref name="sequence"/>. Going no further than stock records do, what the two tables contain is of one moment.
    /// </summary>
    private async ValueTask<(IReadOnlyList<LandedFile> Ranges, bool IsEmpty)> NotedRangesAsync(long position, long sequence, CancellationToken cancellationToken)
    {
        var stock = await lake.Tables[$"bronze.{LandedFile.JournalFeed}"].TryLatestAsync(cancellationToken);
        var consumed = LakeTable.Position(stock, LandedPosition);
        var files = consumed <= position ? [] : await lake.Landing.Registry.AfterAsync(LandedFile.JournalFeed, position, cancellationToken);
        return ([.. files.Where(f => f.IsJournal && f.Ordinal <= consumed)], NotedEntries.Last(stock, feed.Record) <= sequence);
    }

    private static string Columns(StructType schema, string sourceFile, string batch) =>
        string.Join(", ", schema.Fields.Select(f => f.Name switch
        {
            "_source_file" => $"{sourceFile} as _source_file",
            "_batch_id" => $"{batch} as _batch_id",
            _ => "r." + SqlText.Name(f.Name),
        }));

    /// <summary>
    /// Parses JSON files of stock records, or journal ranges, straight into data files, with what <paramref name="typed"/> holds. One large file has its
    /// audit columns as constants; several take them by a join.
    /// </summary>
    private async ValueTask<IReadOnlyList<AddFile>> WriteParsedAsync(
        DuckDbConnection connection,
        TableShape shape,
        IReadOnlyList<LandedFile> files,
        string audit,
        QuarantineSink sink,
        string? typed,
        CancellationToken cancellationToken)
    {
        using var blocks = new BlockQueue(lake.Store, files, 1 << 20, sink, file => Report(file, files.Count));
        const string function = "raw_records";
        var threads = lake.Options.Threads ?? Environment.ProcessorCount;
        if (feed.IsNoted)
        {
            connection.RegisterTable(function, NotedColumns.Parsed(feed.Record), new NotedJsonSource(blocks, feed.Record, sink, threads));
        }
        else
        {
            var rules = new StockRecordRules { SkewAllowance = feed.SkewAllowance };
            connection.RegisterTable(function, StockColumns.Parsed, new StockJsonSource(blocks, rules, sink, _noted, threads));
        }

        try
        {
            var source = typed is null ? $"{function}()" : $"(select * from {function}() union all select * from {typed})";
            var select = files.Count == 1 && typed is null
                ? $"select {Columns(shape.Schema, SqlText.Literal(files[0].Path), SqlText.Literal(files[0].BatchId))} from {source} r"
                : $"select {Columns(shape.Schema, "a._source_file", "a._batch_id")} from {source} r join {audit} a on a.ordinal = r._file";
            return await lake.Tables.Writer.WriteAsync(connection, select, _table.Path, shape, WriteLayout.AsTheyCome, cancellationToken);
        }
        finally
        {
            connection.UnregisterTable(function);
        }
    }

    private async ValueTask<StepReport> CommitAsync(
        DuckDbConnection connection,
        Snapshot snapshot,
        StructType schema,
        IReadOnlyList<LandedFile> files,
        IReadOnlyList<AddFile> written,
        QuarantineSink sink,
        string audit,
        bool fullRefresh,
        Stopwatch clock,
        CancellationToken cancellationToken)
    {
        var accepted = written.Sum(f => f.ParsedStatistics!.NumRecords!.Value);
        var last = files.Count == 0 ? 0 : files[^1].Ordinal;
        var journal = files.Count == 0 ? 0 : files.Max(f => f.LastSequence);
        if (sink.Count > 0 || (fullRefresh && audit.Length > 0))
        {
            var rows = $"select 'bronze' as layer, q.rule, q.field, q.detail, a._source_file as source_file, a._batch_id as batch_id, q._row as row, q.raw, cast(null as varchar) as record, "
                + $"cast(null as varchar) as other, {SqlText.Instant(lake.Options.Clock.GetUtcNow())} as quarantined_at, q._file "
                + $"from {sink.ToTable()} q join {audit} a on a.ordinal = q._file";
            await lake.Quarantine.AppendAsync(connection, feed.Name, rows, $"bronze.{feed.Name}", last, cancellationToken, fullRefresh ? "bronze" : null);
        }

        var transaction = DeltaTransaction.Create(snapshot, fullRefresh ? "CREATE OR REPLACE TABLE AS SELECT" : "STREAMING UPDATE");
        if (fullRefresh)
        {
            transaction.ReadWholeTable();
            foreach (var file in snapshot.Files)
            {
                transaction.Remove(file);
            }

            if (_table.WithColumns(snapshot, schema) is var metadata && !ReferenceEquals(metadata, snapshot.Metadata))
            {
                transaction.SetMetadata(metadata);
            }
        }

        foreach (var file in written)
        {
            transaction.Add(file);
        }

        transaction.ReadTransaction(LandedPosition);
        transaction.SetTransaction(LandedPosition, last);
        if (journal is { } sequence)
        {
            transaction.SetTransaction(JournalPosition, sequence);
        }

        _noted.Commit(transaction, snapshot, fullRefresh);
        if (fullRefresh)
        {
            StepCounters.Restart(transaction, received: accepted + sink.Count, accepted, duplicates: 0, quarantined: sink.Count);
        }
        else
        {
            StepCounters.Add(transaction, snapshot, received: accepted + sink.Count, accepted, duplicates: 0, quarantined: sink.Count);
        }

        if (await _table.CommitAsync(transaction, cancellationToken) is not CommitResult.Committed committed)
        {
            throw new LakeException(LakeErrorKind.Conflict, $"{_table.Name}: another process consumed the same files; run again.");
        }

        return new StepReport(_table.Name, StepOutcome.Committed)
        {
            Version = committed.Version,
            Received = accepted + sink.Count,
            Accepted = accepted,
            Quarantined = sink.Count,
            RowsWritten = accepted,
            FilesWritten = written.Count,
            Mode = "append",
            Elapsed = clock.Elapsed,
        };
    }

    private async ValueTask LoadMappedAsync(DuckDbConnection connection, IEnumerable<LandedFile> files, string typed, QuarantineSink sink, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var raw = await LoadAsync(connection, file, sink, cancellationToken);
            if (raw is null)
            {
                continue;
            }

            if (feed.Record == RecordKind.Stock)
            {
                new StockMapping(lake.Engine, feed, sink).Run(connection, raw, typed);
            }
            else
            {
                new ColumnMapping(feed, sink).Run(connection, raw, typed);
            }
        }
    }

    private async ValueTask<RawTable?> LoadAsync(DuckDbConnection connection, LandedFile file, QuarantineSink sink, CancellationToken cancellationToken)
    {
        switch (EncodingOf(file))
        {
            case RawEncoding.Csv:
                using (var stream = RawStreams.Open(lake.Store, file))
                {
                    return CsvText.Load(connection, lake.Engine, stream, file, feed.Csv, sink);
                }

            case RawEncoding.Parquet:
                using (var open = new OpenFiles())
                {
                    var local = await open.OfAsync(new TableAccess(lake.Engine, lake.Store, ""), [file.Path], cancellationToken);
                    return ParquetText.Load(connection, lake.Engine, local[0], file, sink);
                }

            case RawEncoding.Json:
                using (var blocks = new JsonBlockReader(file, RawStreams.Open(lake.Store, file), 1 << 20, sink))
                {
                    return JsonText.Load(connection, lake.Engine, blocks, file, [.. feed.Columns.Select(c => c.Name)], sink);
                }

            default:
                throw new InvalidOperationException($"Encoding of {file.Path}.");
        }
    }

    private string AuditTable(DuckDbConnection connection, IEnumerable<LandedFile> files)
    {
        var name = lake.Engine.UniqueName("landed");
        var values = files.Select(f => $"({f.Ordinal.ToString(CultureInfo.InvariantCulture)}, {SqlText.Literal(f.Path)}, {SqlText.Literal(f.BatchId)})");
        connection.Execute($"create table {name} as select * from (values {string.Join(", ", values)}) v(ordinal, _source_file, _batch_id)");
        return name;
    }

    private void Report(LandedFile file, int count) =>
        lake.Options.Progress?.Invoke(new LakeProgress(_table.Name, $"reading {Path.GetFileName(file.Path)} of {count} files", null));

    private static RawEncoding EncodingOf(LandedFile file) => file.IsJournal ? RawEncoding.Json : RawFormat.Of(file.Path).Encoding;
}
