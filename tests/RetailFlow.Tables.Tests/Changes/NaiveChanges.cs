using System.Globalization;
using System.Text.Json.Nodes;

namespace RetailFlow.Tables.Tests.Changes;

/// <summary>
/// Change rows as the protocol's text has them, straight from the JSON of the log: no deletion vectors, no checkpoints, one schema. It shares
/// nothing with what it judges but the SQL engine.
/// </summary>
internal static class NaiveChanges
{
    /// <summary>A select of every change from a version on, with the columns of the feed but without the time.</summary>
    public static string Select(string folder, long from)
    {
        var parts = new List<string>();
        JsonArray fields = [];
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "_delta_log"), "*.json").Order(StringComparer.Ordinal))
        {
            var version = long.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
            var actions = File.ReadLines(file).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
            if (actions.Select(a => a["metaData"]).FirstOrDefault(m => m is not null) is { } metadata)
            {
                fields = JsonNode.Parse((string)metadata["schemaString"]!)!["fields"]!.AsArray();
            }

            if (version < from)
            {
                continue;
            }

            var cdc = actions.Select(a => a["cdc"]).OfType<JsonObject>().ToList();
            parts.AddRange(cdc.Select(a => Rows(folder, fields, a, "_change_type", version)));
            if (cdc.Count == 0)
            {
                parts.AddRange(actions.Select(a => a["add"]).OfType<JsonObject>().Select(a => Rows(folder, fields, a, "'insert'", version)));
                parts.AddRange(actions.Select(a => a["remove"]).OfType<JsonObject>().Select(a => Rows(folder, fields, a, "'delete'", version)));
            }
        }

        return string.Join(" union all ", parts);
    }

    private static string Rows(string folder, JsonArray fields, JsonObject action, string changeType, long version)
    {
        var partitions = action["partitionValues"]!.AsObject();
        var columns = fields.Select(field =>
        {
            var name = (string)field!["name"]!;
            var stored = (string?)field["metadata"]!["delta.columnMapping.physicalName"] ?? name;
            var type = field["type"] is JsonValue value && (string)value! is "long" or "integer" ? "bigint" : null;
            var expression = partitions.ContainsKey(stored) ? $"'{(string?)partitions[stored]}'" : Quoted(stored);
            return (type is null ? expression : $"cast({expression} as {type})") + " as " + Quoted(name);
        });
        var path = Path.Combine(folder, Uri.UnescapeDataString((string)action["path"]!));
        return $"select {string.Join(", ", columns)}, {changeType} as _change_type, {version} as _commit_version from read_parquet('{path}', hive_partitioning = false)";
    }

    private static string Quoted(string name) => '"' + name + '"';
}
