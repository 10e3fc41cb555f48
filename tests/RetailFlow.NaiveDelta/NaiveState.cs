using System.Text.Json;

namespace RetailFlow.NaiveDelta;

/// <summary>What the actions of a log add up to: the newest wins for each key (protocol section "Action Reconciliation").</summary>
public sealed class NaiveState
{
    /// <summary>The newest <c>protocol</c>.</summary>
    public JsonElement? Protocol { get; private set; }

    /// <summary>The newest <c>metaData</c>.</summary>
    public JsonElement? Metadata { get; private set; }

    /// <summary>The files that are in the table, by path and deletion vector.</summary>
    public SortedDictionary<string, JsonElement> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The newest <c>txn</c> by application.</summary>
    public SortedDictionary<string, JsonElement> Transactions { get; } = new(StringComparer.Ordinal);

    /// <summary>The newest <c>domainMetadata</c> by domain, without those that were removed.</summary>
    public SortedDictionary<string, JsonElement> Domains { get; } = new(StringComparer.Ordinal);

    /// <summary>The table's property, or null.</summary>
    public string? Property(string name) =>
        Metadata!.Value.TryGetProperty("configuration", out var all) && all.ValueKind == JsonValueKind.Object && all.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>The partition columns' names.</summary>
    public IReadOnlyList<string> PartitionColumns => [.. Metadata!.Value.GetProperty("partitionColumns").EnumerateArray().Select(c => c.GetString()!)];

    /// <summary>A copy that goes its own way.</summary>
    public NaiveState Copy()
    {
        var copy = new NaiveState { Protocol = Protocol, Metadata = Metadata };
        foreach (var (from, to) in new[] { (Files, copy.Files), (Transactions, copy.Transactions), (Domains, copy.Domains) })
        {
            foreach (var (key, value) in from)
            {
                to.Add(key, value);
            }
        }

        return copy;
    }

    /// <summary>Takes one line of a commit, or one row of a checkpoint.</summary>
    public void Apply(JsonElement line)
    {
        foreach (var action in line.EnumerateObject().Where(a => a.Value.ValueKind == JsonValueKind.Object))
        {
            var value = action.Value;
            switch (action.Name)
            {
                case "protocol" when Has(value, "minReaderVersion"):
                    Protocol = value;
                    break;
                case "metaData" when Has(value, "id"):
                    Metadata = value;
                    break;
                case "add" when Has(value, "path"):
                    Files[Key(value)] = value;
                    break;
                case "remove" when Has(value, "path"):
                    Files.Remove(Key(value));
                    break;
                case "txn" when Has(value, "appId"):
                    Transactions[value.GetProperty("appId").GetString()!] = value;
                    break;
                case "domainMetadata" when Has(value, "domain"):
                    Domains.Remove(value.GetProperty("domain").GetString()!);
                    if (!value.TryGetProperty("removed", out var removed) || removed.ValueKind != JsonValueKind.True)
                    {
                        Domains.Add(value.GetProperty("domain").GetString()!, value);
                    }

                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Everything that a checkpoint must keep of it, one line each, the same for the same state.</summary>
    public List<string> Lines()
    {
        string[] history = ["dataChange"];
        var lines = new List<string> { "protocol " + Plain(Protocol!.Value), "metaData " + Plain(Metadata!.Value) };
        lines.AddRange(Files.Values.Select(f => "add " + Plain(f, history)));
        lines.AddRange(Domains.Values.Select(d => "domainMetadata " + Plain(d)));
        if (Property("delta.setTransactionRetentionDuration") is null)
        {
            lines.AddRange(Transactions.Values.Select(t => "txn " + Plain(t)));
        }

        return lines;
    }

    private static bool Has(JsonElement value, string key) => value.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null;

    private static string Key(JsonElement file) => Uri.UnescapeDataString(file.GetProperty("path").GetString()!) + " " + NaiveDeletionVector.Id(file);

    // Names in order; what is null or empty is as good as absent, except within the partition values.
    private static string Plain(JsonElement value, string[]? without = null, bool keepNull = false) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(", ", value.EnumerateObject()
            .Where(p => without?.Contains(p.Name) != true)
            .OrderBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => (p.Name, Text: p.Name == "stats" && p.Value.ValueKind == JsonValueKind.String ? Plain(JsonElement.Parse(p.Value.GetString()!)) : Plain(p.Value, null, p.Name == "partitionValues")))
            .Where(p => keepNull || p.Text is not ("null" or "{}" or "[]" or "false"))
            .Select(p => p.Name + ": " + p.Text)) + "}",
        JsonValueKind.Array => "[" + string.Join(", ", value.EnumerateArray().Select(v => Plain(v)).Order(StringComparer.Ordinal)) + "]",
        _ => value.GetRawText() is var text && value.ValueKind == JsonValueKind.String ? JsonSerializer.Serialize(value.GetString()) : text,
    };
}
