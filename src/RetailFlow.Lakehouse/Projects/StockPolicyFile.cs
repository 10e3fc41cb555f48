using System.IO.Enumeration;
using System.Text;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Lakehouse.Projects;

/// <summary>
/// The terms on which stock may be sold, from <c>stock_policy.yml</c> of the project: a default, and rules by SKU and location of which the
/// first that fits applies. Without the file there is the variable <c>safety_stock</c> alone.
/// </summary>
public sealed class StockPolicyFile : IStockPolicy
{
    /// <summary>Name of the file in the project's folder.</summary>
    public const string FileName = "stock_policy.yml";

    private const long MicrosPerSecond = 1_000_000;
    private static readonly string[] s_terms = ["safety_stock", "backorder_limit", "low", "limited", "channel_buffers", "ring_fences"];

    private readonly StockTerms _default;
    private readonly List<(string Sku, string Location, StockTerms Terms)> _rules;

    private StockPolicyFile(StockTerms terms, List<(string Sku, string Location, StockTerms Terms)> rules, IReadOnlyList<QuietRule> quietRules)
    {
        _default = terms;
        _rules = rules;
        QuietRules = quietRules;
    }

    /// <summary>Sources that are expected to be heard of.</summary>
    public IReadOnlyList<QuietRule> QuietRules { get; }

    /// <summary>Reads a project's policy.</summary>
    /// <param name="project">The project.</param>
    /// <param name="sinceMicros">From when on sources are expected, microseconds since 1970 UTC.</param>
    /// <exception cref="LakeException">The file is wrong; the message names file, line, key and rule.</exception>
    public static StockPolicyFile Read(LakeProject project, long sinceMicros)
    {
        var plain = StockTerms.Plain;
        if (project.Variables.TryGetValue("safety_stock", out var units))
        {
            plain = plain with { SafetyStock = Parse(units) ?? throw new LakeException(LakeErrorKind.Configuration, $"dbt_project.yml: vars.safety_stock '{units}' must be a number with at most {Quantity.Places} decimal places.") };
        }

        var path = Path.Combine(project.Folder, FileName);
        if (!File.Exists(path) || YamlEntry.Read(path) is not { } root)
        {
            return new StockPolicyFile(plain, [], []);
        }

        root.AllowOnly("default", "rules", "quiet_sources");
        if (root["default"] is { } general)
        {
            general.AllowOnly(s_terms);
            plain = Terms(general, plain);
        }

        List<(string, string, StockTerms)> rules = [];
        foreach (var rule in root["rules"]?.Items ?? [])
        {
            rule.AllowOnly(["sku", "location", .. s_terms]);
            rules.Add((rule["sku"]?.Text ?? "*", rule["location"]?.Text ?? "*", Terms(rule, plain)));
        }

        return new StockPolicyFile(plain, rules, [.. (root["quiet_sources"]?.Items ?? []).Select(entry => Quiet(entry, sinceMicros))]);
    }

    /// <inheritdoc/>
    public StockTerms For(string sku, string location)
    {
        foreach (var (skus, locations, terms) in _rules)
        {
            if (FileSystemName.MatchesSimpleExpression(skus, sku, ignoreCase: false) && FileSystemName.MatchesSimpleExpression(locations, location, ignoreCase: false))
            {
                return terms;
            }
        }

        return _default;
    }

    private static StockTerms Terms(YamlEntry entry, StockTerms otherwise)
    {
        var terms = otherwise with
        {
            SafetyStock = Number(entry["safety_stock"]) ?? otherwise.SafetyStock,
            BackOrderLimit = Number(entry["backorder_limit"]) ?? otherwise.BackOrderLimit,
            LowStock = Number(entry["low"]) ?? otherwise.LowStock,
            LimitedStock = Number(entry["limited"]) ?? otherwise.LimitedStock,
        };
        if (entry["channel_buffers"] is { } buffers)
        {
            terms = terms with { ChannelBuffers = buffers.Members.ToDictionary(m => m.Name, m => Number(m.Value)!.Value, StringComparer.Ordinal) };
        }

        if (entry["ring_fences"] is { } fences)
        {
            terms = terms with { RingFences = [.. fences.Members.Select(m => new RingFence(m.Name, Number(m.Value)!.Value))] };
        }

        return terms;
    }

    private static QuietRule Quiet(YamlEntry entry, long sinceMicros)
    {
        entry.AllowOnly("source", "quiet_after_seconds", "locations", "buffer");
        var after = entry.Required("quiet_after_seconds");
        if (!long.TryParse(after, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) || seconds is < 1 or > 31_536_000)
        {
            throw entry["quiet_after_seconds"]!.Error($"'{after}' must be a whole number of seconds from 1 to 31536000");
        }

        return new QuietRule(
            entry.Required("source"),
            seconds * MicrosPerSecond,
            (entry["locations"]?.Texts ?? []).ToHashSet(StringComparer.Ordinal),
            Number(entry["buffer"]) ?? Quantity.Zero,
            sinceMicros);
    }

    private static Quantity? Number(YamlEntry? entry) => entry is null
        ? null
        : Parse(entry.Text) is { } quantity && quantity >= Quantity.Zero
            ? quantity
            : throw entry.Error($"'{entry.Text}' must be a number of units, not below 0, with at most {Quantity.Places} decimal places");

    private static Quantity? Parse(string text) => Quantity.Parse(Encoding.UTF8.GetBytes(text), out var quantity) == DecimalFault.None ? quantity : null;
}
