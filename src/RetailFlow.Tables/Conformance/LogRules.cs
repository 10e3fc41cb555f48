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

        var (start, head) = NewestReadable(checkpoints, log, connection);
        if (Enumerable.Range(0, commits.Count).Select(i => start + 1 + i).TakeWhile(v => v <= newest).Any(v => !commits.Contains(v)))
        {
            return new LogRules("its checkpoint is damaged, and the commits from before are gone", versions);
        }

        var (protocol, metadata) = (default(string), default(string));
        foreach (var (version, lines) in commits.Where(v => v > start).Order()
            .Select(v => (v, (IEnumerable<string>)File.ReadLines(Path.Combine(log, v.ToString("D20", CultureInfo.InvariantCulture) + ".json")))).Prepend((start, head)))
        {
            foreach (var line in lines.Where(l => l.Trim().Length > 0))
            {
                if (!TryTake(line, ref protocol, ref metadata))
                {
                    return new LogRules($"version {version} has a line that is no action", versions);
                }
            }
        }

        return new LogRules(Broken(protocol, metadata), versions);
    }

    // The newest protocol and metaData win; an action whose fields are all null is the way of a checkpoint to say that there is none.
    private static bool TryTake(string line, ref string? protocol, ref string? metadata)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            foreach (var member in document.RootElement.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
            {
                switch (member.Name)
                {
                    case "protocol" when Is(member.Value, "minReaderVersion", JsonValueKind.Number):
                        protocol = member.Value.GetRawText();
                        break;
                    case "metaData" when Is(member.Value, "id", JsonValueKind.String):
                        metadata = member.Value.GetRawText();
                        break;
                    case "add" or "remove" or "cdc" when !Is(member.Value, "path", JsonValueKind.String):
                        return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Is(JsonElement action, string field, JsonValueKind kind) => action.TryGetProperty(field, out var value) && value.ValueKind == kind;

    // A checkpoint that cannot be read is none: the commits say the same.
    private static (long Version, IEnumerable<string> Actions) NewestReadable(Dictionary<long, IReadOnlyList<string>> checkpoints, string log, DuckDbConnection connection)
    {
        foreach (var (version, files) in checkpoints.OrderByDescending(c => c.Key))
        {
            try
            {
                return (version, [.. files.SelectMany(name => HeadOfCheckpoint(Path.Combine(log, name), connection))]);
            }
            catch (DuckDbException)
            {
                continue;
            }
        }

        return (-1, []);
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
