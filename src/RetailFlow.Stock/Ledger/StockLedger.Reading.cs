namespace RetailFlow.Stock.Ledger;

/// <summary>One location of an answer.</summary>
/// <param name="Sku">SKU.</param>
/// <param name="Location">Location.</param>
/// <param name="Level">What is known of it.</param>
/// <param name="Terms">The terms that apply.</param>
public readonly record struct StockReading(string Sku, string Location, StockLevel Level, StockTerms Terms);

/// <content>Reading, from any thread, without a lock.</content>
public sealed partial class StockLedger
{
    /// <summary>
    /// Everything that is durable of some SKUs, of one moment of the journal, by SKU in the order asked and then by location.
    /// SKUs that were never seen are left out.
    /// </summary>
    /// <param name="skus">The SKUs.</param>
    /// <param name="into">Emptied, and filled with the answer.</param>
    /// <returns>The sequence that the answer contains, and no entry after it.</returns>
    public long Read(ReadOnlySpan<string> skus, List<StockReading> into)
    {
        SpinWait wait = default;
        while (true)
        {
            long before = Volatile.Read(ref publishing);
            if ((before & 1) == 0)
            {
                into.Clear();
                long sequence = Volatile.Read(ref published);
                foreach (string sku in skus)
                {
                    foreach (StockKey key in keysBySku.GetValueOrDefault(sku, []))
                    {
                        if (key.TryGetLevel(out StockLevel level))
                        {
                            into.Add(new StockReading(key.Sku, key.Location, level, key.Terms));
                        }
                    }
                }

                Thread.MemoryBarrier();
                if (Volatile.Read(ref publishing) == before)
                {
                    return sequence;
                }
            }

            // Never to sleep: who reads may be one that others wait for.
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Every key that is durable, in no order and not of one moment: for audits while nothing is applied.</summary>
    public IEnumerable<StockReading> All()
    {
        foreach (StockKey key in keysBySku.Values.SelectMany(ofSku => ofSku))
        {
            if (key.TryGetLevel(out StockLevel level))
            {
                yield return new StockReading(key.Sku, key.Location, level, key.Terms);
            }
        }
    }
}
