using System.Text;
using System.Text.Json;
using RetailFlow.Node.Simulation;
using Xunit;

namespace RetailFlow.Node.Tests.Simulation;

public sealed class LiveRetailerTests
{
    private static readonly RetailerOptions s_options = new() { Skus = 40, Locations = 5, BrokenRate = 0 };

    [Fact]
    public void Opening_counts_every_sku_at_every_location_once_in_posts_no_larger_than_asked()
    {
        var live = new RetailerSimulation(s_options).StartLive(new SetClock());

        var posts = live.Opening(recordsPerPost: 64).ToList();

        Assert.Equal([64, 64, 64, 8], posts.Select(post => post.Records));
        var keys = Records(posts).Select(record => (record.GetProperty("sku").GetString(), record.GetProperty("location").GetString())).ToList();
        Assert.Equal(200, keys.Distinct().Count());
    }

    [Fact]
    public void Batches_follow_the_rate_and_happen_between_the_last_batch_and_now()
    {
        var clock = new SetClock();
        var live = new RetailerSimulation(s_options with { LateRate = 0, RetryRate = 0 }).StartLive(clock, recordsPerSecond: 250);
        var total = 0;
        for (var i = 0; i < 8; i++)
        {
            var from = clock.Now;
            clock.Now += TimeSpan.FromSeconds(0.25);
            var posts = live.NextBatch(TimeSpan.FromSeconds(0.25));
            total += posts.Sum(post => post.Records);
            Assert.All(posts, post => Assert.All(Records([post]), record => Assert.Equal(post.Source, record.GetProperty("source").GetString())));
            var times = Records(posts).Where(record => record.GetProperty("type").GetString() is "receipt" or "damage" or "shrink").Select(record => record.GetProperty("event_time").GetDateTimeOffset());
            Assert.All(times, time => Assert.InRange(time, from.AddSeconds(-1), clock.Now));
        }

        Assert.Equal(500, total);
    }

    [Fact]
    public void Two_sessions_of_one_seed_share_no_event()
    {
        var clock = new SetClock();
        var first = Session(clock);
        clock.Now += TimeSpan.FromMinutes(1);
        var second = Session(clock);

        Assert.Empty(first.Intersect(second));
    }

    private static HashSet<string> Session(SetClock clock)
    {
        var live = new RetailerSimulation(s_options).StartLive(clock, recordsPerSecond: 300);
        return [.. Records(live.NextBatch(TimeSpan.FromSeconds(5))).Select(record => record.GetProperty("source").GetString() + "/" + record.GetProperty("event_id").GetString())];
    }

    private static List<JsonElement> Records(IEnumerable<SimulatedPost> posts) =>
        [.. posts.SelectMany(post => Encoding.UTF8.GetString(post.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => JsonDocument.Parse(line).RootElement)];

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
