using System.Net;
using RetailFlow.Node.Tests.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>What a node tells of the past it tells after a restart too, from the lake and from the journal after it; and what it has forgotten, from the lake.</summary>
public sealed class RestartMemoryTests : IAsyncLifetime
{
    private static readonly TimeSpan s_never = TimeSpan.FromHours(1);
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("retailflow-memory-");
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero));
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync()
    {
        var from = Path.Combine(NodeFixture.RepositoryRoot, "lakehouse");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(_project.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        await File.WriteAllTextAsync(
            Path.Combine(_project.FullName, "stock_policy.yml"), "quiet_sources: [{source: till, quiet_after_seconds: 60, buffer: 2}, {source: scanner, quiet_after_seconds: 60, buffer: 1}]");
        _node.Configure = options => options with { RunInterval = s_never, Lake = options.Lake with { ProjectPath = _project.FullName, Clock = _clock } };
        await _node.StartAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_is_quiet_from_when_it_was_last_heard_of_whatever_restarts_there_were(bool isInTheLake)
    {
        // The scanner was never heard of: it is expected from each start on.
        var reply = await _node.PostAsync("till", Receipt("1", "A", "9"));
        if (isInTheLake)
        {
            await _node.CarriedAsync("A", reply.Sequence);
        }

        _clock.Advance(TimeSpan.FromSeconds(40));
        await _node.CrashAsync();
        Assert.Equal("9 0 0 9", await _node.TotalAsync("A"));

        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("9 0 0 9", await _node.TotalAsync("A"));
        _clock.Advance(TimeSpan.FromMicroseconds(1));
        Assert.Equal("9 0 0 7", await _node.TotalAsync("A"));

        await _node.CrashAsync();
        Assert.Equal("9 0 0 7", await _node.TotalAsync("A"));
    }

    [Fact]
    public async Task A_source_that_was_quiet_for_days_is_quiet_from_the_start_on()
    {
        var reply = await _node.PostAsync("till", Receipt("1", "A", "9"));
        await _node.CarriedAsync("A", reply.Sequence);
        _clock.Advance(TimeSpan.FromDays(30));

        await _node.CrashAsync();

        Assert.Equal("9 0 0 7", await _node.TotalAsync("A"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Incidents_are_told_after_a_restart_as_before(bool isInTheLake)
    {
        await _node.PostAsync("w", Receipt("1", "A", "5"), Receipt("2", "B", "5"));
        await _node.HoldAsync("k-a", "A", "2");
        await _node.HoldAsync("k-b", "B", "2");
        await _node.PostAsync("w", NodeFixture.Record("3", "damage", "A", "L", "4", "2026-01-02T00:00:00Z"));
        if (isInTheLake)
        {
            await _node.CarriedAsync("A", _node.Host.State.Intake!.Sequence);
        }

        await _node.PostAsync("w", NodeFixture.Record("4", "damage", "B", "L", "4.5", "2026-01-02T00:00:00Z"));
        var before = await _node.GetAsync("/v1/incidents");
        Assert.Equal(["B", "A"], before.EnumerateArray().Select(incident => incident.GetProperty("sku").GetString()));

        await _node.CrashAsync();
        Assert.Equal(before.GetRawText(), (await _node.GetAsync("/v1/incidents")).GetRawText());

        await _node.StopAsync();
        await _node.StartAsync();
        Assert.Equal(before.GetRawText(), (await _node.GetAsync("/v1/incidents")).GetRawText());
    }

    [Fact]
    public async Task A_reservation_that_ended_days_ago_is_told_from_the_lake()
    {
        await _node.PostAsync("w", Receipt("1", "A", "5"));
        var released = await _node.HoldAsync("k-1", "A", "2");
        var expired = await _node.HoldAsync("k-2", "A", "1", ttlSeconds: 60);
        await _node.CommandAsync($"/v1/reservations/{released}/release", "k-3");
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("5 0 0 5", await _node.TotalAsync("A"));
        var told = await _node.GetAsync($"/v1/reservations/{released}");
        await _node.CarriedAsync("A", _node.Host.State.Intake!.Sequence);

        _clock.Advance(TimeSpan.FromDays(3));
        await _node.HoldAsync("k-4", "A", "1");
        Assert.Null(await _node.Host.State.Intake!.Live.FindAsync(released, CancellationToken.None));

        Assert.Equal(told.GetRawText(), (await _node.GetAsync($"/v1/reservations/{released}")).GetRawText());
        Assert.Equal("expired", (await _node.GetAsync($"/v1/reservations/{expired}")).GetProperty("state").GetString());
        var sequence = _node.Host.State.Intake!.Sequence;
        var (status, answer) = await _node.CommandAsync($"/v1/reservations/{released}/release", "k-5");
        Assert.Equal((200, told.GetRawText()), (status, answer.GetRawText()));
        foreach (var (id, verb, state) in new[] { (released, "confirm", "released"), (expired, "fulfil", "expired"), (expired, "release", "expired") })
        {
            (status, answer) = await _node.CommandAsync($"/v1/reservations/{id}/{verb}", "k-6" + id + verb);
            Assert.Equal((409, state), (status, answer.GetProperty("state").GetString()));
        }

        (status, _) = await _node.CommandAsync($"/v1/reservations/{new string('0', 32)}/release", "k-7");
        Assert.Equal(404, status);
        Assert.Equal(sequence, _node.Host.State.Intake!.Sequence);
        await _node.StopAsync();
        await _node.StartAsync();
        Assert.Equal(told.GetRawText(), (await _node.GetAsync($"/v1/reservations/{released}")).GetRawText());
        foreach (var unknown in new[] { new string('0', 32), "nobody", released.ToUpperInvariant() })
        {
            using var response = await _node.Client.GetAsync(new Uri($"/v1/reservations/{unknown}", UriKind.Relative));
            await Problems.AssertAsync(response, HttpStatusCode.NotFound, unknown);
        }
    }

    [Fact]
    public async Task A_lake_that_does_not_have_the_end_of_a_reservation_is_not_believed()
    {
        await _node.PostAsync("w", Receipt("1", "A", "5"));
        var id = await _node.HoldAsync("k-1", "A", "2");
        await _node.CarriedAsync("A", _node.Host.State.Intake!.Sequence);
        await _node.CommandAsync($"/v1/reservations/{id}/release", "k-2");
        _clock.Advance(TimeSpan.FromDays(3));
        await _node.HoldAsync("k-3", "A", "1");

        using var response = await _node.Client.GetAsync(new Uri($"/v1/reservations/{id}", UriKind.Relative));

        await Problems.AssertAsync(response, HttpStatusCode.ServiceUnavailable, "does not have the end");
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _project.Delete(recursive: true);
    }

    private static string Receipt(string id, string sku, string quantity) => NodeFixture.Record(id, "receipt", sku, "L", quantity, "2026-01-01T00:00:00Z");
}
