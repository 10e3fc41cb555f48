using System.Globalization;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>
/// kill -9 at random moments, of start-up, ingest and pipeline alike: what was acknowledged is there once, and every record that
/// RAW holds is accepted, duplicate or quarantined (I1 and I3 of architecture.md). RETAILFLOW_KILLS sets how often, RETAILFLOW_SEED
/// repeats a run.
/// </summary>
public sealed class KillTests : IDisposable
{
    private const int Clients = 3;
    private readonly CliFixture _cli = new();
    private readonly int _kills = Setting("RETAILFLOW_KILLS", 5);
    private readonly int _seed = Setting("RETAILFLOW_SEED", 20260131);

    private string LakePath => Path.Combine(_cli.Folder, "lake");

    [Fact]
    public async Task Every_acknowledged_record_survives_kills_and_is_there_once()
    {
        var random = new Random(_seed);
        var clients = Enumerable.Range(0, Clients).Select(c => new PostingClient(c, _seed + c)).ToArray();
        for (var round = 0; round < _kills; round++)
        {
            await using var node = NodeProcess.Start(LakePath);
            if (random.Next(6) == 0)
            {
                await KillWhileStartingAsync(node, random);
            }
            else
            {
                await KillWhileTakingAsync(node, clients, random);
            }
        }

        await using var last = NodeProcess.Start(LakePath);
        await last.ListeningAsync();
        var (exit, log) = await last.TerminateAsync();
        Assert.True(exit == 0, log);
        await AssertSilverAsync(clients);

        var reconcile = await _cli.RunAsync("reconcile", "--project", Path.Combine(Repository.Root, "lakehouse"), "--output", "json");
        Assert.True(reconcile.Exit == 0, $"seed {_seed}: {reconcile.Output}{reconcile.Error}");
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
            $"{_kills} kills, seed {_seed}: {clients.Sum(c => c.Received)} records answered, {clients.Sum(c => c.Acknowledged.Count)} different ones acknowledged"));
    }

    [Fact]
    public async Task A_terminated_node_has_carried_everything_into_gold()
    {
        await using var node = NodeProcess.Start(LakePath, intervalMilliseconds: 60_000);
        await node.ListeningAsync();
        using var http = new HttpClient { BaseAddress = node.Address };
        using var content = new StringContent(
            "{\"source\":\"till\",\"event_id\":\"1\",\"type\":\"receipt\",\"sku\":\"A\",\"location\":\"L\",\"quantity\":3,\"event_time\":\"2026-01-01T00:00:00Z\"}");
        using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        Assert.True(response.IsSuccessStatusCode);

        var (exit, log) = await node.TerminateAsync();

        Assert.True(exit == 0, log);
        var stock = await _cli.RunAsync("stock", "A", "--project", Path.Combine(Repository.Root, "lakehouse"));
        Assert.Equal("3", stock.Json[0].GetProperty("on_hand").GetRawText());
    }

    public void Dispose() => _cli.Dispose();

    private static async Task KillWhileStartingAsync(NodeProcess node, Random random)
    {
        await Task.WhenAny(node.ListeningAsync(), Task.Delay(random.Next(100, 600)));
        await node.KillAsync();
    }

    private static async Task KillWhileTakingAsync(NodeProcess node, PostingClient[] clients, Random random)
    {
        await node.ListeningAsync();
        var left = random.Next(1, 300);
        var due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var posting = clients.Select(c => c.RunAsync(node.Address, () =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                due.SetResult();
            }
        })).ToArray();
        await Task.WhenAny([due.Task, .. posting]);

        // So that the kill does not always come just behind an answer.
        await Task.Delay(random.Next(0, 30));
        await node.KillAsync();
        await Task.WhenAll(posting);
    }

    /// <summary>A node that was told to end has carried all of it.</summary>
    private async Task AssertSilverAsync(PostingClient[] clients)
    {
        var silver = new Dictionary<string, int>(StringComparer.Ordinal);
        var rows = await _cli.RunAsync(
            "sql", "SELECT source || '/' || event_id AS id FROM silver.inventory_events", "--project", Path.Combine(Repository.Root, "lakehouse"), "--output", "ndjson");
        Assert.True(rows.Exit == 0, rows.Error);
        foreach (var line in rows.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var row = JsonDocument.Parse(line);
            var id = row.RootElement.GetProperty("id").GetString()!;
            silver[id] = silver.GetValueOrDefault(id) + 1;
        }

        Assert.DoesNotContain(silver, s => s.Value != 1);
        var acknowledged = clients.SelectMany(c => c.Acknowledged.Keys.Select(id => $"{c.Source}/{id}")).ToHashSet(StringComparer.Ordinal);
        var sent = clients.SelectMany(c => c.Sent.Select(id => $"{c.Source}/{id}")).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(acknowledged);
        Assert.True(acknowledged.IsSubsetOf(silver.Keys), $"seed {_seed}: {acknowledged.Except(silver.Keys).Count()} acknowledged records are lost");
        Assert.True(sent.IsSupersetOf(silver.Keys), $"seed {_seed}: records that nobody sent");
        foreach (var client in clients)
        {
            Assert.Equal(client.Received, client.Accepted + client.Duplicates + client.Quarantined);
        }
    }

    private static int Setting(string name, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
