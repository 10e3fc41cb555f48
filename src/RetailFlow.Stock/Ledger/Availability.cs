using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>What may be sold (stock.md section 3).</summary>
public static class Availability
{
    /// <summary>
    /// What a channel may still claim: unclaimed stock, less safety stock, the channel's buffer, an extra buffer, and what is kept for
    /// other channels and not yet claimed by them. May be negative.
    /// </summary>
    public static Quantity Of(Quantity unclaimed, StockTerms terms, string? channel, IReadOnlyDictionary<string, Quantity>? claims, Quantity extraBuffer)
    {
        Quantity available = unclaimed - terms.SafetyStock - extraBuffer;
        if (channel is not null && terms.ChannelBuffers.Count > 0 && terms.ChannelBuffers.TryGetValue(channel, out Quantity buffer))
        {
            available -= buffer;
        }

        if (terms.HasNoRingFence)
        {
            return available;
        }

        for (int i = 0; i < terms.RingFences.Count; i++)
        {
            RingFence fence = terms.RingFences[i];
            if (fence.Channel != channel)
            {
                Quantity left = fence.Quantity - (claims?.GetValueOrDefault(fence.Channel) ?? Quantity.Zero);
                available -= left > Quantity.Zero ? left : Quantity.Zero;
            }
        }

        return available;
    }
}
