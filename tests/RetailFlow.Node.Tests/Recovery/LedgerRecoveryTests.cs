using RetailFlow.Testing.Stock;
using Xunit;

namespace RetailFlow.Node.Tests.Recovery;

/// <summary>What a node knew of claims, keys and consumed goods it knows again, from the lake and from the journal after it.</summary>
public sealed class LedgerRecoveryTests : IAsyncLifetime
{
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync() => await _node.InitializeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Claims_and_answers_survive_a_crash_whether_the_lake_has_them_or_the_journal_alone(bool isInTheLake)
    {
        await RestAsync();
        await _node.PostAsync("warehouse", Receipt("1", "A", "20"), Receipt("2", "B", "5"));
        var held = await _node.HoldAsync("k-held", "A", "2");
        var ordered = await _node.HoldAsync("k-ordered", "A", "3");
        Assert.Equal(200, (await _node.CommandAsync($"/v1/reservations/{ordered}/confirm", "k-confirm")).Status);
        var gone = await _node.HoldAsync("k-gone", "B", "4");
        await _node.CommandAsync($"/v1/reservations/{gone}/confirm", "k-gone-confirm");
        var part = await _node.CommandAsync($"/v1/reservations/{gone}/fulfil", "k-fulfil", """{"lines":[{"line":1,"quantity":1}]}""");
        await _node.PostAsync("till", Sale("s1", "A", "1", ordered));
        if (isInTheLake)
        {
            await _node.CarriedAsync("A", _node.Host.State.Intake!.Sequence);
        }

        var refused = await _node.CommandAsync("/v1/reservations", "k-refused", """{"lines":[{"sku":"A","location":"L","quantity":100}]}""");
        Assert.Equal(409, refused.Status);

        await _node.CrashAsync();

        Assert.Equal("19 2 2 15", await _node.TotalAsync("A"));
        Assert.Equal("4 0 3 1", await _node.TotalAsync("B"));
        Assert.Equal("held", (await _node.GetAsync($"/v1/reservations/{held}")).GetProperty("state").GetString());
        Assert.Equal(held, await _node.HoldAsync("k-held", "A", "2"));
        var again = await _node.CommandAsync($"/v1/reservations/{gone}/fulfil", "k-fulfil", """{"lines":[{"line":1,"quantity":1}]}""");
        Assert.Equal((200, part.Body.GetRawText()), (again.Status, again.Body.GetRawText()));
        var refusedAgain = await _node.CommandAsync("/v1/reservations", "k-refused", """{"lines":[{"sku":"A","location":"L","quantity":100}]}""");
        Assert.Equal(refused.Body.GetRawText(), refusedAgain.Body.GetRawText());
        Assert.Equal("19 2 2 15", await _node.TotalAsync("A"));
        await _node.CommandAsync($"/v1/reservations/{gone}/fulfil", "k-rest");
        Assert.Equal("1 0 0 1", await _node.TotalAsync("B"));
    }

    [Fact]
    public async Task A_hold_whose_time_ran_out_while_the_node_was_down_is_expired()
    {
        await _node.PostAsync("warehouse", Receipt("1", "A", "5"));
        var id = await _node.HoldAsync("k", "A", "5", ttlSeconds: 1);
        await _node.StopAsync();
        _node.Configure = options => options with { Lake = options.Lake with { Clock = new Later(TimeSpan.FromSeconds(2)) } };
        await _node.StartAsync();

        Assert.Equal("expired", (await _node.GetAsync($"/v1/reservations/{id}")).GetProperty("state").GetString());
        Assert.Equal("5 0 0 5", await _node.TotalAsync("A"));
    }

    [Fact]
    public async Task Records_older_than_what_the_ledger_remembers_are_looked_up_in_the_lake()
    {
        await RestAsync();
        var early = await _node.PostAsync(
            "w",
            Receipt("r1", "A", "10", "2026-01-01T00:00:00Z"),
            NodeFixture.Record("c1", "count", "A", "L", "7", "2026-01-02T00:00:00Z"),
            NodeFixture.Record("c2", "count", "A", "L", "4", "2026-01-04T00:00:00Z"),
            NodeFixture.Sale("s1", "A", "L", "1", "2026-01-05T00:00:00Z"),
            Receipt("r2", "A", "6", "2026-01-06T00:00:00Z"));
        await _node.CarriedAsync("A", early.Sequence);
        Assert.Equal("9 0 0 9", await _node.TotalAsync("A"));

        await _node.PostAsync("w", Void("v1", "s1"));
        Assert.Equal("10 0 0 10", await _node.TotalAsync("A"));
        await _node.PostAsync("w", NodeFixture.Record("c3", "count", "A", "L", "20", "2026-01-05T12:00:00Z"));
        Assert.Equal("26 0 0 26", await _node.TotalAsync("A"));
        await _node.PostAsync("w", Void("v2", "c3"));
        Assert.Equal("10 0 0 10", await _node.TotalAsync("A"));
        await _node.PostAsync("w", Void("v3", "c2"));
        Assert.Equal("13 0 0 13", await _node.TotalAsync("A"));
        await _node.PostAsync("w", Void("v4", "s1"), Void("v5", "later"), Receipt("later", "A", "50"));
        Assert.Equal("13 0 0 13", await _node.TotalAsync("A"));

        await _node.CrashAsync();
        Assert.Equal("13 0 0 13", await _node.TotalAsync("A"));
        var last = await _node.PostAsync("w", NodeFixture.Sale("s9", "A", "L", "2", "2026-01-09T00:00:00Z"));
        await _node.CarriedAsync("A", last.Sequence);
        var comparison = (await _node.GetAsync("/health/ready")).GetProperty("ledger_equals_gold");
        Assert.True(comparison.GetProperty("holds").GetBoolean(), comparison.GetRawText());
        Assert.Equal(last.Sequence, comparison.GetProperty("sequence").GetInt64());
        Assert.Equal("11 0 0 11", await _node.TotalAsync("A"));
        var gold = await _node.QueryAsync("SELECT on_hand FROM gold.stock_on_hand WHERE sku = 'A'");
        Assert.Equal("11.00000", gold[0].GetProperty("on_hand").GetRawText());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task In_any_order_of_records_runs_and_crashes_the_numbers_are_those_of_the_definition(int seed)
    {
        await RestAsync();
        var random = new Random(seed);
        var model = new NaiveStockModel();
        var records = new RandomStockRecords(seed);
        for (var step = 0; step < 6; step++)
        {
            var batch = records.Take(random.Next(1, 25));
            foreach (var record in batch)
            {
                model.Receive(record);
            }

            await _node.PostAsync("unused", [.. batch.Select(record => record.ToJson())]);
            if (random.Next(2) == 0)
            {
                await _node.CarriedAsync(batch[0].Sku, _node.Host.State.Intake!.Sequence);
            }

            if (random.Next(4) == 0)
            {
                await _node.CrashAsync();
            }

            await AssertEqualAsync(model);
        }

        Assert.Equal(0, _node.Host.State.Comparison.Differed);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private static string Receipt(string id, string sku, string quantity, string time = "2026-01-01T00:00:00Z") =>
        NodeFixture.Record(id, "receipt", sku, "L", quantity, time);

    private static string Sale(string id, string sku, string quantity, string reference) =>
        NodeFixture.Sale(id, sku, "L", quantity).Replace("}", $",\"reference\":\"{reference}\"}}", StringComparison.Ordinal);

    private static string Void(string id, string target) =>
        $"{{\"event_id\":\"{id}\",\"type\":\"void\",\"sku\":\"A\",\"location\":\"L\",\"quantity\":1,\"event_time\":\"2026-01-07T00:00:00Z\",\"voids\":{{\"event_id\":\"{target}\"}}}}";

    private async Task AssertEqualAsync(NaiveStockModel model)
    {
        foreach (var row in model.Rows())
        {
            var stock = await _node.GetAsync($"/v1/stock/{Uri.EscapeDataString(row.Sku)}");
            var location = stock.GetProperty("locations").EnumerateArray().Single(l => l.GetProperty("location").GetString() == row.Location);
            Assert.Equal(row.OnHand, location.GetProperty("on_hand").GetDecimal());
        }
    }

    /// <summary>Lets the pipeline run only when it is asked to.</summary>
    private async Task RestAsync()
    {
        await _node.StopAsync();
        _node.Configure = options => options with { RunInterval = TimeSpan.FromHours(1) };
        await _node.StartAsync();
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
