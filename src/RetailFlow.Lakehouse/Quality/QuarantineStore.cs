using System.Globalization;
using System.Text;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Quality;

/// <summary>What was set aside, per feed, with its reason and its bytes: the tables <c>quarantine.&lt;feed&gt;</c>.</summary>
public sealed class QuarantineStore
{
    private readonly Lake _lake;

    internal QuarantineStore(Lake lake) => _lake = lake;

    /// <summary>Counts by feed, layer and rule.</summary>
    public async ValueTask<IReadOnlyList<QuarantineSummary>> ListAsync(string? feed, CancellationToken cancellationToken)
    {
        var summaries = new List<QuarantineSummary>();
        foreach (var contract in _lake.Project.Feeds.Where(f => feed is null || f.Name == _lake.Project.Feed(feed).Name))
        {
            if (await Table(contract.Name).TryLatestAsync(cancellationToken) is not { } snapshot)
            {
                continue;
            }

            using var open = new OpenFiles();
            using var connection = _lake.Engine.Connect();
            var relation = await Table(contract.Name).RelationAsync(open, connection, snapshot, cancellationToken);
            using var result = connection.Query(
                $"select layer, rule, count(*), min(quarantined_at), max(quarantined_at) from {relation} group by all order by all");
            summaries.AddRange(result.Rows().Select(row => new QuarantineSummary(
                contract.Name, (string)row[0]!, (string)row[1]!, (long)row[2]!, (DateTimeOffset)row[3]!, (DateTimeOffset)row[4]!)));
        }

        return summaries;
    }

    /// <summary>Records that were set aside, newest first.</summary>
    public async ValueTask<IReadOnlyList<QuarantinedRecord>> ShowAsync(string feed, string? rule, int limit, CancellationToken cancellationToken)
    {
        var table = Table(_lake.Project.Feed(feed).Name);
        if (await table.TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return [];
        }

        using var open = new OpenFiles();
        using var connection = _lake.Engine.Connect();
        var relation = await table.RelationAsync(open, connection, snapshot, cancellationToken);
        using var result = connection.Query(
            $"select layer, rule, field, detail, source_file, row, quarantined_at, raw, record, other, _file from {relation} "
            + "where $1::varchar is null or rule = $1 order by quarantined_at desc, _file desc, row limit " + limit.ToString(CultureInfo.InvariantCulture),
            rule);
        return [.. result.Rows().Select(row => new QuarantinedRecord(
            $"{row[10]}-{row[5]}",
            feed,
            (string)row[0]!,
            (string)row[1]!,
            (string?)row[2] ?? "",
            (string?)row[3] ?? "",
            (string?)row[4],
            (long?)row[5],
            (DateTimeOffset)row[6]!,
            row[7] is byte[] raw ? Encoding.UTF8.GetString(raw) : (string?)row[8] ?? "")
        {
            Other = (string?)row[9],
        })];
    }

    /// <summary>
    /// Judges the feed's records again, after its contract or rules were mended: Bronze and what follows from it are rebuilt from RAW,
    /// so that each record takes the place in the order that it always had.
    /// </summary>
    public async ValueTask<ReplayReport> ReplayAsync(string feed, string? rule, CancellationToken cancellationToken)
    {
        var contract = _lake.Project.Feed(feed);
        var before = await CountAsync(contract.Name, rule, cancellationToken);
        await _lake.Pipeline.RunAsync(new RunOptions { Select = $"bronze.{contract.Name}+", FullRefresh = true, Discover = false }, cancellationToken);
        var after = await CountAsync(contract.Name, rule, cancellationToken);
        return new ReplayReport(before, Math.Max(0, before - after), after);
    }

    /// <summary>
    /// Appends rows in a commit of their own, before the step's. A step that is repeated after a crash finds by the position under
    /// <paramref name="step"/> which of them are there already. What takes the place of a whole layer leaves rows of later files: another process
    /// has put them there meanwhile.
    /// </summary>
    internal async ValueTask AppendAsync(
        DuckDbConnection connection,
        string feed,
        string rows,
        string step,
        long lastFile,
        CancellationToken cancellationToken,
        string? replaceLayer = null)
    {
        var table = Table(feed);
        while (true)
        {
            var snapshot = await table.EnsureAsync(BronzeSchema.Quarantine, $"Records of {feed} that broke a rule.", _lake.Options.NewGuid, _lake.Options.Clock, cancellationToken);
            var known = LakeTable.Position(snapshot, step);
            var last = lastFile.ToString(CultureInfo.InvariantCulture);
            using var open = new OpenFiles();
            var transaction = DeltaTransaction.Create(snapshot, replaceLayer is null ? "QUARANTINE" : "QUARANTINE REPLACE");
            var select = $"select * from ({rows}) where _file > {known.ToString(CultureInfo.InvariantCulture)}";
            if (replaceLayer is not null)
            {
                var names = SqlText.Names(BronzeSchema.Quarantine.Fields.Select(f => f.Name));
                select = $"select {names} from {await table.RelationAsync(open, connection, snapshot, cancellationToken)} where layer <> {SqlText.Literal(replaceLayer)} or _file > {last} union all select {names} from ({rows})";
                transaction.ReadWholeTable();
                foreach (var file in snapshot.Files)
                {
                    transaction.Remove(file);
                }
            }

            foreach (var file in await _lake.Tables.Writer.WriteAsync(connection, select, table.Path, table.ShapeFor(snapshot, BronzeSchema.Quarantine), WriteLayout.AsTheyCome, cancellationToken))
            {
                transaction.Add(file);
            }

            transaction.ReadTransaction(step);
            transaction.SetTransaction(step, Math.Max(known, lastFile));
            if (await table.CommitAsync(transaction, cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }
    }

    /// <summary>
    /// The records of files before <paramref name="beforeFile"/>, as rows of <paramref name="schema"/>, that were refused by one of
    /// these rules and still hold their key; null if there are none. Later ones are what a step left that broke off, and is repeating.
    /// </summary>
    internal async ValueTask<string?> KeyHoldersAsync(OpenFiles open, DuckDbConnection connection, string bronzeTable, IReadOnlyList<string> rules, long beforeFile, StructType schema, CancellationToken cancellationToken)
    {
        var table = Table(bronzeTable[(bronzeTable.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        if (await table.TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return null;
        }

        var files = FileSkipper.Select(
            snapshot,
            new FilePredicate.In("rule", [.. rules.Select(Literal.Of)])).ToList();
        if (files.Count == 0)
        {
            return null;
        }

        var columns = schema.Fields.Select(f => $"cast(json_extract_string(record, {SqlText.Literal($"$.\"{f.Name}\"")}) as {DeltaTypes.ToSql(f.Type)}) as {SqlText.Name(f.Name)}");
        return $"select {string.Join(", ", columns)} from {await table.RelationAsync(open, connection, snapshot, cancellationToken, files)} where layer = 'silver' and _file < {beforeFile.ToString(CultureInfo.InvariantCulture)} and rule in ({string.Join(", ", rules.Select(SqlText.Literal))})";
    }

    /// <summary>Records set aside in one layer.</summary>
    internal async ValueTask<long> CountLayerAsync(string feed, Snapshot? snapshot, string layer, CancellationToken cancellationToken)
    {
        if (snapshot is null)
        {
            return 0;
        }

        using var open = new OpenFiles();
        using var connection = _lake.Engine.Connect();
        var relation = await Table(feed).RelationAsync(open, connection, snapshot, cancellationToken);
        return connection.Scalar<long>($"select count(*) from {relation} where layer = $1", layer);
    }

    internal LakeTable Table(string feed) => _lake.Tables[$"quarantine.{feed}"];

    private async ValueTask<long> CountAsync(string feed, string? rule, CancellationToken cancellationToken)
    {
        if (await Table(feed).TryLatestAsync(cancellationToken) is not { } snapshot)
        {
            return 0;
        }

        using var open = new OpenFiles();
        using var connection = _lake.Engine.Connect();
        var relation = await Table(feed).RelationAsync(open, connection, snapshot, cancellationToken);
        return connection.Scalar<long>($"select count(*) from {relation} where $1::varchar is null or rule = $1", rule);
    }
}

/// <summary>How many records of a feed broke a rule.</summary>
/// <param name="Feed">Feed.</param>
/// <param name="Layer">Layer whose step set them aside: <c>bronze</c> or <c>silver</c>.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Records">How many.</param>
/// <param name="First">When the first was set aside.</param>
/// <param name="Last">When the last was.</param>
public sealed record QuarantineSummary(string Feed, string Layer, string Rule, long Records, DateTimeOffset First, DateTimeOffset Last);

/// <summary>One record that was set aside.</summary>
/// <param name="Id">Landed ordinal and row.</param>
/// <param name="Feed">Feed.</param>
/// <param name="Layer">Layer whose step set it aside.</param>
/// <param name="Rule">The rule it broke.</param>
/// <param name="Field">The field, where one is to blame.</param>
/// <param name="Detail">Field, value and rule in words.</param>
/// <param name="SourceFile">RAW file.</param>
/// <param name="Row">Record in the file, from 1; 0 for the file as a whole.</param>
/// <param name="At">When it was set aside.</param>
/// <param name="Raw">The record as text, at most 64 KiB of it; RAW has all of it.</param>
public sealed record QuarantinedRecord(
    string Id,
    string Feed,
    string Layer,
    string Rule,
    string Field,
    string Detail,
    string? SourceFile,
    long? Row,
    DateTimeOffset At,
    string Raw)
{
    /// <summary>For a conflict: the accepted record of the same identity, as JSON.</summary>
    public string? Other { get; init; }
}

/// <summary>What a replay did.</summary>
/// <param name="Tried">Records that were set aside before.</param>
/// <param name="Accepted">Records that are not any more.</param>
/// <param name="StillQuarantined">Records that still are.</param>
public sealed record ReplayReport(long Tried, long Accepted, long StillQuarantined);
