using Microsoft.Extensions.Logging.Abstractions;
using RetailFlow.Node.Refresh;
using RetailFlow.Node.Telemetry;
using RetailFlow.Node.Tests.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Refresh;

/// <summary>A node with enough to do puts its reconciliation off, and not for ever.</summary>
public sealed class OwnReconciliationPutOffTests : IAsyncLifetime
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(100);
    private readonly StoppedClock _clock = new();
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync()
    {
        // The node has one of its own, which is another.
        _node.Configure = options => options with { ReconcileInterval = s_interval, RunInterval = TimeSpan.FromHours(1), Lake = options.Lake with { Clock = _clock } };
        await _node.InitializeAsync();
    }

    [Fact]
    public async Task It_is_put_off_while_the_node_is_busy_by_an_interval_at_most()
    {
        var reply = await _node.PostAsync("w", NodeFixture.Record("1", "receipt", "A", "L", "5", "2026-01-01T00:00:00Z"));
        await _node.CarriedAsync("A", reply.Sequence);
        var state = _node.Host.State;
        using var telemetry = new NodeTelemetry(state);
        var own = new OwnReconciliation(state, state.Lake!, telemetry, NullLogger<OwnReconciliation>.Instance, CancellationToken.None);

        Assert.False(await BeganAfterAsync(TimeSpan.FromSeconds(29), isBusy: false));
        Assert.False(await BeganAfterAsync(TimeSpan.FromSeconds(1), isBusy: true));
        Assert.False(await BeganAfterAsync(s_interval - TimeSpan.FromSeconds(1), isBusy: true));
        Assert.True(await BeganAfterAsync(TimeSpan.FromSeconds(1), isBusy: true));
        Assert.False(await BeganAfterAsync(s_interval, isBusy: true));
        Assert.True(await BeganAfterAsync(TimeSpan.Zero, isBusy: false));

        async Task<bool> BeganAfterAsync(TimeSpan time, bool isBusy)
        {
            _clock.Advance(time);
            var before = own.EndedAsync();
            await own.BetweenRunsAsync(isBusy);
            await own.EndedAsync();
            return !ReferenceEquals(before, own.EndedAsync());
        }
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    /// <summary>Spans of time stand still too.</summary>
    private sealed class StoppedClock() : ManualClock(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero))
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => GetUtcNow().Ticks;
    }
}
