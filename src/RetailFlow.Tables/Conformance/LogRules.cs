using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>
/// A second, minimal look at a log: which versions it holds, and whether a reader must refuse the newest. It shares no code with the
/// reader that it judges.
/// </summary>
internal sealed partial class LogRules
{
    private const long NewestReader = 3;

    private static readonly string[] TableActions = ["protocol", "metaData"];

    private LogRules(string? mustRefuse, IReadOnlyList<long> versions)
    {
        MustRefuse = mustRefuse;
        Versions = versions;
    }

    /// <summary>Why a reader must refuse the newest version; null if it must not.</summary>
    public string? MustRefuse { get; }

    /// <summary>The versions that the log can give, ascending.</summary>
    public IReadOnlyList<long> Versions { get; }

    /// <summary>Looks at the log of the table in a local folder.</summary>
    public static LogRules Of(string folder, DuckDbConnection connection)
    {
        var log = Path.Combine(folder, "_delta_log");
        var names = Directory.Exists(log) ? Directory.GetFiles(log).Select(f => Path.GetFileName(f)!).ToList() : [];
        var commits = names.Select(n => CommitName().Match(n)).Where(m => m.Success).Select(m => Number(m, "version")).ToHashSet();
        var checkpoints = Checkpoints(names);
        if (commits.Count == 0 && checkpoints.Count == 0)
        {
            return new LogRules("there is no log", []);
        }

        var newest = commits.Concat(checkpoints.Keys).Max();
        var versions = new List<long>();
        for (var version = 0L; version <= newest; version++)
        {
            var isCommit = commits.Contains(version);
            if (checkpoints.ContainsKey(version) || (isCommit && (version == 0 || (versions.Count > 0 && versions[^1] == version - 1))))
            {
                versions.Add(version);
            }
        }

        if (versions.Count == 0 || versions[^1] != newest)
        {
            return new LogRules("its versions are not contiguous", versions);
        }

        var start = checkpoints.Keys.Where(v => v <= newest).DefaultIfEmpty(-1).Max();
        var actions = start >= 0 ? checkpoints[start].SelectMany(name => HeadOfCheckpoint(Path.Combine(log, name), connection)) : [];
        var later = commits.Where(v => v > start).Order().SelectMany(v => File.ReadLines(Path.Combine(log, v.ToString("D20", CultureInfo.InvariantCulture) + ".json")));
        var (protocol, metadata) = (default(string), default(string));
        foreach (var line in actions.Concat(later).Where(l => l.Trim().Length > 0))
        {
            using var action = JsonDocument.Parse(line);
            if (action.RootElement.TryGetProperty("protocol", out var p) && p.ValueKind == JsonValueKind.Object)
            {
                protocol = p.GetRawText();
            }

            if (action.RootElement.TryGetProperty("metaData", out var m) && m.ValueKind == JsonValueKind.Object)
            {
                metadata = m.GetRawText();
            }
        }

        return new LogRules(Broken(protocol, metadata), versions);
    }

    private static string? Broken(string? protocol, string? metadata)
    {
        if (protocol is null)
        {
            return "it has no protocol";
        }

        if (metadata is null)
        {
            return "it has no metaData";
        }

        using var document = JsonDocument.Parse(protocol);
        var reader = document.RootElement.GetProperty("minReaderVersion").GetInt64();
        var features = document.RootElement.TryGetProperty("readerFeatures", out var listed) && listed.ValueKind == JsonValueKind.Array;
        return reader is < 1 or > NewestReader ? $"it needs reader version {reader}"
            : reader == NewestReader && !features ? "it needs reader features and lists none"
            : null;
    }

    private static Dictionary<long, IReadOnlyList<string>> Checkpoints(IEnumerable<string> names)
    {
        var found = new Dictionary<long, IReadOnlyList<string>>();
        var parts = new Dictionary<(long Version, long Of), List<string>>();
        foreach (var name in names)
        {
            if (CheckpointName().Match(name) is { Success: true } match)
            {
                found.TryAdd(Number(match, "version"), [name]);
            }
            else if (PartName().Match(name) is { Success: true } part)
            {
                var key = (Number(part, "version"), Number(part, "of"));
                parts.TryAdd(key, []);
                parts[key].Add(name);
            }
        }

        foreach (var (key, files) in parts.Where(p => p.Value.Count == p.Key.Of))
        {
            found.TryAdd(key.Version, files);
        }

        return found;
    }

    private static IEnumerable<string> HeadOfCheckpoint(string file, DuckDbConnection connection)
    {
        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            return File.ReadLines(file);
        }

        var present = connection.Query($"describe select * from read_parquet({SqlText.Files([file])})").Rows().Select(r => (string)r[0]!).ToHashSet(StringComparer.Ordinal);
        var wanted = TableActions.Where(present.Contains).ToList();
        return wanted.Count == 0
            ? []
            : [.. connection.Query($"select cast(to_json(t) as varchar) from (select {SqlText.Names(wanted)} from read_parquet({SqlText.Files([file])}) where coalesce({string.Join(", ", wanted.Select(w => $"cast(to_json({SqlText.Name(w)}) as varchar)"))}) is not null) t").Rows().Select(r => (string)r[0]!)];
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<version>\d{20})\.json$")]
    private static partial Regex CommitName();

    [GeneratedRegex(@"^(?<version>\d{20})\.checkpoint(\.[0-9a-f-]{36}\.json|(\.[0-9a-f-]{36})?\.parquet)$", RegexOptions.ExplicitCapture)]
    private static partial Regex CheckpointName();

    [GeneratedRegex(@"^(?<version>\d{20})\.checkpoint\.\d{10}\.(?<of>\d{10})\.parquet$")]
    private static partial Regex PartName();
}
