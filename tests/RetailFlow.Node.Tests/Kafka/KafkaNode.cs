using System.Text.Json;
using RetailFlow.Node.Kafka;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>A node whose project has a <c>kafka.yml</c>, and waiting for what it comes to.</summary>
public sealed class KafkaNode : NodeFixture, IAsyncDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("retailflow-kafka-");

    public KafkaNode()
    {
        var from = Path.Combine(RepositoryRoot, "lakehouse");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(_project.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        Configure = options => options with { Lake = options.Lake with { ProjectPath = _project.FullName } };
    }

    internal FeedStatus Feed => Assert.Single(Host.State.Kafka!.Statuses);

    public string ConfigurationFile => Path.Combine(_project.FullName, "kafka.yml");

    public void Write(MockBrokers brokers, string more = "", string group = "retailflow") => Write(brokers.Servers, brokers.Topic, more, group);

    public void Write(string servers, string topic, string more, string group = "retailflow") => File.WriteAllText(
        ConfigurationFile,
        $"""
        sources:
          - name: pos
            bootstrap_servers: {servers}
            topics: [{topic}]
            group: {group}
            session_timeout_ms: 2500
            {more}
        """);

    /// <summary>Waits until everything that the topic has is in the journal.</summary>
    internal Task<FeedStatus> TakenAsync(int partitions) => UntilAsync(
        feed => feed.Partitions.Count == partitions && feed.Partitions.All(p => p.AtEnd && p.Lag == 0) && feed.State == FeedState.Consuming,
        $"all of {partitions} partitions");

    /// <summary>Waits until the feed's status is as wanted.</summary>
    internal async Task<FeedStatus> UntilAsync(Predicate<FeedStatus> wanted, string what)
    {
        using var limit = new CancellationTokenSource(s_longest);
        while (true)
        {
            var changed = Host.State.Kafka!.ChangedAsync();
            if (Feed is { } feed && wanted(feed))
            {
                return feed;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Waited for {what}, and the status is {Feed} {string.Join("; ", Feed.Partitions)}. The log: {Log}");
            }
        }
    }

    public async Task<JsonElement> StatusAsync() => Assert.Single((await GetAsync("/v1/status")).GetProperty("kafka").EnumerateArray());

    /// <summary>Runs the pipeline until the tables have everything, and compares them with the ledger.</summary>
    public async Task<string> OnHandAsync(string sku)
    {
        var total = (await GetAsync($"/v1/stock/{sku}")).GetProperty("total").GetProperty("on_hand").GetRawText();
        var carried = await CarriedAsync(sku, Host.State.Intake!.Sequence);
        Assert.Equal(total, carried.GetProperty("total").GetProperty("on_hand").GetRawText());
        return total;
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        _project.Delete(recursive: true);
    }
}
