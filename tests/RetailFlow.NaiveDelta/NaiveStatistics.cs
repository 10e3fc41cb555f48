using System.Globalization;
using System.Text.Json;
using RetailFlow.DuckDb;

namespace RetailFlow.NaiveDelta;

/// <summary>Statistics of data files counted anew from the rows (protocol section "Per-file Statistics").</summary>
internal sealed class NaiveStatistics(NaivePaths paths, DuckDbConnection sql, NaiveLog log)
{
    private readonly List<string> _wrong = [];
    private string _file = "";

    private sealed record Leaf(string[] Path, string Kind, string SqlType, string Value, bool Wanted)
    {
        public string Name => string.Join('.', Path);

        public bool HasBounds => Kind is "string" or "long" or "integer" or "short" or "byte" or "double" or "float" or "date" or "timestamp" or "timestamp_ntz"
            || Kind.StartsWith("decimal", StringComparison.Ordinal);
    }

    private sealed record Found(long Filled, bool MinHolds, bool MaxHolds, bool NeedsMin, bool NeedsMax, string? Min, string? Max);

    /// <summary>What is wrong, one sentence each. Files that are gone and no longer in the table are passed over.</summary>
    public List<string> Check()
    {
        var live = log.At(log.Newest).Files;
        var asAdded = new Dictionary<string, NaiveState>(StringComparer.Ordinal);
        for (var version = log.Oldest; version <= log.Newest; version++)
        {
            var state = log.At(version);
            var adds = version == log.Oldest ? state.Files.Values.ToList() : [.. log.Commit(version).Where(l => l.TryGetProperty("add", out _)).Select(l => l.GetProperty("add"))];
            foreach (var add in adds)
            {
                var path = paths.Of(add.GetProperty("path").GetString()!);
                _file = $"version {version}, {add.GetProperty("path").GetString()}";
                if (File.Exists(path))
                {
                    // A file that gets another deletion vector keeps what was counted under the schema that it was written with.
                    asAdded.TryAdd(path, state);
                    Check(asAdded[path], add, path);
                }
                else if (live.Values.Any(f => f.GetProperty("path").GetString() == add.GetProperty("path").GetString()))
                {
                    _wrong.Add($"{_file} is missing");
                }
            }
        }

        return _wrong;
    }

    private void Check(NaiveState state, JsonElement add, string path)
    {
        Require(new FileInfo(path).Length == add.GetProperty("size").GetInt64(), $"size {add.GetProperty("size")}, not {new FileInfo(path).Length}");
        if (!add.TryGetProperty("stats", out var text) || text.ValueKind != JsonValueKind.String)
        {
            _wrong.Add($"{_file}: no statistics");
            return;
        }

        var stats = JsonElement.Parse(text.GetString()!);
        var tight = !stats.TryGetProperty("tightBounds", out var bounds) || bounds.GetBoolean();
        Require(!tight || NaiveDeletionVector.Id(add).Length == 0, "tight bounds and a deletion vector");
        var leaves = Leaves(state, path);
        var counted = Count(stats, leaves, path);
        var count = counted.Rows;
        Require(stats.GetProperty("numRecords").GetInt64() == count, $"numRecords {stats.GetProperty("numRecords")}, not {count}");
        foreach (var part in new[] { "minValues", "maxValues", "nullCount" })
        {
            foreach (var name in stats.TryGetProperty(part, out var values) ? Names(values, "") : [])
            {
                Require(leaves.Any(l => l.Wanted && l.Name == name), $"{part} for '{name}', which is to have none");
            }
        }

        foreach (var (leaf, found) in counted.Leaves)
        {
            Check(stats, leaf, count, found);
        }
    }

    private void Check(JsonElement stats, Leaf leaf, long count, Found found)
    {
        var (min, max, nulls) = (Find(stats, "minValues", leaf), Find(stats, "maxValues", leaf), Find(stats, "nullCount", leaf));
        Require(nulls is { } n ? n.GetInt64() == count - found.Filled : leaf.Kind is "array" or "map", $"nullCount {nulls} of '{leaf.Name}', not {count - found.Filled}");
        if (!leaf.HasBounds || found.Filled == 0)
        {
            Require(min is null && max is null, $"bounds {min} and {max} of '{leaf.Name}', which has no values that have some");
            return;
        }

        Require(min is null ? !found.NeedsMin : found.MinHolds, $"minValues {Text(min)} of '{leaf.Name}', not {found.Min}");
        Require(max is null ? !found.NeedsMax : found.MaxHolds, $"maxValues {Text(max)} of '{leaf.Name}', not {found.Max}");
    }

    // One pass over the file: for each leaf how many values it has, its true bounds, and whether those of the log fit them.
    private (long Rows, List<(Leaf Leaf, Found Found)> Leaves) Count(JsonElement stats, List<Leaf> leaves, string path)
    {
        var wanted = leaves.Where(l => l.Wanted).ToList();
        var aggregates = wanted.Select((l, i) => l.HasBounds ? $", count({l.Value}) as n{i}, min({l.Value}) as lo{i}, max({l.Value}) as hi{i}" : $", count({l.Value}) as n{i}, null as lo{i}, null as hi{i}");
        var verdicts = wanted.Select((l, i) =>
        {
            var needed = l.Kind is "double" or "float" ? "isfinite({0})" : l.Kind == "string" ? "length({0}) <= 32" : "true";
            string Needed(string bound) => l.HasBounds ? string.Format(CultureInfo.InvariantCulture, needed, bound) : "false";
            string Holds(string part, bool lower) => l.HasBounds ? Verdict(l, Find(stats, part, l), $"lo{i}", $"hi{i}", lower) : "false";
            return $", n{i}, {Holds("minValues", true)}, {Holds("maxValues", false)}, {Needed($"lo{i}")}, {Needed($"hi{i}")}, cast(lo{i} as varchar), cast(hi{i} as varchar)";
        });
        using var answer = sql.Query($"select n{string.Concat(verdicts)} from (select count(*) as n{string.Concat(aggregates)} from read_parquet({NaiveSchema.Literal(path)}, hive_partitioning = false))");
        var row = answer.Rows().Single();
        return ((long)row[0]!, [.. wanted.Select((l, i) => (l, new Found((long)row[(i * 7) + 1]!, row[(i * 7) + 2] is true, row[(i * 7) + 3] is true, row[(i * 7) + 4] is true, row[(i * 7) + 5] is true, (string?)row[(i * 7) + 6], (string?)row[(i * 7) + 7])))]);
    }

    // Bounds are exact but where the protocol cuts them: texts after 32 characters, instants to milliseconds.
    private static string Verdict(Leaf leaf, JsonElement? bound, string lo, string hi, bool lower)
    {
        if (bound is not { } given)
        {
            return "false";
        }

        var literal = $"cast({NaiveSchema.Literal(Text(given))} as {leaf.SqlType})";
        return leaf.Kind switch
        {
            "string" when lower => $"case when length({lo}) <= 32 then {lo} = {literal} else starts_with({lo}, {literal}) end",
            "string" => $"case when length({hi}) <= 32 then {hi} = {literal} else {literal} >= {hi} end",
            "timestamp" or "timestamp_ntz" when lower => $"{literal} <= {lo} and {lo} < {literal} + interval 1 millisecond",
            "timestamp" or "timestamp_ntz" => $"{hi} <= {literal} and {literal} < {hi} + interval 1 millisecond",
            _ => lower ? $"{lo} = {literal}" : $"{hi} = {literal}",
        };
    }

    private List<Leaf> Leaves(NaiveState state, string path)
    {
        var position = 0;
        var leaves = new List<Leaf>();
        var node = NaiveNode.Of(sql, path);
        var named = state.Property("delta.dataSkippingStatsColumns")?.Split(',').Select(n => n.Trim().Replace("`", "", StringComparison.Ordinal)).ToList();
        var clustered = state.Domains.TryGetValue("delta.clustering", out var domain)
            ? JsonElement.Parse(domain.GetProperty("configuration").GetString()!).GetProperty("clusteringColumns").EnumerateArray().Select(c => string.Join('.', c.EnumerateArray().Select(p => p.GetString()))).ToList()
            : [];
        var limit = int.Parse(state.Property("delta.dataSkippingNumIndexedCols") ?? "32", CultureInfo.InvariantCulture);

        void Collect(JsonElement field, string[] parents, string logical, string source, NaiveNode? file)
        {
            var (stored, type) = (NaiveSchema.Physical(state, field), field.GetProperty("type"));
            string[] names = [.. parents, stored];
            logical += (logical.Length > 0 ? "." : "") + NaiveSchema.Name(field);
            var value = parents.Length == 0 ? NaiveSchema.Quoted(stored) : $"struct_extract({source}, {NaiveSchema.Literal(stored)})";
            if (NaiveSchema.Kind(type) == "struct")
            {
                foreach (var child in type.GetProperty("fields").EnumerateArray())
                {
                    Collect(child, names, logical, value, file?.Find(NaiveSchema.Physical(state, child)));
                }

                return;
            }

            var inOrder = position++;
            var wanted = named is null ? limit < 0 || inOrder < limit : named.Any(n => logical == n || logical.StartsWith(n + ".", StringComparison.Ordinal));
            if (file is not null)
            {
                leaves.Add(new(names, NaiveSchema.Kind(type), NaiveSchema.SqlType(type), value, wanted || clustered.Contains(string.Join('.', names))));
            }
        }

        foreach (var field in NaiveSchema.Fields(state).EnumerateArray().Where(f => !state.PartitionColumns.Contains(NaiveSchema.Name(f))))
        {
            Collect(field, [], "", "", node.Find(NaiveSchema.Physical(state, field)));
        }

        return leaves;
    }

    private static JsonElement? Find(JsonElement stats, string part, Leaf leaf)
    {
        if (!stats.TryGetProperty(part, out var value))
        {
            return null;
        }

        foreach (var name in leaf.Path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return null;
            }
        }

        return value.ValueKind == JsonValueKind.Null ? null : value;
    }

    private static IEnumerable<string> Names(JsonElement values, string prefix) => values.EnumerateObject()
        .SelectMany(p => p.Value.ValueKind == JsonValueKind.Object ? Names(p.Value, prefix + p.Name + ".") : [prefix + p.Name]);

    private static string Text(JsonElement? value) => value is not { } given ? "nothing" : given.ValueKind == JsonValueKind.String ? given.GetString()! : given.GetRawText();

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            _wrong.Add($"{_file}: {otherwise}");
        }
    }
}
