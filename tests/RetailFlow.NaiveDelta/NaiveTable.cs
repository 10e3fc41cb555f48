using System.Text.Json;
using RetailFlow.DuckDb;

namespace RetailFlow.NaiveDelta;

/// <summary>Rows as text in order, and the columns with their types.</summary>
public sealed record NaiveRows(string Columns, List<string> Rows);

/// <summary>
/// A second reader of Delta tables in a local folder, meant to be right by being plain: it keeps to the letter of the protocol, reads
/// everything and remembers nothing clever. It has the SQL engine in common with what it judges, and no other code.
/// </summary>
public sealed class NaiveTable : IDisposable
{
    // One engine for all tables, which keeps nothing of the files that it has read.
    private static readonly Lazy<DuckDbDatabase> s_database = new(() => DuckDbDatabase.Open(
        null, new DuckDbOptions { Threads = 1, MemoryLimitBytes = 512L << 20, Settings = new Dictionary<string, string> { ["enable_external_file_cache"] = "false" } }));

    private readonly NaivePaths _paths;
    private readonly DuckDbConnection _sql;
    private readonly NaiveLog _log;
    private readonly Dictionary<string, List<string>> _rows = new(StringComparer.Ordinal);

    private NaiveTable(NaivePaths paths)
    {
        _paths = paths;
        _sql = s_database.Value.Connect();
        _log = new NaiveLog(paths.Table, _sql);
    }

    /// <summary>The newest version.</summary>
    public long Newest => _log.Newest;

    /// <summary>The oldest version whose files the log can still tell; they may be gone.</summary>
    public long Oldest => _log.Oldest;

    /// <summary>The table in a folder.</summary>
    public static NaiveTable Open(string folder) => new(new NaivePaths(Path.GetFullPath(folder)));

    /// <summary>The table in a folder of a copy of a store.</summary>
    /// <param name="folder">The table's folder.</param>
    /// <param name="storeUri">How the log writes the store's root, without a slash at the end.</param>
    /// <param name="storeCopy">The folder that the store was copied to.</param>
    public static NaiveTable OpenCopy(string folder, string storeUri, string storeCopy) => new(new NaivePaths(Path.GetFullPath(folder), storeUri, storeCopy));

    /// <summary>An expression that makes one text of the named columns.</summary>
    public static string RowText(IEnumerable<string> columns) =>
        $"concat_ws('|', {string.Join(", ", columns.Select(c => $"coalesce(cast({NaiveSchema.Quoted(c)} as varchar), '~')"))})";

    /// <summary>A version's state by its commits.</summary>
    public NaiveState At(long version) => _log.At(version);

    /// <summary>The lines of a commit.</summary>
    public IReadOnlyList<JsonElement> Commit(long version) => _log.Commit(version);

    /// <summary>The rows of a version.</summary>
    public NaiveRows Read(long version)
    {
        var state = At(version);
        var fields = NaiveSchema.Fields(state).EnumerateArray().ToList();
        var all = new List<string>();
        foreach (var (key, file) in state.Files)
        {
            var known = state.Metadata!.Value.GetRawText() + key;
            if (!_rows.TryGetValue(known, out var rows))
            {
                _rows[known] = rows = ReadFile(state, fields, file);
            }

            all.AddRange(rows);
        }

        all.Sort(StringComparer.Ordinal);
        return new(string.Join(", ", fields.Select(f => $"{NaiveSchema.Name(f)} {NaiveSchema.SqlType(f.GetProperty("type"))}")), all);
    }

    /// <summary>Whether every file of a version is there, deletion vectors included.</summary>
    public bool IsWhole(long version) => At(version).Files.Values.All(f =>
        File.Exists(_paths.Of(f.GetProperty("path").GetString()!)) && (NaiveDeletionVector.FileOf(_paths, f) is not { } vector || File.Exists(vector)));

    /// <summary>What checkpoints and version checksums say otherwise than the commits; empty when they agree.</summary>
    public List<string> CheckLog()
    {
        var wrong = new List<string>();
        foreach (var version in _log.CheckpointVersions.Where(v => v >= Oldest && v <= Newest))
        {
            var expected = At(version).Lines();
            foreach (var state in _log.FromCheckpoint(version))
            {
                var actual = state.Lines();
                wrong.AddRange(expected.Except(actual).Select(line => $"The checkpoint of version {version} lacks {line}"));
                wrong.AddRange(actual.Except(expected).Select(line => $"The checkpoint of version {version} has {line}"));
            }
        }

        for (var version = Oldest; version <= Newest; version++)
        {
            var file = Path.Combine(_paths.Table, "_delta_log", $"{version:D20}.crc");
            if (File.Exists(file))
            {
                var crc = JsonElement.Parse(File.ReadAllText(file));
                var state = At(version);
                var (files, bytes) = (crc.GetProperty("numFiles").GetInt64(), crc.GetProperty("tableSizeBytes").GetInt64());
                var (countedFiles, countedBytes) = (state.Files.Count, state.Files.Values.Sum(f => f.GetProperty("size").GetInt64()));
                if ((files, bytes) != (countedFiles, countedBytes))
                {
                    wrong.Add($"The checksum of version {version} has {files} files of {bytes} bytes, not {countedFiles} of {countedBytes}");
                }
            }
        }

        return wrong;
    }

    /// <summary>The changes of a feed that was exported as Parquet: the kind of change, and the row's text.</summary>
    public List<(string Kind, string Row)> ReadChanges(string file, IEnumerable<string> columns)
    {
        using var rows = _sql.Query($"select _change_type, {RowText(columns)} from read_parquet({NaiveSchema.Literal(file)}, hive_partitioning = false)");
        return [.. rows.Rows().Select(row => ((string)row[0]!, (string)row[1]!))];
    }

    /// <summary>What the statistics and sizes of the files say otherwise than the files; empty when they agree.</summary>
    public List<string> CheckStatistics() => new NaiveStatistics(_paths, _sql, _log).Check();

    /// <inheritdoc/>
    public void Dispose() => _sql.Dispose();

    private List<string> ReadFile(NaiveState state, List<JsonElement> fields, JsonElement file)
    {
        var path = _paths.Of(file.GetProperty("path").GetString()!);
        var node = NaiveNode.Of(_sql, path);
        var partitions = file.GetProperty("partitionValues");
        var columns = fields.Select(field =>
        {
            var (stored, type) = (NaiveSchema.Physical(state, field), field.GetProperty("type"));
            var value = state.PartitionColumns.Contains(NaiveSchema.Name(field))
                ? NaiveSchema.PartitionValue(type, partitions.TryGetProperty(stored, out var text) ? text.GetString() : null)
                : NaiveSchema.Value(state, "f." + NaiveSchema.Quoted(stored), type, node.Find(stored));
            return value + " as " + NaiveSchema.Quoted(NaiveSchema.Name(field));
        });
        var deleted = NaiveDeletionVector.Rows(_paths, file);
        var where = deleted.Count == 0 ? "" : $" where f.file_row_number not in (select unnest([{string.Join(", ", deleted)}]))";
        using var rows = _sql.Query(
            $"select {RowText(fields.Select(NaiveSchema.Name))} from (select {string.Join(", ", columns)} from read_parquet({NaiveSchema.Literal(path)}, hive_partitioning = false, file_row_number = true) f{where})");
        return [.. rows.Rows().Select(row => (string)row[0]!)];
    }
}
