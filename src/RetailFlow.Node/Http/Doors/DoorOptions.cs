using RetailFlow.Connectors.PosLog;
using RetailFlow.Connectors.Shopify;
using RetailFlow.Lakehouse;

namespace RetailFlow.Node.Http.Doors;

/// <summary>Settings of the doors for documents of others, out of environment variables; a secret is read where it is used and never shown.</summary>
public sealed record DoorOptions
{
    /// <summary>Zone of POSLog times without an offset.</summary>
    public const string PosLogZone = "RETAILFLOW_POSLOG_ZONE";

    /// <summary>Secrets of Shopify's webhooks, separated by commas.</summary>
    public const string ShopifySecret = "RETAILFLOW_SHOPIFY_SECRET";

    /// <summary>Path of the file that names Shopify's variants, items and locations.</summary>
    public const string ShopifyItems = "RETAILFLOW_SHOPIFY_ITEMS";

    /// <summary>Location of Shopify's documents that name none.</summary>
    public const string ShopifyLocation = "RETAILFLOW_SHOPIFY_LOCATION";

    /// <summary>What an inventory level of Shopify is: <c>count</c>, or <c>keep</c> for nothing.</summary>
    public const string ShopifyLevels = "RETAILFLOW_SHOPIFY_LEVELS";

    /// <summary>Reads a variable of the environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The zone for POSLog, null where none is set.</summary>
    /// <exception cref="LakeException">The variable names no zone.</exception>
    internal LocalZone? Zone() => Set(PosLogZone) is not { } name ? null
        : LocalZone.TryParse(name, out var zone) ? zone
        : throw Wrong(PosLogZone, $"'{name}' is neither a zone that this machine knows nor an offset such as +01:00.");

    /// <summary>How Shopify's webhooks are read.</summary>
    /// <exception cref="LakeException">A variable is wrong, or the file of names is.</exception>
    internal ShopifyOptions Shopify()
    {
        var levels = Set(ShopifyLevels) ?? "count";
        if (levels is not ("count" or "keep"))
        {
            throw Wrong(ShopifyLevels, $"'{levels}' is neither count nor keep.");
        }

        var options = new ShopifyOptions { DefaultLocation = Set(ShopifyLocation), LevelsAreCounts = levels == "count" };
        if (Set(ShopifyItems) is not { } path)
        {
            return options;
        }

        try
        {
            return options with { Names = ShopifyOptions.ReadNames(File.ReadAllText(path)) };
        }
        catch (Exception broken) when (broken is FormatException or IOException or UnauthorizedAccessException)
        {
            throw Wrong(ShopifyItems, $"'{path}': {broken.Message}");
        }
    }

    /// <summary>A variable's value, null where it is unset or empty.</summary>
    internal string? Set(string name) => Variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Refuses settings that make no door.</summary>
    internal void Validate()
    {
        Zone();
        Shopify();
    }

    private static LakeException Wrong(string name, string complaint) => new(LakeErrorKind.Configuration, $"{name}: {complaint}");
}
