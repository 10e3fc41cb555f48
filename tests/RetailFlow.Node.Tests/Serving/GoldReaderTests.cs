using RetailFlow.Node.Serving;
using Xunit;

namespace RetailFlow.Node.Tests.Serving;

/// <summary>What the node holds in memory is what Gold holds, also when it read only what changed.</summary>
public sealed class GoldReaderTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task Stock_in_memory_equals_gold_after_changes_to_a_large_table()
    {
        var rows = Enumerable.Range(0, 21_000).Select(i => NodeFixture.Record($"c{i}", "count", $"S{i % 3000}", $"L{i / 3000}", $"{i % 10}", "2026-01-01T00:00:00Z"));
        await CarryAsync([.. rows]);
        await CarryAsync(NodeFixture.Sale("s1", "S1", "L1", "4"), NodeFixture.Sale("s2", "NEW", "L1", "1"));
        await CarryAsync(NodeFixture.Record("early", "count", "S2", "L2", "50", "2025-12-01T00:00:00Z"));
        await CarryAsync("""{"event_id":"v","type":"void","sku":"S3","location":"L3","quantity":1,"event_time":"2026-01-03T00:00:00Z","voids":{"event_id":"c9003"}}""");
        await CarryAsync(NodeFixture.Record("again", "count", "S4", "L4", "77", "2026-01-05T00:00:00Z"), NodeFixture.Sale("s3", "S4", "L4", "1", "2026-01-04T00:00:00Z"));

        foreach (var sku in new[] { "S0", "S1", "S2", "S3", "S4", "S2999", "NEW" })
        {
            var held = (await node.GetAsync($"/v1/stock/{sku}")).GetProperty("locations").EnumerateArray()
                .Select(l => (l.GetProperty("location").GetString(), l.GetProperty("on_hand").GetDecimal())).ToList();
            var gold = (await node.QueryAsync($"SELECT location, on_hand FROM gold.stock_on_hand WHERE sku = '{sku}' ORDER BY location")).EnumerateArray()
                .Select(l => (l.GetProperty("location").GetString(), l.GetProperty("on_hand").GetDecimal())).ToList();
            Assert.Equal(gold, held);
        }

        Assert.Equal("-1", (await node.GetAsync("/v1/stock/NEW")).GetProperty("total").GetProperty("on_hand").GetRawText());
        var status = await node.GetAsync("/v1/status");
        var count = (await node.QueryAsync("SELECT count(*) AS n FROM gold.stock_on_hand"))[0].GetProperty("n").GetInt64();
        Assert.Equal(count, status.GetProperty("stock_rows").GetInt64());

        var inMemory = node.Host.State.Gold.Current!;
        var anew = await new GoldReader(node.Host.State.Lake!).ReadAsync(default);
        Assert.Equal((count, inMemory.Version, inMemory.HighestOrder), (anew.Count, anew.Version, anew.HighestOrder));
        Assert.Equal(inMemory.Latest.Select(row => row.LastEventTime), anew.Latest.Select(row => row.LastEventTime));
        Assert.Equal(inMemory.Latest[0], anew.Latest[0]);
    }

    private async Task CarryAsync(params string[] records)
    {
        var reply = await node.PostAsync("gold", records);
        Assert.Equal(records.Length, reply.Accepted);
        await node.CarriedAsync("S1", reply.Sequence);
    }
}
