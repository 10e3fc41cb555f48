using RetailFlow.Lakehouse;
using RetailFlow.Node.Kafka;
using Xunit;

namespace RetailFlow.Node.Tests.Kafka;

/// <summary>What a node does with a <c>kafka.yml</c> whose brokers nobody can reach, or which is wrong.</summary>
public sealed class KafkaStartTests : IAsyncLifetime
{
    private readonly KafkaNode _node = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_node).DisposeAsync();

    [Fact]
    public async Task Brokers_that_cannot_be_reached_are_named_in_the_status_and_the_node_answers_meanwhile()
    {
        _node.Write("127.0.0.1:1", "stock-events", "");
        await _node.StartAsync();

        var feed = await _node.UntilAsync(f => f.LastError is not null, "an error");

        Assert.Contains("127.0.0.1:1", feed.LastError, StringComparison.Ordinal);
        Assert.Equal(FeedState.Joining, feed.State);
        Assert.Equal(1, (await _node.PostAsync("till", NodeFixture.Sale("1"))).Accepted);
        var status = await _node.StatusAsync();
        Assert.Equal("joining", status.GetProperty("state").GetString());
        Assert.NotNull(status.GetProperty("last_error_at").GetString());
        Assert.Equal(0, status.GetProperty("partitions").GetArrayLength());
    }

    [Fact]
    public async Task A_secret_that_is_not_there_or_a_wrong_file_keeps_the_node_from_starting_with_one_line()
    {
        _node.Configure = With(_node.Configure, options => options with { Doors = options.Doors with { Variable = _ => null } });
        _node.Write("127.0.0.1:1", "stock-events", "security: {protocol: sasl_ssl, mechanism: PLAIN, username: u, password_env: KAFKA_PASSWORD}");
        var unset = await Assert.ThrowsAsync<LakeException>(_node.StartAsync);
        _node.Write("127.0.0.1:1", "stock-events", "formats: stock");
        var unknown = await Assert.ThrowsAsync<LakeException>(_node.StartAsync);

        Assert.Equal("kafka.yml: sources[0].security.password_env: the environment variable KAFKA_PASSWORD is not set.", unset.Message);
        Assert.StartsWith($"{_node.ConfigurationFile}:2: sources[0] has the unknown key 'formats'", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_that_names_no_source_connects_nowhere_and_has_nothing_to_take_from()
    {
        await _node.StartAsync();
        Assert.Null(_node.Host.State.Kafka);
        Assert.False((await _node.GetAsync("/v1/status")).TryGetProperty("kafka", out _));
        await _node.StopAsync();

        var options = _node.Configure(_node.Options(_node.LakePath));
        var nothing = await Assert.ThrowsAsync<LakeException>(() => KafkaIngest.RunAsync(options, null, TimeSpan.FromMinutes(1), default));
        _node.Write("127.0.0.1:1", "stock-events", "");
        var unknown = await Assert.ThrowsAsync<LakeException>(() => KafkaIngest.RunAsync(options, "tills", TimeSpan.FromMinutes(1), default));
        var nobody = await Assert.ThrowsAsync<LakeException>(() => KafkaIngest.RunAsync(options, "pos", TimeSpan.FromMilliseconds(1), default));

        Assert.Equal("The project has no kafka.yml with sources, so there is nothing to take from.", nothing.Message);
        Assert.Equal("Source 'tills' is not in kafka.yml; it has pos.", unknown.Message);
        Assert.StartsWith("Nothing came in 0 seconds: source pos was given no partition by the group retailflow", nobody.Message, StringComparison.Ordinal);
        Assert.Equal(LakeErrorKind.Unavailable, nobody.Kind);
    }

    private static Func<NodeOptions, NodeOptions> With(Func<NodeOptions, NodeOptions> before, Func<NodeOptions, NodeOptions> then) => options => then(before(options));
}
