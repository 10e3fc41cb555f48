using System.Globalization;
using System.Text.RegularExpressions;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Serving;

/// <summary>Read-only SQL over every table of the lake, by <c>layer.table</c>, at its newest or an older version.</summary>
public sealed partial class SqlDoor
{
    private readonly Lake _lake;

    internal SqlDoor(Lake lake) => _lake = lake;

    /// <summary>
    /// Runs one query. <c>layer.table VERSION AS OF n</c> and <c>layer.table TIMESTAMP AS OF '...'</c> read older versions.
    /// </summary>
    /// <exception cref="LakeException">It is not one query, names what is not there, or reaches outside the lake's tables.</exception>
    public async ValueTask<SqlResult> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        var database = DuckDbDatabase.Open(null, new DuckDbOptions { Threads = _lake.Options.Threads ?? Environment.ProcessorCount, MemoryLimitBytes = 1L << 30 });
        var connection = database.Connect();
        var scans = new OpenScans();
        try
        {
            connection.Execute("SET TimeZone = 'UTC'");
            var text = await PrepareAsync(connection, scans, sql.Trim().TrimEnd(';'), cancellationToken);
            Confine(connection, scans);
            var cancel = connection.CancelWith(cancellationToken);

            // As a subquery the text can only be something that gives rows, and preparing it refuses a second statement.
            var statement = connection.Prepare($"select * from (\n{text}\n)");
            return new SqlResult(statement.Query(), cancel, statement, scans, connection, database);
        }
        catch (DuckDbException e)
        {
            scans.Dispose();
            connection.Dispose();
            database.Dispose();
            throw new LakeException(LakeErrorKind.InvalidInput, $"SQL: {e.Message.TrimEnd()}", e);
        }
        catch
        {
            scans.Dispose();
            connection.Dispose();
            database.Dispose();
            throw;
        }
    }

    private async ValueTask<string> PrepareAsync(DuckDbConnection connection, OpenScans scans, string sql, CancellationToken cancellationToken)
    {
        foreach (var layer in Tables.LakeTables.Layers)
        {
            connection.Execute($"create schema if not exists memory.{SqlText.Name(layer)}");
        }

        // The engine has a catalog of its own named system: the lake's schema of that name is always written with its database.
        sql = SystemLayer().Replace(sql, "memory.system.");
        var existing = await _lake.Tables.ExistingAsync(cancellationToken);
        foreach (var name in existing.Where(name => Mentions(sql, name)))
        {
            var table = _lake.Tables[name];
            var scan = scans.Add(await table.ScanAsync(connection, await table.LatestAsync(cancellationToken), cancellationToken));
            Create(connection, name, scan.Relation);
        }

        var versions = 0;
        var text = sql;
        foreach (Match match in Travel().Matches(sql).Reverse())
        {
            var table = _lake.Tables[match.Groups["table"].Value];
            var at = match.Groups["version"].Success
                ? TimeTravel.Version(long.Parse(match.Groups["version"].Value, CultureInfo.InvariantCulture))
                : TimeTravel.AsOf(Time(match.Groups["time"].Value));
            var name = $"main.travel_{++versions}";
            var scan = scans.Add(await table.ScanAsync(connection, await table.Log.LoadAsync(at, cancellationToken), cancellationToken));
            connection.Execute($"create view {name} as select * from {scan.Relation}");
            var alias = Alias().IsMatch(sql[(match.Index + match.Length)..]) ? "" : $" as {SqlText.Name(match.Groups["table"].Value.Split('.')[1])}";
            text = text[..match.Index] + name + alias + text[(match.Index + match.Length)..];
        }

        return text;
    }

    /// <summary>Lets the engine reach the lake's tables and nothing else of the machine.</summary>
    private void Confine(DuckDbConnection connection, OpenScans scans)
    {
        var folders = Tables.LakeTables.Layers.Select(layer => _lake.Store.LocalPath(layer)).OfType<string>().Select(path => path + "/").ToList();
        if (folders.Count > 0)
        {
            connection.Execute($"SET allowed_directories = {SqlText.List(folders)}");
        }
        else
        {
            // The cache of a remote lake may hold files of others; only those of this query may be read.
            connection.Execute($"SET allowed_paths = {SqlText.List(scans.LocalFiles)}");
        }

        connection.Execute("SET enable_external_access = false");
        connection.Execute("SET lock_configuration = true");
    }

    private static void Create(DuckDbConnection connection, string name, string relation)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        connection.Execute($"create view memory.{SqlText.Name(name[..dot])}.{SqlText.Name(name[(dot + 1)..])} as select * from {relation}");
    }

    private static bool Mentions(string sql, string name) =>
        sql.Contains(name, StringComparison.OrdinalIgnoreCase) || sql.Contains(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..], StringComparison.OrdinalIgnoreCase);

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new LakeException(LakeErrorKind.InvalidInput, $"SQL: TIMESTAMP AS OF '{text}' is not a time, for example '2026-01-31T12:00:00Z'.");

    /// <summary>The scans of one query.</summary>
    private sealed class OpenScans : IDisposable
    {
        private readonly List<TableScan> _scans = [];

        public IEnumerable<string> LocalFiles => _scans.SelectMany(scan => scan.LocalFiles);

        public TableScan Add(TableScan scan)
        {
            _scans.Add(scan);
            return scan;
        }

        public void Dispose() => _scans.ForEach(scan => scan.Dispose());
    }

    [GeneratedRegex(@"(?<table>\b(bronze|silver|gold|quarantine|system)\.\w+)\s+(for\s+)?(version\s+as\s+of\s+(?<version>\d+)|timestamp\s+as\s+of\s+'(?<time>[^']*)')", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Travel();

    [GeneratedRegex(@"(?<![\w.""])system\.(?=\w)", RegexOptions.IgnoreCase)]
    private static partial Regex SystemLayer();

    [GeneratedRegex(@"^\s+(as\s+)?(?!where|group|order|limit|join|left|right|inner|full|cross|on|union|except|intersect|having|qualify|using|semi|anti|natural|asof)[a-z_]\w*", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Alias();
}

/// <summary>Rows of a query, streamed. Dispose it when done.</summary>
public sealed class SqlResult : IDisposable
{
    private readonly IEnumerable<object?[]> _rows;
    private readonly IDisposable?[] _owned;

    internal SqlResult(DuckDbResult result, params IDisposable?[] owned)
        : this(result.Columns, result.Rows(), [result, .. owned])
    {
    }

    internal SqlResult(IReadOnlyList<DuckDbColumnDefinition> columns, IEnumerable<object?[]> rows, params IDisposable?[] owned)
    {
        _rows = rows;
        _owned = owned;
        Columns = [.. columns.Select(c => new SqlColumn(c.Name, c.Type.ToString()))];
    }

    /// <summary>Columns, in order.</summary>
    public IReadOnlyList<SqlColumn> Columns { get; }

    /// <summary>Rows, each an array in the order of the columns.</summary>
    public IEnumerable<object?[]> Rows() => _rows;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned?.Dispose();
        }
    }
}

/// <summary>A column of a result.</summary>
/// <param name="Name">Name.</param>
/// <param name="Type">SQL type.</param>
public sealed record SqlColumn(string Name, string Type);
