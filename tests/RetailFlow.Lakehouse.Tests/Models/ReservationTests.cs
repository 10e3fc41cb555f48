using System.Globalization;
using System.Text.Json;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;
using RetailFlow.Testing.Stock;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>
/// The lake follows the ledger (I4): after every run Gold's on hand, held and committed are the ledger's own at that sequence, whatever
/// records and commands came and however they were cut into runs, and a full refresh gives the same.
/// </summary>
public sealed class ReservationTests
{
    private const string Facts =
        "select reservation_id, line, sku, location, quantity, fulfilled, state, reference, channel, created_at, expires_at, confirmed_at, ended_at, last_sequence, last_at "
        + "from gold.fact_reservations order by reservation_id, line";

    private const string Stock = "select * from gold.stock_on_hand order by sku, location";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_lives_give_the_numbers_of_the_ledger_after_every_run(int seed)
    {
        var random = new Random(seed);
        var records = new RandomStockRecords(seed);
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        for (var run = 0; run < 7; run++)
        {
            await LiveAsync(door, records, random, random.Next(4) == 0 ? 3 : random.Next(20, 90));
            var sequence = await door.RegisterAsync(lake.Lake);
            await lake.RunAsync();
            await AgreesAsync(lake, door, sequence);
            await MoveAsync(lake, random);
        }

        Assert.NotEmpty(door.Reservations);
        var incremental = (await lake.TextAsync(Facts), await lake.TextAsync(Stock));
        await lake.RunAsync(fullRefresh: true);
        Assert.Equal(incremental, (await lake.TextAsync(Facts), await lake.TextAsync(Stock)));
        await AgreesAsync(lake, door, door.Ledger.PublishedSequence);
        await HoldsAsync(lake);
    }

    [Fact]
    public async Task Commands_alone_move_gold_and_its_place_in_the_journal()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 10));
        Assert.Equal("10.00000|0.00000|0.00000|10.00000", await StockAsync(lake, door));

        await door.HoldAsync("b1", TimeSpan.FromMinutes(1), new RequestedLine("A", "x", Quantity.Parse("2.5")), new RequestedLine("A", "x", Quantity.Of(1)));
        Assert.Equal("10.00000|3.50000|0.00000|6.50000", await StockAsync(lake, door));

        await door.ConfirmAsync("b1");
        Assert.Equal("10.00000|0.00000|3.50000|6.50000", await StockAsync(lake, door));

        await door.SendAsync(Receipt("s1", "A", 3) with { Type = "sale", Reference = "b1" });
        Assert.Equal("7.00000|0.00000|0.50000|6.50000", await StockAsync(lake, door));

        // Refused, and noted all the same: nothing moves but the place in the journal.
        await door.HoldAsync("b2", TimeSpan.FromMinutes(1), new RequestedLine("A", "x", Quantity.Of(7)));
        Assert.Equal("7.00000|0.00000|0.50000|6.50000", await StockAsync(lake, door));

        await door.AskAsync(new ReleaseCommand("key", 1, "b1"));
        Assert.Equal("7.00000|0.00000|0.00000|7.00000", await StockAsync(lake, door));
        Assert.Equal("1|2.50000|2.50000|released\n2|1.00000|0.50000|released", await lake.TextAsync("select line, quantity, fulfilled, state from gold.fact_reservations order by line"));
    }

    [Fact]
    public async Task A_hold_whose_time_is_past_counts_until_the_journal_ends_it()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 10));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(1), new RequestedLine("A", "x", Quantity.Of(4)));
        door.Wait(TimeSpan.FromHours(1));
        Assert.Equal("10.00000|4.00000|0.00000|6.00000", await StockAsync(lake, door));

        await door.SendAsync(Receipt("r2", "B", 1));
        Assert.Equal("10.00000|0.00000|0.00000|10.00000", await StockAsync(lake, door));
        Assert.Equal("expired|2026-03-02T01:00:00.000000Z|null", await lake.TextAsync("select state, ended_at, confirmed_at from gold.fact_reservations"));
        var then = await lake.Lake.Stock.GetAsync(["A"], null, new DateTimeOffset(2026, 3, 2, 0, 30, 0, TimeSpan.Zero), default);
        Assert.Equal((10m, 4m, 6m), then.Rows.Select(r => (r.OnHand, r.Held, r.Available)).Single());
    }

    [Fact]
    public async Task An_oversell_is_an_incident_with_the_reservations_that_it_hits()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 5));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(2)));
        await door.HoldAsync("b2", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(3)));
        await door.ConfirmAsync("b2");
        door.Wait(TimeSpan.FromSeconds(5));
        await door.SendAsync(Receipt("s1", "A", 4) with { Type = "sale" });
        await StockAsync(lake, door);
        const string incidents = "select sku, location, opened_at, sequence, on_hand, held, committed, shortage, reservations from gold.oversell_incidents order by sequence";
        Assert.Equal("A|x|2026-03-02T00:00:05.000000Z|6|1.00000|2.00000|3.00000|4.00000|[\"b1\",\"b2\"]", await lake.TextAsync(incidents));

        await door.SendAsync(Receipt("r2", "A", 10));
        await door.SendAsync(Receipt("s2", "A", 9) with { Type = "sale" });
        var step = await RunAsync(lake, door, "gold.oversell_incidents");
        Assert.Equal(("fold", 1L), (step.Mode, step.RowsWritten));
        Assert.Equal(2, (await lake.TextAsync(incidents)).Split('\n').Length);
        await HoldsAsync(lake);
    }

    [Fact]
    public async Task Records_alone_are_folded_as_if_there_were_no_reservations()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 5), Receipt("r2", "B", 5));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(2)));
        await RunAsync(lake, door, "gold.stock_on_hand");

        await door.SendAsync(Receipt("r3", "A", 1));
        var step = await RunAsync(lake, door, "gold.stock_on_hand");

        Assert.Equal(("fold", 1L), (step.Mode, step.RowsWritten));
        Assert.Equal("6.00000|2.00000|0.00000|4.00000", await lake.TextAsync("select on_hand, held, committed, available from gold.stock_on_hand where sku = 'A'"));
    }

    [Fact]
    public async Task Claims_that_come_and_go_are_folded_and_a_row_that_nobody_knows_of_is_evaluated()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 10), Receipt("r2", "B", 10));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(2)), new RequestedLine("B", "x", Quantity.Of(1)));
        await door.HoldAsync("b2", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(3)));
        await StockAsync(lake, door);

        await door.ConfirmAsync("b1");
        await door.HoldAsync("b3", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(1)));
        var step = await RunAsync(lake, door, "gold.stock_on_hand");
        Assert.Equal(("changes", 2L), (step.Mode, step.RowsWritten));
        Assert.Equal("10.00000|4.00000|2.00000|4.00000", await StockAsync(lake, door));

        await door.AskAsync(new ReleaseCommand("key", 1, "b1"));
        Assert.Equal("10.00000|4.00000|0.00000|6.00000", await StockAsync(lake, door));

        // What is added up needs the row before. One that somebody took away is made again from everything when a claim on it goes.
        await ShopProject.OnTableAsync(lake, "gold/stock_on_hand", t => t.DeleteAsync("sku = 'A'"));
        await door.AskAsync(new ReleaseCommand("key2", 1, "b3"));
        Assert.Equal("10.00000|3.00000|0.00000|7.00000", await StockAsync(lake, door));
        await HoldsAsync(lake);
    }

    [Fact]
    public async Task Stock_is_told_of_before_models_that_nobody_waits_for_begin()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 10));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(9), new RequestedLine("A", "x", Quantity.Of(2)));
        await door.RegisterAsync(lake.Lake);
        var told = new List<string>();
        var report = await lake.Lake.Pipeline.RunAsync(
            new RunOptions
            {
                StepEnded = async step =>
                {
                    told.Add(step.Table);
                    if (step.Table == "gold.stock_on_hand")
                    {
                        Assert.Equal("8.00000", await lake.TextAsync("select available from gold.stock_on_hand"));
                        Assert.DoesNotContain(await lake.Lake.Catalog.TablesAsync(default), t => t.Name is "gold.fact_reservations" or "gold.oversell_incidents");
                    }
                },
            },
            default);

        Assert.Equal(report.Steps.Select(s => s.Table), told);
        Assert.Equal(["gold.stock_on_hand", "gold.fact_reservations", "gold.oversell_incidents"], told.Where(t => t.StartsWith("gold.", StringComparison.Ordinal)));
        Assert.Equal("2.00000", await lake.TextAsync("select quantity from gold.fact_reservations"));
    }

    [Fact]
    public async Task Reconciliation_finds_a_claim_that_gold_has_wrong()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Receipt("r1", "A", 10));
        await door.HoldAsync("b1", TimeSpan.FromMinutes(1), new RequestedLine("A", "x", Quantity.Parse("2.5")));
        await StockAsync(lake, door);
        await HoldsAsync(lake);

        await ShopProject.OnTableAsync(lake, "gold/stock_on_hand", t => t.UpdateAsync(new Dictionary<string, string> { ["held"] = "1" }, "sku = 'A'"));

        var check = Assert.Single((await lake.Lake.Reconciliation.RunAsync(default)).Checks, c => !c.Holds && c.Equation.StartsWith("held and committed", StringComparison.Ordinal));
        Assert.Equal("I4", check.Invariant);
        Assert.Equal("A at x: held 1.00000, by the journal 2.50000; committed 0.00000, by the journal 0.00000", Assert.Single(check.Differences));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_that_breaks_off_at_any_store_call_is_completed_by_the_next(int seed)
    {
        var random = new Random(seed);
        var records = new RandomStockRecords(seed);
        using var folder = new TemporaryDirectory();
        await using var door = LedgerDoor.Open(folder.File("lake"));
        var broken = 0;
        for (var run = 0; run < 9; run++)
        {
            await LiveAsync(door, records, random, 12);
            var store = new FaultInjectingObjectStore(new LocalObjectStore(folder.File("lake")), FaultPlan.None);
            var calls = 0;
            var breakAt = random.Next(1, run == 0 ? 20 : 32);
            var after = random.Next(2) == 0;
            store.Follow(FaultPlan.When((operation, _, _) =>
                operation is not (StoreOperation.PutIfAbsent or StoreOperation.ImportIfAbsent or StoreOperation.Put) || ++calls < breakAt
                    ? StoreFault.None
                    : after ? StoreFault.FailAfter : StoreFault.FailBefore));
            await using (var lake = await TestLake.OpenAsync(folder: folder, store: store))
            {
                try
                {
                    await door.RegisterAsync(lake.Lake);
                    await lake.RunAsync();
                }
                catch (Exception e) when (e is IOException or LakeException or Delta.DeltaException)
                {
                    broken++;
                }
            }

            await using var again = await TestLake.OpenAsync(folder: folder);
            var sequence = await door.RegisterAsync(again.Lake);
            await again.RunAsync();
            await AgreesAsync(again, door, sequence);
        }

        Assert.InRange(broken, 3, 9);
        await using var end = await TestLake.OpenAsync(folder: folder);
        await HoldsAsync(end);
    }

    /// <summary>What changes no row: files are gathered, and a table goes back and forth.</summary>
    private static async Task MoveAsync(TestLake lake, Random random)
    {
        foreach (var table in (string[])["silver.reservations", "silver.open_reservations", "gold.stock_on_hand", "gold.fact_reservations"])
        {
            if (random.Next(3) == 0)
            {
                await lake.Lake.Maintenance.OptimizeAsync(table, random.Next(2) == 0 ? [] : ["sku"], default);
            }

            var version = (await lake.Lake.Catalog.HistoryAsync(table, 1, default)).Single().Version;
            if (random.Next(3) == 0 && version > 1)
            {
                await lake.Lake.Maintenance.RestoreAsync(table, random.NextInt64(1, version), default);
                await lake.Lake.Maintenance.RestoreAsync(table, version, default);
            }
        }
    }

    /// <summary>Records, commands and time, in any order.</summary>
    private static async Task LiveAsync(LedgerDoor door, RandomStockRecords records, Random random, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            door.Wait(TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(9_000) : random.Next(20)));
            if (random.Next(2) == 0)
            {
                await door.AskAnythingAsync(random);
                continue;
            }

            var record = records.Next();
            if (record.Type == "sale" && door.Reservations.Count > 0 && random.Next(3) == 0)
            {
                var claim = door.Ledger.Find(door.Reservations[random.Next(door.Reservations.Count)])!;
                record = record with { Reference = claim.Id, Sku = claim.Lines[0].Sku, Location = claim.Lines[0].Location };
            }

            await door.SendAsync(record);
        }
    }

    private static async Task AgreesAsync(TestLake lake, LedgerDoor door, long sequence)
    {
        var known = string.Join('\n', (await lake.TextAsync("select sku, location, on_hand, held, committed from gold.stock_on_hand order by sku, location")).Split('\n')
            .Where(row => !row.EndsWith("|0.00000|0.00000|0.00000", StringComparison.Ordinal)));
        Assert.Equal(string.Join('\n', door.Numbers().Split('\n').Where(row => !row.EndsWith("|0.00000|0.00000|0.00000", StringComparison.Ordinal))), known);
        Assert.Equal(sequence, door.Ledger.PublishedSequence);
        foreach (var table in (string[])["gold.stock_on_hand", "gold.fact_reservations", "bronze.reservations", "bronze.incidents"])
        {
            Assert.Equal(sequence, (await lake.Lake.Catalog.DescribeAsync(table, default)).Positions["journal"]);
        }

        Assert.Equal(FactsOf(door), await lake.TextAsync(Facts));
    }

    /// <summary>The facts as the lines of the journal tell them, read by nothing that the lake reads them with.</summary>
    private static string FactsOf(LedgerDoor door)
    {
        var facts = new SortedDictionary<string, (JsonElement Entry, long Sequence, long At, long? Confirmed, long? Ended)>(StringComparer.Ordinal);
        foreach (var (sequence, kind, noted, at) in door.Entries())
        {
            if (kind != JournalEntryKind.Reservation)
            {
                continue;
            }

            var entry = JsonDocument.Parse(noted).RootElement;
            if (entry.GetProperty("outcome").GetString() != "done")
            {
                continue;
            }

            var id = entry.GetProperty("id").GetString()!;
            var state = entry.GetProperty("state").GetString();
            var before = facts.GetValueOrDefault(id);
            facts[id] = (
                entry,
                sequence,
                at,
                before.Confirmed ?? (state == "confirmed" ? at : null),
                before.Ended ?? (state is "fulfilled" or "released" or "expired" ? at : null));
        }

        return string.Join('\n', facts.SelectMany(f => f.Value.Entry.GetProperty("lines").EnumerateArray().Select((line, i) => string.Join(
            '|',
            f.Key,
            i + 1,
            line.GetProperty("sku"),
            line.GetProperty("location"),
            line.GetProperty("quantity").GetDecimal().ToString("F5", CultureInfo.InvariantCulture),
            line.GetProperty("fulfilled").GetDecimal().ToString("F5", CultureInfo.InvariantCulture),
            f.Value.Entry.GetProperty("state"),
            f.Value.Entry.TryGetProperty("reference", out var reference) ? reference : "null",
            f.Value.Entry.TryGetProperty("channel", out var channel) ? channel : "null",
            f.Value.Entry.TryGetProperty("created_at", out var created) ? created : Moment(f.Value.At),
            f.Value.Entry.GetProperty("expires_at"),
            Moment(f.Value.Confirmed),
            Moment(f.Value.Ended),
            f.Value.Sequence,
            Moment(f.Value.At)))));
    }

    private static string Moment(long? micros) => micros is { } moment
        ? DateTime.UnixEpoch.AddTicks(moment * 10).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
        : "null";

    /// <summary>Runs, and gives the stock of A, which must be of the last sequence.</summary>
    private static async Task<string> StockAsync(TestLake lake, LedgerDoor door)
    {
        var sequence = await door.RegisterAsync(lake.Lake);
        await lake.RunAsync();
        Assert.Equal(sequence, (await lake.Lake.Stock.GetAsync(["A"], null, null, default)).Sequence);
        return await lake.TextAsync("select on_hand, held, committed, available from gold.stock_on_hand where sku = 'A'");
    }

    private static async Task<StepReport> RunAsync(TestLake lake, LedgerDoor door, string table)
    {
        await door.RegisterAsync(lake.Lake);
        return (await lake.RunAsync()).Steps.Single(s => s.Table == table);
    }

    private static async Task HoldsAsync(TestLake lake)
    {
        var reconciled = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }

    private static TestStockRecord Receipt(string id, string sku, decimal quantity) => new()
    {
        Source = "till",
        EventId = id,
        Type = "receipt",
        Sku = sku,
        Location = "x",
        Quantity = quantity,
        EventTime = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
    };
}
