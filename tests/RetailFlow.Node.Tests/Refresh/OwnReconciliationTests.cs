using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using RetailFlow.Tables;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Refresh;

/// <summary>The node proves its tables by itself, while it runs, and says so when they are wrong.</summary>
public sealed class OwnReconciliationTests : IAsyncLifetime
{
    private readonly NodeFixture _node = new()
    {
        Configure = options => options with { ReconcileInterval = TimeSpan.FromMilliseconds(100), RunInterval = TimeSpan.FromMilliseconds(50) },
    };

    private readonly MeterListener _meter = new();
    private readonly ConcurrentDictionary<string, double> _measured = new(StringComparer.Ordinal);

    public async ValueTask InitializeAsync()
    {
        _meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name.StartsWith("retailflow.reconcile", StringComparison.Ordinal) || instrument.Name == "retailflow.ledger_equals_gold")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meter.SetMeasurementEventCallback<int>((instrument, value, _, _) => _measured.AddOrUpdate(instrument.Name, value, (_, before) => Math.Min(before, value)));
        _meter.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.AddOrUpdate($"{instrument.Name} {tags[0].Value}", value, (_, before) => before + value));
        _meter.Start();
        await _node.InitializeAsync();
    }

    [Fact]
    public async Task While_records_come_in_everything_adds_up_at_a_sequence_that_rises()
    {
        var first = await _node.PostAsync("w", NodeFixture.Record("1", "receipt", "A", "L", "5", "2026-01-01T00:00:00Z"), NodeFixture.Sale("2"), "no record");
        await _node.HoldAsync("k", "A", "1");
        var one = await ReconciledAsync(status => status.GetProperty("sequence").GetInt64() > first.Sequence);
        for (var i = 0; i < 20; i++)
        {
            await _node.PostAsync("till", NodeFixture.Sale($"{i}"), NodeFixture.Sale($"{i}"));
        }

        var sequence = _node.Host.State.Intake!.Sequence;
        var two = await ReconciledAsync(status => status.GetProperty("sequence").GetInt64() == sequence);

        Assert.All([one, two], status => Assert.True(status.GetProperty("ok").GetBoolean(), status.GetRawText()));
        Assert.True(two.GetProperty("runs").GetInt64() > one.GetProperty("runs").GetInt64() && two.GetProperty("checks").GetInt32() > 5);
        Assert.Equal("ready", (await _node.GetAsync("/health/ready")).GetProperty("status").GetString());
        _meter.RecordObservableInstruments();
        Assert.True(_measured["retailflow.reconcile.runs ok"] >= 2);
        Assert.Equal((1, 1), (_measured["retailflow.reconcile.ok"], _measured["retailflow.ledger_equals_gold"]));
    }

    [Fact]
    public async Task A_row_of_gold_that_is_wrong_is_named_until_it_is_right_again()
    {
        var reply = await _node.PostAsync("w", NodeFixture.Record("1", "receipt", "A", "L", "5", "2026-01-01T00:00:00Z"));
        await _node.CarriedAsync("A", reply.Sequence);
        await OnTableAsync("gold/stock_on_hand", table => table.UpdateAsync(new Dictionary<string, string> { ["on_hand"] = "6" }, "sku = 'A'"));

        var wrong = await ReconciledAsync(status => !status.GetProperty("ok").GetBoolean());
        var ready = await _node.GetAsync("/health/ready");
        _meter.RecordObservableInstruments();
        await OnTableAsync("gold/stock_on_hand", table => table.UpdateAsync(new Dictionary<string, string> { ["on_hand"] = "5" }, "sku = 'A'"));
        await ReconciledAsync(status => status.GetProperty("ok").GetBoolean());

        Assert.Equal(reply.Sequence, wrong.GetProperty("sequence").GetInt64());
        Assert.Contains(wrong.GetProperty("differences").EnumerateArray(), d => d.GetString()!.StartsWith("I4 gold.stock_on_hand: too much: ", StringComparison.Ordinal) && d.GetString()!.Contains("\"on_hand\":6", StringComparison.Ordinal));
        Assert.Equal("degraded", ready.GetProperty("status").GetString());
        Assert.Equal(0, _measured["retailflow.reconcile.ok"]);
        Assert.True(_measured["retailflow.reconcile.runs failed"] >= 1);
        var log = _node.Log.ToString();
        Assert.Contains("[16] The tables do not reconcile", log, StringComparison.Ordinal);
        Assert.Contains("gold.stock_on_hand: missing: ", log, StringComparison.Ordinal);
        Assert.Contains("[17]", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_of_silver_that_is_wrong_is_named()
    {
        var reply = await _node.PostAsync("w", NodeFixture.Record("1", "receipt", "A", "L", "5", "2026-01-01T00:00:00Z"));
        await _node.CarriedAsync("A", reply.Sequence);

        await OnTableAsync("silver/inventory_events", table => table.UpdateAsync(new Dictionary<string, string> { ["quantity"] = "50" }, "sku = 'A'"));

        var wrong = await ReconciledAsync(status => !status.GetProperty("ok").GetBoolean());
        Assert.Contains(wrong.GetProperty("differences").EnumerateArray(), d => d.GetString()!.StartsWith("I5 silver.inventory_events: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_is_told_not_to_does_not()
    {
        await _node.StopAsync();
        _node.Configure = options => options;
        await _node.StartAsync();
        var reply = await _node.PostAsync("w", NodeFixture.Sale("1"));
        await _node.CarriedAsync("A", reply.Sequence);

        var status = (await _node.GetAsync("/v1/status")).GetProperty("reconciliation");

        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null, 0), (status.GetProperty("ok").ValueKind, status.GetProperty("next").ValueKind, status.GetProperty("runs").GetInt64()));
    }

    public async ValueTask DisposeAsync()
    {
        _meter.Dispose();
        await _node.DisposeAsync();
    }

    /// <summary>Waits for a result that fits.</summary>
    private async Task<JsonElement> ReconciledAsync(Predicate<JsonElement> fits)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var status = (await _node.GetAsync("/v1/status")).GetProperty("reconciliation");
            if (status.GetProperty("ok").ValueKind != JsonValueKind.Null && fits(status))
            {
                return status;
            }

            await Task.Delay(20, patience.Token);
        }
    }

    private async Task OnTableAsync<T>(string path, Func<DeltaTable, ValueTask<T>> act)
    {
        using var folder = new TemporaryDirectory();
        using var tables = DeltaTables.Open(_node.Host.State.Lake!.Store, new DeltaTablesOptions { WorkFolder = folder.Path, Threads = 1 });
        await act(DeltaTable.Open(tables, path));
    }
}
