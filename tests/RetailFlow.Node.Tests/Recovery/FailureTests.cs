using System.Net;
using System.Text.Json;
using RetailFlow.Node.Tests.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>What a node does when something under it fails: it never acknowledges what is not durable, and never stops for what only lags.</summary>
public sealed class FailureTests : IAsyncLifetime
{
    private readonly NodeFixture _node = new();
    private FailingJournalFiles? _files;

    public async ValueTask InitializeAsync()
    {
        _files = new FailingJournalFiles(_node.LakePath);
        _node.Configure = options => options with { JournalFiles = _files };
        await _node.InitializeAsync();
    }

    [Fact]
    public async Task A_failed_sync_ends_acknowledging_and_readiness_names_it_until_the_node_is_started_again()
    {
        var before = await _node.PostAsync("till", NodeFixture.Sale("1"));
        _files!.Fail = true;

        await AssertRefusedAsync("2");
        _files.Fail = false;
        await AssertRefusedAsync("3");

        using var ready = await _node.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        await Problems.AssertAsync(ready, HttpStatusCode.ServiceUnavailable, "acknowledges nothing more");
        using var live = await _node.Client.GetAsync(new Uri("/health/live", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);

        await _node.StopAsync();
        await _node.StartAsync();
        var after = await _node.PostAsync("till", NodeFixture.Sale("1"), NodeFixture.Sale("3"));
        Assert.Equal((1, 1), (after.Accepted, after.Duplicates));
        Assert.True(after.Sequence > before.Sequence);
    }

    [Fact]
    public async Task A_pipeline_that_fails_is_named_and_does_not_keep_records_from_being_acknowledged()
    {
        var reply = await _node.PostAsync("till", NodeFixture.Sale("1"));
        await _node.CarriedAsync("A", reply.Sequence);
        var log = Directory.GetFiles(Path.Combine(_node.LakePath, "silver", "inventory_events", "_delta_log"), "*.json").Max()!;
        var whole = await File.ReadAllBytesAsync(log);
        await _node.StopAsync();
        await File.WriteAllTextAsync(log, "no action");
        try
        {
            // A table that cannot be read at start is a reason not to start; one that breaks later is the pipeline's trouble.
            var refused = await Assert.ThrowsAnyAsync<Exception>(_node.StartAsync);
            Assert.NotEmpty(refused.Message);
        }
        finally
        {
            await File.WriteAllBytesAsync(log, whole);
        }

        await _node.StartAsync();
        var next = NextLog(log);
        await File.WriteAllTextAsync(next, "no action");
        var during = await _node.PostAsync("till", NodeFixture.Sale("2"));
        Assert.Equal(1, during.Accepted);
        var pipeline = await UntilFailingAsync();
        Assert.NotEmpty(pipeline.GetProperty("reason").GetString()!);
        using var ready = await _node.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("-2", (await _node.GetAsync("/v1/stock/A")).GetProperty("total").GetProperty("on_hand").GetRawText());

        File.Delete(next);
        var stock = await _node.CarriedAsync("A", during.Sequence);
        Assert.Equal("-2", stock.GetProperty("total").GetProperty("on_hand").GetRawText());
        await _node.StopAsync();
        Assert.Contains("[4]", _node.Log.ToString(), StringComparison.Ordinal);
        Assert.Contains("[5]", _node.Log.ToString(), StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static string NextLog(string log)
    {
        var version = long.Parse(Path.GetFileNameWithoutExtension(log), System.Globalization.CultureInfo.InvariantCulture) + 1;
        return Path.Combine(Path.GetDirectoryName(log)!, FormattableString.Invariant($"{version:D20}.json"));
    }

    private async Task AssertRefusedAsync(string id)
    {
        using var content = new StringContent(NodeFixture.Sale(id));
        using var response = await _node.Client.PostAsync(new Uri("/v1/events?source=till", UriKind.Relative), content);
        await Problems.AssertAsync(response, HttpStatusCode.ServiceUnavailable, "acknowledges nothing more");
    }

    private async Task<JsonElement> UntilFailingAsync()
    {
        for (var ask = 0; ask < 500; ask++)
        {
            var pipeline = (await _node.GetAsync("/v1/status")).GetProperty("pipeline");
            if (pipeline.GetProperty("failures_in_a_row").GetInt32() > 0)
            {
                return pipeline;
            }

            await Task.Delay(10);
        }

        throw new Xunit.Sdk.XunitException("The pipeline did not fail.");
    }
}
