using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>Two nodes, each with a lake of its own, in one consumer group.</summary>
public sealed class KafkaGroupTests : KafkaScenario
{
    private readonly KafkaNode _other = new();

    public override async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_other).DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Partitions_move_between_two_nodes_and_each_lake_has_what_it_took_once_and_without_gaps()
    {
        Node.Write(Brokers, "max_batch: 3");
        _other.Write(Brokers, "max_batch: 3");
        await ProduceAsync(30);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);

        var producing = ProduceAsync(60);
        await _other.StartAsync();
        await _other.UntilAsync(f => f.Partitions.Count > 0 && f.Partitions.All(p => p.AtEnd), "partitions of the second node");
        await producing;
        await Node.UntilAsync(f => f.Partitions.Count is > 0 and < Partitions && f.Partitions.All(p => p.AtEnd), "fewer partitions at the first node");
        Assert.Equal(Partitions, Node.Feed.Partitions.Count + _other.Feed.Partitions.Count);
        Assert.Empty(Node.Feed.Partitions.Select(p => p.Partition).Intersect(_other.Feed.Partitions.Select(p => p.Partition)));

        // Who has a partition has all of it, also what another node took before.
        var others = _other.Feed.Partitions.Select(p => p.Partition.Partition).ToHashSet();
        await _other.UntilAsync(f => f.Partitions.All(p => p.Lag == 0 && p.Position == 30), "everything of its partitions");
        Assert.Equal($"{30 * others.Count}", await _other.OnHandAsync("A"));

        await _other.StopAsync();
        await ProduceAsync(9);
        await Node.TakenAsync(Partitions);
        await AssertOnceAsync(Node);
        Assert.All(Node.Feed.Partitions, p => Assert.Equal(33, p.Position));
    }
}
