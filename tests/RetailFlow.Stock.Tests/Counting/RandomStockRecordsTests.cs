using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Stock.Tests.Counting;

public sealed class RandomStockRecordsTests
{
    [Fact]
    public void One_seed_gives_one_stream() =>
        Assert.Equal(new RandomStockRecords(9).Take(500), new RandomStockRecords(9).Take(500));

    [Fact]
    public void The_stream_holds_every_situation_that_stock_must_survive()
    {
        IReadOnlyList<TestStockRecord> records = new RandomStockRecords(4).Take(3_000);
        NaiveStockModel model = new();
        List<NaiveVerdict> verdicts = [.. records.Select(model.Receive)];
        Dictionary<(string, string, long), (TestStockRecord Record, int Order)> accepted = model.Accepted
            .Select((record, order) => (Record: record, Order: order)).ToDictionary(entry => entry.Record.Identity);
        List<(TestStockRecord Record, int Order)> voids = [.. accepted.Values.Where(entry => entry.Record.IsVoid)];

        Assert.Equal(4, verdicts.Distinct().Count());
        Assert.Equal(10, records.Select(record => record.Type).Distinct().Count());
        Assert.Contains(voids, entry => accepted.TryGetValue(entry.Record.Target, out var target) && target.Order > entry.Order && !target.Record.IsVoid);
        Assert.Contains(voids, entry => accepted.TryGetValue(entry.Record.Target, out var target) && target.Order > entry.Order && target.Record.IsVoid);
        Assert.Contains(voids, entry => accepted.TryGetValue(entry.Record.Target, out var target) && target.Order < entry.Order);
        Assert.Contains(voids, entry => accepted.TryGetValue(entry.Record.Target, out var target) && target.Record.Type == "count");
        Assert.Contains(voids, entry => !accepted.ContainsKey(entry.Record.Target));
        Assert.Contains(voids.GroupBy(entry => entry.Record.Target), group => group.Count() > 1);
        Assert.Contains(
            model.Accepted.Where(record => record.Type == "count").GroupBy(record => (record.Sku, record.Location, record.EventTime)),
            group => group.Count() > 1);
        Assert.Contains(model.Rows(), row => row.OnHand < 0);
        Assert.Contains(model.Accepted, record => record.Quantity % 0.001m != 0);
    }
}
