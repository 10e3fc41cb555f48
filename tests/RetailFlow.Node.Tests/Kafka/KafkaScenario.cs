using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>A cluster with one topic of three partitions, and a node that is not started yet.</summary>
public abstract class KafkaScenario : IAsyncLifetime
{
    protected const int Partitions = 3;
    private int _produced;

    private protected MockBrokers Brokers { get; } = new("stock-events", Partitions);

    private protected KafkaNode Node { get; } = new();

    /// <summary>Receipts of one piece of the SKU A that were produced.</summary>
    protected int Produced => _produced;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)Node).DisposeAsync();
        Brokers.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static string Receipt(int number) => NodeFixture.Record($"r{number}", "receipt", "A", "L", "1", "2026-01-02T00:00:00Z");

    /// <summary>Produces so many receipts, to the partitions in turn.</summary>
    protected async Task ProduceAsync(int count)
    {
        var first = _produced;
        _produced += count;
        await Task.WhenAll(Enumerable.Range(first, count).Select(i => Brokers.ProduceAsync(i % Partitions, Receipt(i))));
    }

    /// <summary>Asserts that each message has one entry in the journal, and that all stock answers say what was produced.</summary>
    private protected async Task AssertOnceAsync(KafkaNode node, int duplicates = 0)
    {
        Assert.Equal($"{_produced}", await node.OnHandAsync("A"));
        var rows = await node.QueryAsync("SELECT count(*) AS n FROM bronze.inventory");
        Assert.Equal(_produced + duplicates, rows[0].GetProperty("n").GetInt32());
    }
}
