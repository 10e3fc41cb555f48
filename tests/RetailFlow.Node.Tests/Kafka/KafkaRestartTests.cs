using RetailFlow.Lakehouse;
using RetailFlow.Node.Kafka;
using RetailFlow.Node.Tests.Recovery;
using RetailFlow.Stock.Journal;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>How far a partition is stands in the journal: whatever happens to the node, its disk or the group, each message is taken once.</summary>
public sealed class KafkaRestartTests : KafkaScenario
{
    [Fact]
    public async Task A_restart_goes_on_behind_the_journal_when_the_groups_offsets_are_behind_or_ahead_or_lost()
    {
        Node.Write(Brokers);
        await ProduceAsync(20);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);
        await Node.StopAsync();
        Assert.Equal([7, 7, 6], Brokers.Committed("retailflow", Partitions));

        // Behind, ahead, and lost.
        Brokers.Commit("another", 0, 2);
        Brokers.Commit("another", 1, 100);
        Node.Write(Brokers, group: "another");
        await ProduceAsync(5);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);

        Assert.Equal((5, 0), (Node.Feed.Taken, Node.Feed.PassedOver));
        Assert.Equal([9, 8, 8], Node.Feed.Partitions.Select(p => p.Position));
        await AssertOnceAsync(Node);
    }

    [Fact]
    public async Task After_a_power_cut_positions_come_from_the_lake_and_the_journal_behind_it()
    {
        Node.Write(Brokers);
        Node.Configure = With(Node.Configure, options => options with { RunInterval = TimeSpan.FromHours(1) });
        await ProduceAsync(12);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);
        await AssertOnceAsync(Node);
        await ProduceAsync(9);
        await Node.UntilAsync(f => f.Taken == 21, "21 messages");

        await Node.CrashAsync();

        await Node.TakenAsync(Partitions);
        Assert.Equal(0, Node.Feed.Taken);
        await ProduceAsync(2);
        await Node.UntilAsync(f => f.Taken == 2, "2 more messages");
        await AssertOnceAsync(Node);
    }

    [Fact]
    public async Task A_journal_that_fails_ends_the_consumption_by_name_and_nothing_is_lost_or_twice_after_the_restart()
    {
        var files = new FailingJournalFiles(Node.LakePath);
        Node.Write(Brokers, "max_batch: 4");
        Node.Configure = With(Node.Configure, options => options with { JournalFiles = files });
        await ProduceAsync(10);
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);
        files.Fail = true;

        await ProduceAsync(30);
        var stopped = await Node.UntilAsync(f => f.State == FeedState.Stopped, "the end of the consumption");

        Assert.Contains("The journal takes nothing more", stopped.LastError, StringComparison.Ordinal);
        Assert.Equal("stopped", (await Node.StatusAsync()).GetProperty("state").GetString());
        await Node.StopAsync();
        files.Fail = false;
        await Node.StartAsync();
        await Node.TakenAsync(Partitions);
        await AssertOnceAsync(Node);
        Assert.Equal(14 + 13 + 13, Node.Feed.Partitions.Sum(p => p.Position));
    }

    [Fact]
    public async Task A_partition_whose_next_message_is_gone_stops_by_name_and_goes_on_where_that_is_configured()
    {
        Node.Write(Brokers);
        await using (var lake = await Lake.OpenAsync(Node.Configure(Node.Options(Node.LakePath)).Lake, default))
        {
            // What the journal goes on behind was of another topic of that name.
            var before = Enumerable.Range(0, Partitions).ToDictionary(p => new MessagePartition("pos", Brokers.Topic, p), _ => 2L);
            await lake.Landing.StartMessagesAsync(before, default);
        }

        await ProduceAsync(1);
        await Node.StartAsync();
        var feed = await Node.UntilAsync(f => f.Partitions.Count(p => p.Stopped is not null) == Partitions, "three stopped partitions");
        Assert.Equal(0, feed.Taken);
        Assert.Contains("pos/stock-events/0: the journal goes on at offset 2, but the broker has 0 to 1", feed.Partitions[0].Stopped, StringComparison.Ordinal);
        var partition = (await Node.StatusAsync()).GetProperty("partitions")[0];
        Assert.Equal("stopped", partition.GetProperty("state").GetString());
        Assert.Contains("on_truncated", partition.GetProperty("reason").GetString(), StringComparison.Ordinal);

        await Node.StopAsync();
        Node.Write(Brokers, "on_truncated: earliest");
        await Node.StartAsync();
        await Node.UntilAsync(f => f.Taken == 1, "the message that is there");
        await ProduceAsync(3);
        await Node.UntilAsync(f => f.Taken == 4 && f.Partitions.All(p => p.AtEnd), "the messages after it");
        await AssertOnceAsync(Node);
    }

    [Fact]
    public async Task A_source_that_starts_at_the_end_takes_what_comes_after_its_first_start_also_while_nothing_runs()
    {
        Node.Write(Brokers, "start: latest");
        await Brokers.ProduceAsync(0, Receipt(900));
        await Brokers.ProduceAsync(1, Receipt(901));
        var first = await KafkaIngest.RunAsync(Node.Configure(Node.Options(Node.LakePath)), "pos", TimeSpan.FromMinutes(1), default);
        Assert.Equal(["pos 0 1", "pos 1 1", "pos 2 0"], first.Select(p => $"{p.Source} {p.Partition} {p.Position}"));
        await ProduceAsync(3);

        await Node.StartAsync();
        await Node.TakenAsync(Partitions);

        Assert.Equal(3, Node.Feed.Taken);
        await AssertOnceAsync(Node);
    }

    private static Func<NodeOptions, NodeOptions> With(Func<NodeOptions, NodeOptions> before, Func<NodeOptions, NodeOptions> then) => options => then(before(options));
}
