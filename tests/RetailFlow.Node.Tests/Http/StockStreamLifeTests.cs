using System.Globalization;
using System.Net;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>Streams over restarts and shutdown, at their limits, and while much changes.</summary>
public sealed class StockStreamLifeTests : IAsyncLifetime
{
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("retailflow-stream-");
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero));
    private readonly NodeFixture _node = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task After_a_restart_a_client_is_told_everything_and_goes_on()
    {
        await _node.StartAsync();
        await ReceiveAsync("1", "A", "5");
        string last;
        await using (var events = await EventReader.OpenAsync(_node.Client, "/v1/stock/stream?sku=A"))
        {
            last = (await events.UntilAsync(e => e.Name == "ready")).LastId;
        }

        await ReceiveAsync("2", "A", "1");
        await _node.StopAsync();
        await _node.StartAsync();

        await using var again = await EventReader.OpenAsync(_node.Client, "/v1/stock/stream?sku=A", last);
        await again.NextAsync("reset");
        Assert.Equal("6", OnHand(await again.NextAsync("stock")));
        var ready = await again.NextAsync("ready");
        await ReceiveAsync("3", "A", "1");
        var changed = await again.NextAsync("stock");
        Assert.Equal("7", OnHand(changed));
        Assert.True(Place(last).CompareTo(Place(ready.LastId)) < 0 && Place(ready.LastId).CompareTo(Place(changed.LastId)) < 0, $"{last}, {ready.LastId}, {changed.LastId}");
    }

    [Fact]
    public async Task A_source_that_goes_quiet_and_is_heard_of_again_changes_what_its_locations_may_sell()
    {
        await CopyProjectAsync("quiet_sources: [{source: till, quiet_after_seconds: 60, locations: [shop], buffer: 2}]");
        await _node.StartAsync();
        await _node.PostAsync("till", Receipt("1", "A", "5", "shop"), Receipt("2", "B", "5", "depot"), Receipt("3", "C", "3", "shop"));
        await using var events = await EventReader.OpenAsync(_node.Client, "/v1/stock/stream");
        await events.UntilAsync(e => e.Name == "ready");

        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["A 3 till", "C 1 till"], new[] { Quiet(await events.NextAsync("stock")), Quiet(await events.NextAsync("stock")) }.Order(StringComparer.Ordinal));

        await _node.PostAsync("till", Receipt("1", "A", "5", "shop"));
        Assert.Equal(["A 5 ", "C 3 "], new[] { Quiet(await events.NextAsync("stock")), Quiet(await events.NextAsync("stock")) }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task One_stream_too_many_is_a_problem_and_a_place_that_is_left_is_free_again()
    {
        _node.Configure = options => options with { StreamLimit = 1 };
        await _node.StartAsync();
        await using (var first = await EventReader.OpenAsync(_node.Client, "/v1/stock/stream"))
        {
            await first.NextAsync("reset");
            using var second = await _node.Client.GetAsync(new Uri("/v1/stock/stream", UriKind.Relative));
            await Problems.AssertAsync(second, HttpStatusCode.ServiceUnavailable, "1 streams are open");
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            using var again = await _node.Client.GetAsync(new Uri("/v1/stock/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            if (again.IsSuccessStatusCode)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_stream_without_news_beats_and_ends_with_the_node()
    {
        _node.Configure = options => options with { StreamHeartbeat = TimeSpan.FromMilliseconds(50) };
        await _node.StartAsync();
        await using var events = await EventReader.OpenAsync(_node.Client, "/v1/stock/stream?sku=A");
        var begin = (await events.UntilAsync(e => e.Name == "ready")).LastId;

        // What it is not told of moves its place on all the same.
        await ReceiveAsync("1", "B", "5");
        var rest = events.NextAsync();
        while (events.Comments < 5)
        {
            Assert.False(rest.IsCompleted);
            await Task.Delay(10);
        }

        await _node.StopAsync();

        Assert.Null(await rest);
        Assert.True(Place(begin).CompareTo(Place(events.LastId)) < 0, $"{begin}, {events.LastId}");
    }

    [Fact]
    public async Task Whoever_is_cut_off_or_slow_while_much_changes_has_the_picture_of_the_node_in_the_end()
    {
        _node.Configure = options => options with { StreamRing = 64, StreamHeartbeat = TimeSpan.FromMilliseconds(20) };
        await _node.StartAsync();
        var random = new Random(7);
        var end = long.MaxValue;
        var followers = Enumerable.Range(0, 4).Select(n => new Follower(_node.Client, n == 0 ? "" : $"?sku=S{n}&sku=S{n + 4}", n)).ToArray();
        var following = followers.Select(follower => follower.RunAsync(() => Volatile.Read(ref end))).ToArray();
        for (var round = 0; round < 60; round++)
        {
            await _node.PostAsync("w", [.. Enumerable.Range(0, random.Next(1, 150)).Select(i => Receipt($"{round}-{i}", $"S{random.Next(10)}", "1", $"L{random.Next(3)}"))]);
        }

        await ReceiveAsync("end", "END", "1");
        Volatile.Write(ref end, _node.Host.State.Intake!.Sequence);
        await Task.WhenAll(following);
        foreach (var follower in followers)
        {
            Assert.NotEmpty(follower.Picture);
            foreach (var (sku, seen) in follower.Picture)
            {
                Assert.Equal($"{sku} {await _node.TotalAsync(sku)}", $"{sku} {seen}");
            }
        }

        Assert.Equal(11, followers[0].Picture.Count);
        Assert.All(followers, follower => Assert.True(follower.Resets > 0));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _project.Delete(recursive: true);
    }

    private static string OnHand(ServerEvent stock) => stock.Json.GetProperty("total").GetProperty("on_hand").GetRawText();

    private static (long Sequence, long Position) Place(string id)
    {
        var parts = id.Split('-');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static string Quiet(ServerEvent stock)
    {
        var location = stock.Json.GetProperty("locations")[0];
        var quiet = location.TryGetProperty("quiet_sources", out var sources) ? sources[0].GetString() : null;
        return $"{stock.Json.GetProperty("sku").GetString()} {location.GetProperty("available").GetRawText()} {quiet}";
    }

    private static string Receipt(string id, string sku, string quantity, string location = "L") =>
        NodeFixture.Record(id, "receipt", sku, location, quantity, "2026-01-01T00:00:00Z");

    private async Task ReceiveAsync(string id, string sku, string quantity) => await _node.PostAsync("warehouse", Receipt(id, sku, quantity));

    private async Task CopyProjectAsync(string policy)
    {
        var from = Path.Combine(NodeFixture.RepositoryRoot, "lakehouse");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(_project.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await File.WriteAllTextAsync(Path.Combine(_project.FullName, "stock_policy.yml"), policy);
        _node.Configure = options => options with { Lake = options.Lake with { ProjectPath = _project.FullName, Clock = _clock } };
    }

    /// <summary>A client that is cut off after some events, and keeps the newest state of each SKU.</summary>
    private sealed class Follower(HttpClient client, string query, int seed)
    {
        private readonly Random _random = new(seed);
        private string? _last;

        public Dictionary<string, string> Picture { get; } = new(StringComparer.Ordinal);

        public int Resets { get; private set; }

        /// <summary>Follows to where a sequence is contained.</summary>
        public async Task RunAsync(Func<long> end)
        {
            while (!IsAt(end()))
            {
                await using var events = await EventReader.OpenAsync(client, "/v1/stock/stream" + query, _last, tellsBeats: true);
                for (var left = _random.Next(1, 40); left > 0 && !IsAt(end()); left--)
                {
                    Take(await events.NextAsync());
                }
            }
        }

        private bool IsAt(long end) => _last is not null && Place(_last).Sequence >= end;

        private void Take(ServerEvent? next)
        {
            Assert.NotNull(next);
            if (next.LastId.Length > 0)
            {
                Assert.True(_last is null || Place(_last).CompareTo(Place(next.LastId)) <= 0, $"{next.LastId} after {_last}");
                _last = next.LastId;
            }

            if (next.Name == "reset")
            {
                Resets++;
                Picture.Clear();
            }
            else if (next.Name == "stock")
            {
                var total = next.Json.GetProperty("total");
                Picture[next.Json.GetProperty("sku").GetString()!] =
                    string.Join(' ', new[] { "on_hand", "held", "committed", "available" }.Select(name => total.GetProperty(name).GetRawText()));
            }
        }
    }
}
