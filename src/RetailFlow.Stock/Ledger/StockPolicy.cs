using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>A quantity that only one channel may take.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Quantity">How much.</param>
public readonly record struct RingFence(string Channel, Quantity Quantity);

/// <summary>What may be sold of one SKU at one location, beside what is there.</summary>
public sealed record StockTerms
{
    /// <summary>Sell down to zero, no further, for every channel alike.</summary>
    public static StockTerms Plain { get; } = new();

    /// <summary>Never sold.</summary>
    public Quantity SafetyStock { get; init; }

    /// <summary>How far claims may go beyond what there is.</summary>
    public Quantity BackOrderLimit { get; init; }

    /// <summary>By channel, what must be left when it sells: for channels whose picture of stock is old.</summary>
    public IReadOnlyDictionary<string, Quantity> ChannelBuffers { get; init; } = new Dictionary<string, Quantity>();

    /// <summary>Quantities kept for single channels.</summary>
    public IReadOnlyList<RingFence> RingFences { get; init; } = [];

    /// <summary>Whether there is none of <see cref="RingFences"/>; asked for every line, and mostly they are an empty array.</summary>
    internal bool HasNoRingFence => RingFences is RingFence[] { Length: 0 } || RingFences.Count == 0;

    /// <summary>At or below it, and above zero, stock is low; zero if nobody asks.</summary>
    public Quantity LowStock { get; init; }

    /// <summary>At or below it, and above low stock, it is limited.</summary>
    public Quantity LimitedStock { get; init; }
}

/// <summary>The terms for each SKU and location. Pure: the same question has the same answer while a ledger has the policy.</summary>
public interface IStockPolicy
{
    /// <summary>The terms for a SKU at a location.</summary>
    StockTerms For(string sku, string location);
}

/// <summary>The same terms for all.</summary>
public sealed class UniformPolicy(StockTerms terms) : IStockPolicy
{
    /// <inheritdoc/>
    public StockTerms For(string sku, string location) => terms;
}
