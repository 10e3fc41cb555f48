using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Serving;
using Xunit;

namespace RetailFlow.Node.Tests.Serving;

public sealed class GoldStockTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Rows_are_found_by_sku_in_the_order_of_their_locations()
    {
        var snapshot = new GoldSnapshot(Sheet(3, Row("A", "L2"), Row("B", "L1"), Row("A", "L1")), 7);

        Assert.Equal(["L1", "L2"], snapshot.Of("A").ToArray().Select(r => r.Location));
        Assert.True(snapshot.Of("a").IsEmpty);
        Assert.Equal((7, 3, 3), (snapshot.Sequence, snapshot.Version, snapshot.Count));
    }

    [Fact]
    public async Task Who_waits_for_a_sequence_is_woken_by_the_snapshot_that_contains_it()
    {
        var gold = new GoldStock(TimeProvider.System);
        gold.Publish(new GoldSnapshot(Sheet(1), 1));
        var waiting = gold.WaitForAsync(3, TimeSpan.FromMinutes(1), CancellationToken.None).AsTask();

        gold.Publish(gold.Current!.CarriedTo(2, s_time));
        Assert.False(waiting.IsCompleted);
        gold.Publish(gold.Current!.CarriedTo(5, s_time));

        Assert.Equal(5, (await waiting)!.Sequence);
    }

    [Fact]
    public async Task Who_waits_too_long_is_told_so()
    {
        var gold = new GoldStock(TimeProvider.System);
        gold.Publish(new GoldSnapshot(Sheet(1), 1));

        Assert.Null(await gold.WaitForAsync(2, TimeSpan.FromMilliseconds(1), CancellationToken.None));
        Assert.NotNull(await gold.WaitForAsync(1, TimeSpan.Zero, CancellationToken.None));
    }

    private static StockSheet Sheet(long version, params StockRow[] rows) => new(0, version, s_time, rows);

    private static StockRow Row(string sku, string location) => new(sku, location, 1, 0, 0, 0, 1, null, null);
}
