using RetailFlow.Stock.Ledger;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>Keys are found by both their names and by number, and by nothing else.</summary>
public sealed class StockKeyTableTests
{
    [Fact]
    public void Every_key_is_found_by_its_two_names_and_its_number_and_no_other_is()
    {
        StockKeyTable table = new();
        Dictionary<(string, string), StockKey> expected = [];
        for (int n = 0; n < 9_000; n++)
        {
            // "AB" at "C" is not "A" at "BC".
            string name = $"SKU-{n / 3:D5}";
            int cut = 4 + (n % 3);
            StockKey key = new(name[..cut], name[cut..], StockTerms.Plain);
            if (expected.TryAdd((key.Sku, key.Location), key))
            {
                Assert.Null(Find(table, key.Sku, key.Location));
                table.Add(key);
            }
        }

        foreach (((string sku, string location), StockKey key) in expected)
        {
            Assert.Same(key, Find(table, new string(sku.AsSpan()), new string(location.AsSpan())));
            Assert.Same(key, table[key.Number]);
            Assert.Null(Find(table, location, sku));
        }

        Assert.Equal(expected.Count, expected.Values.Select(key => key.Number).Distinct().Count());
    }

    private static StockKey? Find(StockKeyTable table, string sku, string location) => table.Find(sku, location, StockKeyTable.HashOf(sku, location));
}
