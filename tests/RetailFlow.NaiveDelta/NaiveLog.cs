using System.Globalization;
using System.Text.Json;
using RetailFlow.DuckDb;

namespace RetailFlow.NaiveDelta;

/// <summary>A <c>_delta_log</c> in a folder, read line by line; checkpoints by SQL over their Parquet files.</summary>
internal sealed class NaiveLog
{
    private readonly string _folder;
    private readonly DuckDbConnection _sql;
    private readonly SortedDictionary<long, string> _commits = [];
    private readonly SortedDictionary<long, List<string[]>> _checkpoints = [];
    private readonly Dictionary<long, NaiveState> _replayed = [];

    public NaiveLog(string tableFolder, DuckDbConnection sql)
    {
        (_folder, _sql) = (Path.Combine(tableFolder, "_delta_log"), sql);
        foreach (var name in Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal))
        {
            var parts = name.Split('.');
            if (parts[0].Length != 20 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            {
                continue;
            }

            if (parts is [_, "json"])
            {
                _commits.Add(version, name);
            }
            else if (parts is [_, "checkpoint", "parquet"] or [_, "checkpoint", { Length: 36 }, "json" or "parquet"])
            {
                CheckpointsOf(version).Add([name]);
            }
            else if (parts is [_, "checkpoint", "0000000001", var count, "parquet"])
            {
                var last = int.Parse(count, CultureInfo.InvariantCulture);
                string[] all = [.. Enumerable.Range(1, last).Select(n => $"{parts[0]}.checkpoint.{n:D10}.{count}.parquet")];
                if (all.All(f => File.Exists(Path.Combine(_folder, f))))
                {
                    CheckpointsOf(version).Add(all);
                }
            }
        }

        if (_commits.Count == 0)
        {
            throw new NaiveException($"There is no commit in '{_folder}'.");
        }

        for (var version = _commits.Keys.First(); version <= _commits.Keys.Last(); version++)
        {
            if (!_commits.ContainsKey(version))
            {
                throw new NaiveException($"Version {version} is missing in '{_folder}'.");
            }
        }
    }

    /// <summary>The newest version.</summary>
    public long Newest => _commits.Keys.Last();

    /// <summary>The oldest version that can be told.</summary>
    public long Oldest => _commits.ContainsKey(0) ? 0 : _checkpoints.Keys.First(v => v >= _commits.Keys.First() - 1);

    /// <summary>The versions that have checkpoints.</summary>
    public IEnumerable<long> CheckpointVersions => _checkpoints.Keys;

    /// <summary>The lines of a commit.</summary>
    public List<JsonElement> Commit(long version) =>
        [.. File.ReadLines(Path.Combine(_folder, _commits[version])).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];

    /// <summary>A version, from the first commit where the log still has it, else from the oldest checkpoint that it has.</summary>
    public NaiveState At(long version)
    {
        if (_replayed.TryGetValue(version, out var known))
        {
            return known;
        }

        NaiveState state;
        if (version == Oldest && version > 0)
        {
            state = FromCheckpoint(version).First();
        }
        else
        {
            state = version == 0 ? new NaiveState() : At(version - 1).Copy();
            foreach (var line in Commit(version))
            {
                state.Apply(line);
            }
        }

        return _replayed[version] = state is { Protocol: not null, Metadata: not null } ? state : throw new NaiveException($"Version {version} has no protocol or no metaData.");
    }

    /// <summary>A version as each of its checkpoints has it.</summary>
    public IEnumerable<NaiveState> FromCheckpoint(long version)
    {
        foreach (var parts in _checkpoints[version])
        {
            var state = new NaiveState();
            var lines = parts.SelectMany(f => Lines(Path.Combine(_folder, f))).ToList();
            foreach (var line in lines)
            {
                state.Apply(line);
                if (line.TryGetProperty("sidecar", out var sidecar) && sidecar.ValueKind == JsonValueKind.Object && sidecar.GetProperty("path").GetString() is { } path)
                {
                    Lines(Path.Combine(_folder, "_sidecars", path)).ForEach(state.Apply);
                }
            }

            yield return state;
        }
    }

    private List<JsonElement> Lines(string file)
    {
        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            return [.. File.ReadLines(file).Where(line => line.Length > 0).Select(line => JsonElement.Parse(line))];
        }

        using var rows = _sql.Query($"select cast(to_json(c) as varchar) from read_parquet('{file.Replace("'", "''", StringComparison.Ordinal)}', hive_partitioning = false) c");
        return [.. rows.Rows().Select(row => JsonElement.Parse((string)row[0]!))];
    }

    private List<string[]> CheckpointsOf(long version)
    {
        _checkpoints.TryAdd(version, []);
        return _checkpoints[version];
    }
}
