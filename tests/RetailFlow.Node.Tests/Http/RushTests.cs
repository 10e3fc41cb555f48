using System.Globalization;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

public sealed class RushTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    private const int Clients = 64;
    private const int Skus = 20;
    private const int Stock = 8;

    [Fact]
    public async Task A_rush_of_two_line_baskets_is_granted_exactly_the_stock_and_never_less_than_nothing_is_available()
    {
        await node.PostAsync("rush", [.. Enumerable.Range(0, Skus).Select(i =>
            NodeFixture.Record($"{i}", "receipt", Sku(i), "L", Stock.ToString(CultureInfo.InvariantCulture), "2026-01-01T00:00:00Z"))]);
        var granted = new int[Skus];
        using var done = new CancellationTokenSource();
        var watching = WatchAsync(done.Token);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => BuyAsync(client, granted)));
        await done.CancelAsync();
        var reads = await watching;

        Assert.True(reads > 0);
        Assert.All(granted, sold => Assert.Equal(Stock, sold));
        for (var i = 0; i < Skus; i++)
        {
            Assert.Equal($"{Stock} {Stock} 0 0", await node.TotalAsync(Sku(i)));
        }
    }

    private static string Sku(int i) => $"RUSH-{i % Skus:D2}";

    /// <summary>Each client asks for pairs of neighbours, then for what is left one by one.</summary>
    private async Task BuyAsync(int client, int[] granted)
    {
        for (var i = 0; i < Skus; i++)
        {
            var (first, second) = ((client + i) % Skus, (client + i + 1) % Skus);
            var (status, _) = await node.CommandAsync(
                "/v1/reservations",
                $"rush-{client}-{i}",
                $"{{\"lines\":[{{\"sku\":\"{Sku(first)}\",\"location\":\"L\",\"quantity\":1}},{{\"sku\":\"{Sku(second)}\",\"quantity\":1}}]}}");
            if (status == 201)
            {
                Interlocked.Increment(ref granted[first]);
                Interlocked.Increment(ref granted[second]);
                continue;
            }

            Assert.Equal(409, status);
            (status, _) = await node.CommandAsync(
                "/v1/reservations", $"rush-{client}-{i}-one", $"{{\"lines\":[{{\"sku\":\"{Sku(first)}\",\"location\":\"L\",\"quantity\":1}}]}}");
            if (status == 201)
            {
                Interlocked.Increment(ref granted[first]);
            }
        }
    }

    /// <summary>Reads all SKUs until told to stop; returns how often.</summary>
    private async Task<int> WatchAsync(CancellationToken stop)
    {
        var path = "/v1/stock?" + string.Join('&', Enumerable.Range(0, Skus).Select(i => $"sku={Sku(i)}"));
        var reads = 0;
        while (!stop.IsCancellationRequested)
        {
            foreach (var total in (await node.GetAsync(path)).EnumerateArray().Select(sku => sku.GetProperty("total")))
            {
                Assert.True(total.GetProperty("on_hand").GetDecimal() - total.GetProperty("held").GetDecimal() >= 0, total.GetRawText());
            }

            reads++;
        }

        return reads;
    }
}
