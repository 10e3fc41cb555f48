namespace RetailFlow.Connectors.Shopify;

/// <summary>How Shopify's names become ours.</summary>
public sealed record ShopifyOptions
{
    /// <summary>Names by Shopify's: <c>variant:39072856</c>, <c>item:808950810</c>, <c>location:487838322</c>.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Location of documents that name none; null refuses them.</summary>
    public string? DefaultLocation { get; init; }

    /// <summary>Whether an inventory level is a count. Off, levels are kept and count nothing.</summary>
    public bool LevelsAreCounts { get; init; } = true;

    /// <summary>Reads a mapping file: CSV with the header <c>item,sku</c>, no quotes, one name a line.</summary>
    /// <param name="csv">The file's text.</param>
    /// <exception cref="FormatException">A line is none, or a name stands twice; the message says where.</exception>
    public static IReadOnlyDictionary<string, string> ReadNames(string csv)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = csv.TrimStart('\uFEFF').Split('\n');
        if (lines[0].Trim() != "item,sku")
        {
            throw new FormatException("line 1: the header is not 'item,sku'.");
        }

        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var parts = lines[i].Trim().Split(',');
            if (parts.Length != 2 || parts[1].Trim().Length == 0 || !IsName(parts[0].Trim()))
            {
                throw new FormatException($"line {i + 1}: not 'variant:ID,SKU', 'item:ID,SKU' or 'location:ID,LOCATION'.");
            }

            if (!names.TryAdd(parts[0].Trim(), parts[1].Trim()))
            {
                throw new FormatException($"line {i + 1}: '{parts[0].Trim()}' stands twice.");
            }
        }

        return names;
    }

    private static bool IsName(string item) => item.Split(':') is [("variant" or "item" or "location"), { Length: > 0 } id] && id.All(char.IsAsciiDigit);
}
