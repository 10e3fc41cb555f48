using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Cli.Tests.Recovery;

/// <summary>
/// 64 clients want two of 20 scarce SKUs at a time, and the node is killed in the middle of it, again and again (I2 of architecture.md):
/// what was answered survives, a retry is answered as the first time, and exactly the stock is granted. RETAILFLOW_RUSH_KILLS sets how
/// often, RETAILFLOW_SEED repeats a run.
/// </summary>
public sealed class RushKillTests : IDisposable
{
    private const int Clients = 64;
    private const int Skus = 20;
    private const int Stock = 16;

    private readonly CliFixture _cli = new();
    private readonly HttpClient _http = new();
    private readonly int _kills = Setting("RETAILFLOW_RUSH_KILLS", 2);
    private readonly int _seed = Setting("RETAILFLOW_SEED", 20260131);
    private int _reads;
    private int _undecided;
    private int _decidedUnanswered;

    private string LakePath => Path.Combine(_cli.Folder, "lake");

    [Fact]
    public async Task A_rush_with_kills_grants_exactly_the_stock_and_every_answered_grant_survives()
    {
        var random = new Random(_seed);
        var clients = Enumerable.Range(0, Clients).Select(number => new RushClient(number, Skus)).ToArray();
        for (var round = 0; round < _kills; round++)
        {
            await using var node = NodeProcess.Start(LakePath);
            await node.ListeningAsync();
            await (round == 0 ? ReceiveAsync(node.Address) : AuditAsync(node.Address, clients));
            await RushAsync(node, clients, random.Next(20, 90));
        }

        await using var last = NodeProcess.Start(LakePath);
        await last.ListeningAsync();
        await AuditAsync(last.Address, clients);
        await RushAsync(last, clients, int.MaxValue);
        var sweeper = await SweepAsync(last.Address);
        RushClient[] all = [.. clients, sweeper];
        await AuditAsync(last.Address, all);
        await AssertRepeatsAsync(last.Address, all);
        await AssertSoldOutAsync(last.Address, all);

        var (exit, log) = await last.TerminateAsync();
        Assert.True(exit == 0, log);
        var reconcile = await _cli.RunAsync("reconcile", "--project", Path.Combine(Repository.Root, "lakehouse"), "--output", "json");
        Assert.True(reconcile.Exit == 0, $"seed {_seed}: {reconcile.Output}{reconcile.Error}");
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
            $"{_kills} kills, seed {_seed}: {all.Sum(c => c.Answers.Count)} answers, {all.Sum(c => c.Grants.Count)} grants, {_undecided + _decidedUnanswered} requests lost their answer and {_decidedUnanswered} of them had been decided, {_reads} reads"));
    }

    public void Dispose()
    {
        _http.Dispose();
        _cli.Dispose();
    }

    private async Task ReceiveAsync(Uri address)
    {
        var lines = Enumerable.Range(0, Skus).Select(i =>
            $"{{\"event_id\":\"{i}\",\"type\":\"receipt\",\"sku\":\"{RushClient.Sku(i)}\",\"location\":\"L\",\"quantity\":{Stock},\"event_time\":\"2026-01-01T00:00:00Z\"}}");
        using var content = new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson");
        using var response = await _http.PostAsync(new Uri(address, "/v1/events?source=depot"), content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Everybody at once, until all have what they want or so many answers were given, and the node is killed.</summary>
    private async Task RushAsync(NodeProcess node, RushClient[] clients, int answers)
    {
        using var over = new CancellationTokenSource();
        var watching = WatchAsync(node.Address, over.Token);
        var due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = clients.Select(client => client.RunAsync(_http, node.Address, () =>
        {
            if (Interlocked.Decrement(ref answers) == 0)
            {
                due.SetResult();
            }
        })).ToArray();
        var rush = Task.WhenAll(running);
        if (await Task.WhenAny(due.Task, rush) == due.Task)
        {
            await node.KillAsync();
        }

        await rush;
        await over.CancelAsync();
        _reads += await watching;
        Assert.True(answers <= 0 || Array.TrueForAll(clients, client => client.Unanswered is null), "The node went away by itself.");
    }

    /// <summary>Reads all SKUs until told to stop or the node is gone: nobody may ever see less than nothing.</summary>
    private async Task<int> WatchAsync(Uri address, CancellationToken stop)
    {
        var path = new Uri(address, "/v1/stock?" + string.Join('&', Enumerable.Range(0, Skus).Select(i => $"sku={RushClient.Sku(i)}")));
        for (var reads = 0; ; reads++)
        {
            try
            {
                using var document = JsonDocument.Parse(await _http.GetStringAsync(path, stop));
                Assert.Equal(Skus, document.RootElement.GetArrayLength());
                foreach (var total in document.RootElement.EnumerateArray().Select(sku => sku.GetProperty("total")))
                {
                    var left = total.GetProperty("on_hand").GetDecimal() - total.GetProperty("held").GetDecimal() - total.GetProperty("committed").GetDecimal();
                    Assert.True(left >= 0 && left == total.GetProperty("available").GetDecimal(), total.GetRawText());
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException)
            {
                return reads;
            }
        }
    }

    /// <summary>While nobody asks: the node and its journal against what the clients were told.</summary>
    private async Task AuditAsync(Uri address, RushClient[] clients)
    {
        var book = RushBook.Read(LakePath, Stock);
        foreach (var client in clients)
        {
            foreach (var (key, answer) in client.Answers)
            {
                Assert.True(book.ByKey.TryGetValue(key, out var decided), $"seed {_seed}: {key} was answered with {answer.Status} and is not in the journal");
                Assert.Equal(answer.Status == 409 ? "shortfall" : "done", decided.Outcome);
            }

            // Nobody knows whether it was decided, but if it was, the retry is to be told just that.
            var open = client.Unanswered is { } unanswered && book.ByKey.TryGetValue(unanswered.Key, out var found) ? found.Grant : null;
            _decidedUnanswered += open is null ? 0 : 1;
            _undecided += client.Unanswered is not null && open is null ? 1 : 0;
            foreach (var grant in client.Grants.Values)
            {
                var expected = open?.Id == grant.Id ? open : grant;
                Assert.Equal(expected, book.Grants[grant.Id]);
                using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(address, $"/v1/reservations/{grant.Id}")));
                Assert.Equal(expected, RushBook.GrantOf(document.RootElement));
            }
        }

        // Grants that nobody was told of are those whose answer was lost, and no others.
        var known = clients.SelectMany(client => client.Grants.Keys).ToHashSet(StringComparer.Ordinal);
        var lost = clients.Select(client => client.Unanswered is { } u && book.ByKey.TryGetValue(u.Key, out var d) ? d.Grant?.Id : null).Where(id => id is not null);
        Assert.Equal(book.Grants.Keys.Order(StringComparer.Ordinal), known.Union(lost!).Order(StringComparer.Ordinal));
    }

    /// <summary>Takes what is left, one by one.</summary>
    private async Task<RushClient> SweepAsync(Uri address)
    {
        var sweeper = new RushClient(Clients * 4, 0);
        for (var i = 0; i < Skus; i++)
        {
            for (var n = 0; ; n++)
            {
                var answer = await RushClient.SendAsync(_http, address, RushClient.Hold($"one-rest-{i}-{n}", i));
                sweeper.Take(answer);
                if (answer.Status != 201)
                {
                    break;
                }
            }
        }

        return sweeper;
    }

    /// <summary>Every request once more: answered to the byte as the first time, whichever node that was.</summary>
    private async Task AssertRepeatsAsync(Uri address, RushClient[] clients) => await Task.WhenAll(clients.Select(async client =>
    {
        foreach (var answer in client.Answers.Values)
        {
            var again = await RushClient.SendAsync(_http, address, answer.Command);
            Assert.Equal((answer.Status, answer.Body), (again.Status, again.Body));
        }
    }));

    private async Task AssertSoldOutAsync(Uri address, RushClient[] clients)
    {
        var book = RushBook.Read(LakePath, Stock);
        var granted = clients.SelectMany(client => client.Grants.Values).SelectMany(RushBook.ClaimsOf).ToLookup(claim => claim.Sku, claim => claim.Quantity);
        for (var i = 0; i < Skus; i++)
        {
            var sku = RushClient.Sku(i);
            Assert.Equal((Stock, Stock), (granted[sku].Sum(), book.ClaimedOf(sku)));
            using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(address, $"/v1/stock/{sku}")));
            var total = document.RootElement.GetProperty("total");
            Assert.Equal(
                (Stock, Stock, 0),
                (total.GetProperty("on_hand").GetDecimal(), total.GetProperty("held").GetDecimal() + total.GetProperty("committed").GetDecimal(), total.GetProperty("available").GetDecimal()));
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
