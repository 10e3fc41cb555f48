using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Serving;
using Xunit;

namespace RetailFlow.Node.Tests.Serving;

public sealed class GoldStockTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Changed_rows_take_the_place_of_those_they_replace_and_the_old_version_stays_as_it_was()
    {
        var old = Snapshot(3, 7, 70, Row("A", "L1"), Row("B", "L1"));

        var next = old.With([Row("A", "L1", 5), Row("A", "L0", 6), Row("C", "L9", 7)], 4, 4, 9, 90, s_time);

        Assert.Equal(
            [("A", "L0", 6m), ("A", "L1", 5m), ("B", "L1", 1m), ("C", "L9", 7m)],
            next.Latest.Select(r => (r.Sku, r.Location, r.OnHand)).Order());
        Assert.Equal((4L, 9L, 4L, 90L), (next.Version, next.Sequence, next.Count, next.HighestOrder));
        Assert.Equal([("A", "L1", 1m), ("B", "L1", 1m)], old.Latest.Select(r => (r.Sku, r.Location, r.OnHand)).Order());
        Assert.Equal((3L, 7L, 2L, 70L), (old.Version, old.Sequence, old.Count, old.HighestOrder));
    }

    [Fact]
    public void The_latest_rows_are_those_with_the_newest_events()
    {
        var rows = Enumerable.Range(0, 100).Select(i => Row($"S{i}", "L") with { LastEventTime = s_time.AddMinutes(i * 37 % 100) }).ToArray();
        var snapshot = Snapshot(1, 1, 1, rows);
        Assert.Equal(Enumerable.Range(80, 20).Reverse().Select(m => s_time.AddMinutes(m)), snapshot.Latest.Select(r => r.LastEventTime!.Value));

        var next = snapshot.With([Row("S0", "L") with { LastEventTime = s_time.AddDays(1) }], 100, 2, 2, 2, s_time);

        Assert.Equal(("S0", GoldSnapshot.LatestRows), (next.Latest[0].Sku, next.Latest.Count));
    }

    [Fact]
    public async Task Who_waits_for_a_sequence_is_woken_by_the_snapshot_that_contains_it()
    {
        var gold = new GoldStock(TimeProvider.System);
        gold.Publish(Snapshot(1, 1, 0));
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
        gold.Publish(Snapshot(1, 1, 0));

        Assert.Null(await gold.WaitForAsync(2, TimeSpan.FromMilliseconds(1), CancellationToken.None));
        Assert.NotNull(await gold.WaitForAsync(1, TimeSpan.Zero, CancellationToken.None));
    }

    private static GoldSnapshot Snapshot(long version, long sequence, long highestOrder, params StockRow[] rows) =>
        new(version, sequence, highestOrder, rows.Length, rows, s_time);

    private static StockRow Row(string sku, string location, decimal onHand = 1) => new(sku, location, onHand, 0, 0, 0, onHand, null, null);
}
