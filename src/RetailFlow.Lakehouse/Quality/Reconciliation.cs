using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Bronze;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Quality;

/// <summary>Proves from the tables themselves that nothing was lost (I3) and that Gold is what its records come to (I4, I5).</summary>
public sealed class Reconciliation
{
    private const int MostDifferences = 20;

    private readonly Lake _lake;

    internal Reconciliation(Lake lake) => _lake = lake;

    /// <summary>
    /// The tables as they are at this moment. To be taken while no step is under way: a step commits what it sets aside before its own rows,
    /// and in between the two do not add up.
    /// </summary>
    public async ValueTask<ReconcileBasis> CaptureAsync(CancellationToken cancellationToken)
    {
        var names = _lake.Project.Feeds.SelectMany(feed => new[] { $"bronze.{feed.Name}", $"quarantine.{feed.Name}" })
            .Concat(_lake.Project.Models.Where(model => !model.IsEphemeral).Select(model => model.Name))
            .Concat([LandedFiles.TableName, $"bronze.{LandedFile.JournalFeed}", ClaimReconciliation.Gold]);
        var tables = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (await _lake.Tables[name].TryLatestAsync(cancellationToken) is { } snapshot)
            {
                tables.Add(name, snapshot);
            }
        }

        return new ReconcileBasis(tables);
    }

    /// <summary>Runs every check on the tables as they are.</summary>
    public async ValueTask<ReconcileReport> RunAsync(CancellationToken cancellationToken) =>
        await RunAsync(await CaptureAsync(cancellationToken), cancellationToken);

    /// <summary>Runs every check on the tables as they were; they may change meanwhile.</summary>
    public async ValueTask<ReconcileReport> RunAsync(ReconcileBasis basis, CancellationToken cancellationToken)
    {
        var checks = new List<ReconcileCheck>();
        using var connection = _lake.Engine.Connect();
        using var cancel = connection.CancelWith(cancellationToken);
        foreach (var feed in _lake.Project.Feeds)
        {
            await CheckFeedAsync(basis, connection, feed, checks, cancellationToken);
        }

        foreach (var model in _lake.Project.Models.Where(m => !m.IsEphemeral))
        {
            await CheckModelAsync(basis, connection, model, checks, cancellationToken);
        }

        if (await new ClaimReconciliation(_lake).RunAsync(basis, connection, cancellationToken) is { } claims)
        {
            checks.Add(claims);
        }

        return new ReconcileReport(checks.All(c => c.Holds), checks);
    }

    private static ReconcileCheck Equal(string invariant, string subject, string equation, long left, long right) =>
        new(invariant, subject, equation, left == right, left == right ? [] : [$"{left} is not {right}"]);

    private async ValueTask CheckFeedAsync(ReconcileBasis basis, DuckDbConnection connection, FeedContract feed, List<ReconcileCheck> checks, CancellationToken cancellationToken)
    {
        var table = _lake.Tables[$"bronze.{feed.Name}"];
        if (basis.Find(table.Name) is not { } snapshot)
        {
            return;
        }

        using var open = new OpenFiles();
        var bronze = await table.RelationAsync(open, connection, snapshot, cancellationToken);
        var rows = connection.Scalar<long>($"select count(*) from {bronze}");
        var setAside = await _lake.Quarantine.CountLayerAsync(feed.Name, basis.Find($"quarantine.{feed.Name}"), "bronze", cancellationToken);
        var received = StepCounters.Of(snapshot).Received;
        checks.Add(Equal("I3", table.Name, $"received {received} = rows {rows} + quarantined {setAside}", received, rows + setAside));

        var landed = _lake.Tables[LandedFiles.TableName];
        var registry = basis.Find(landed.Name) ?? throw new LakeException(LakeErrorKind.Corrupt, $"{table.Name} was read from files that {landed.Name} does not name: it does not exist.");
        var consumed = LakeTable.Position(snapshot, BronzeStep.LandedPosition);
        if (feed.IsNoted)
        {
            // The reading of stock records counted them by itself.
            if (basis.Find($"bronze.{LandedFile.JournalFeed}") is { } stock && LakeTable.Position(stock, BronzeStep.JournalPosition) == LakeTable.Position(snapshot, BronzeStep.JournalPosition))
            {
                var passed = NotedEntries.Count(stock, feed.Record);
                checks.Add(Equal("I3", table.Name, $"entries between stock records {passed} = rows {rows} + quarantined {setAside}", passed, rows + setAside));
            }

            return;
        }

        var ranges = $"(select ordinal, first_sequence, last_sequence from {await landed.RelationAsync(open, connection, registry, cancellationToken)} where feed = {SqlText.Literal(feed.Name)} and kind = 'journal' and ordinal <= {consumed})";
        var acknowledged = connection.Scalar<long>($"select cast(coalesce(sum(last_sequence - first_sequence + 1), 0) as bigint) from {ranges}");
        if (acknowledged > 0)
        {
            var inBronze = connection.Scalar<long>($"select count(*) from {bronze} where _file in (select ordinal from {ranges})");
            var quarantine = _lake.Quarantine.Table(feed.Name);
            var inQuarantine = basis.Find(quarantine.Name) is { } q
                ? connection.Scalar<long>($"select count(*) from {await quarantine.RelationAsync(open, connection, q, cancellationToken)} where layer = 'bronze' and _file in (select ordinal from {ranges})")
                : 0;
            var noted = NotedEntries.Count(snapshot, RecordKind.Reservation) + NotedEntries.Count(snapshot, RecordKind.Incident);
            checks.Add(Equal("I3", table.Name, $"journal sequences {acknowledged} = rows {inBronze} + quarantined {inQuarantine} + the node's own entries {noted}", acknowledged, inBronze + inQuarantine + noted));
        }
    }

    private async ValueTask CheckModelAsync(ReconcileBasis basis, DuckDbConnection connection, ModelDefinition model, List<ReconcileCheck> checks, CancellationToken cancellationToken)
    {
        var table = _lake.Tables[model.Name];
        if (basis.Find(table.Name) is not { } snapshot)
        {
            return;
        }

        var context = new ModelContext(_lake, model);
        using var open = new OpenFiles();
        var actual = await table.RelationAsync(open, connection, snapshot, cancellationToken);
        var inputs = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
        var relations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var input in context.Inputs)
        {
            var version = LakeTable.Position(snapshot, ModelContext.PositionName(input));
            inputs[input] = await _lake.Tables[input].Log.LoadAsync(TimeTravel.Version(version), cancellationToken);
            relations[input] = await _lake.Tables[input].RelationAsync(open, connection, inputs[input], cancellationToken);
        }

        if (model.Strategy == ModelStrategy.Accumulate)
        {
            var (input, source) = relations.Single();
            var received = connection.Scalar<long>($"select count(*) from {source}");
            var rows = connection.Scalar<long>($"select count(*) from {actual}");
            var feed = input[(input.IndexOf('.', StringComparison.Ordinal) + 1)..];
            var setAside = await _lake.Quarantine.CountLayerAsync(feed, basis.Find($"quarantine.{feed}"), "silver", cancellationToken);
            var duplicates = StepCounters.Of(snapshot).Duplicates;
            checks.Add(Equal("I3", model.Name, $"records of {input} {received} = rows {rows} + duplicates {duplicates} + quarantined {setAside}", received, rows + duplicates + setAside));
        }

        var expected = context.TemporaryTable(connection, "expected", context.RenderWithEphemerals(connection, name => relations[name], []));
        var names = SqlText.Names(snapshot.Schema.Fields.Select(f => f.Name));
        var differences = new List<string>();
        Collect(connection, $"select {names} from {expected} except all select {names} from {actual}", model, "missing", differences);
        Collect(connection, $"select {names} from {actual} except all select {names} from {expected}", model, "too much", differences);
        checks.Add(new ReconcileCheck(
            model.Layer == "gold" ? "I4" : "I5",
            model.Name,
            $"version {snapshot.Version} = the model evaluated over {string.Join(", ", inputs.Select(i => $"{i.Key} at version {i.Value.Version}"))}",
            differences.Count == 0,
            differences));
    }

    private static void Collect(DuckDbConnection connection, string sql, ModelDefinition model, string what, List<string> differences)
    {
        using var result = connection.Query($"select {(model.UniqueKey.Count == 0 ? "*" : SqlText.Names(model.UniqueKey))}, cast(to_json(d) as varchar) from ({sql}) d limit {MostDifferences}");
        differences.AddRange(result.Rows().Select(row => $"{what}: {row[^1]}"));
    }
}

/// <summary>Tables as they were at one moment.</summary>
public sealed class ReconcileBasis
{
    private readonly Dictionary<string, Snapshot> _tables;

    internal ReconcileBasis(Dictionary<string, Snapshot> tables) => _tables = tables;

    /// <summary>A table; null if it was not there.</summary>
    internal Snapshot? Find(string name) => _tables.GetValueOrDefault(name);
}

/// <summary>What a reconciliation found.</summary>
/// <param name="Holds">True if every check holds.</param>
/// <param name="Checks">The checks.</param>
public sealed record ReconcileReport(bool Holds, IReadOnlyList<ReconcileCheck> Checks);

/// <summary>One check.</summary>
/// <param name="Invariant">The invariant: I3, I4 or I5.</param>
/// <param name="Subject">The table.</param>
/// <param name="Equation">What must be equal, with the figures.</param>
/// <param name="Holds">Whether it is.</param>
/// <param name="Differences">At most 20 of each kind.</param>
public sealed record ReconcileCheck(string Invariant, string Subject, string Equation, bool Holds, IReadOnlyList<string> Differences);
