using System.Globalization;
using System.Text;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Storage;
using RetailFlow.Testing.Stock;

namespace RetailFlow.Lakehouse.Tests.Bronze;

/// <summary>The journal has stock records and what the node itself decided and noted: each goes to its own table, and none is lost or counted twice.</summary>
public sealed class JournalEntryTests
{
    [Fact]
    public async Task Entries_of_the_node_are_rows_of_their_own_tables_and_no_received_records()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(Record("r1", "receipt", 5), Record("r2", "receipt", 1) with { Sku = "Ü" });
        await door.HoldAsync("b1", TimeSpan.FromMinutes(10), new RequestedLine("A", "x", Quantity.Parse("2.5")), new RequestedLine("Ü", null, Quantity.Of(1)));
        await door.SendAsync("no object");
        await door.HoldAsync("b2", TimeSpan.FromMinutes(10), new RequestedLine("A", "x", Quantity.Of(9)));
        await door.ConfirmAsync("b1");
        await door.SendAsync(Record("s1", "sale", 4));
        var last = await door.RegisterAsync(lake.Lake);
        var bronze = (await lake.RunAsync()).Steps.Single(s => s.Table == "bronze.inventory");

        Assert.Equal((4L, 3L, 1L), (bronze.Received, bronze.Accepted, bronze.Quarantined));
        var entries = door.Entries();
        Assert.Equal(
            entries.Where(e => e.Kind == JournalEntryKind.Reservation).Select(e => $"{e.Sequence}|{e.Noted}"),
            (await lake.TextAsync("select sequence, transition from bronze.reservations order by sequence")).Split('\n'));
        Assert.Equal(
            """
            hold|b1|key-0|00000000000000000000000000000001|done|held|2026-03-02T00:10:00.000000Z|cart "1"|web|[{"sku":"A","location":"x","quantity":2.5,"fulfilled":0},{"sku":"\u00DC","location":"x","quantity":1,"fulfilled":0}]
            hold|b2|key-1|00000000000000000000000000000001|shortfall|null|null|null|null|null
            confirm|b1|key-2|00000000000000000000000000000001|done|confirmed|2026-03-02T00:10:00.000000Z|cart "1"|web|[{"sku":"A","location":"x","quantity":2.5,"fulfilled":0},{"sku":"\u00DC","location":"x","quantity":1,"fulfilled":0}]
            """.ReplaceLineEndings("\n"),
            await lake.TextAsync("select command, id, key, request, outcome, state, expires_at, reference, channel, lines from bronze.reservations order by sequence"));
        Assert.Equal(
            $"{last}|A|x|{last - 1}|1.00000|0.00000|2.50000|1.50000|[\"b1\"]",
            await lake.TextAsync("select sequence, sku, location, cause, on_hand, held, committed, shortage, reservations from bronze.incidents"));

        // The place of a record is that of its line, whatever stands between.
        Assert.Equal("r1|1\nr2|2\ns1|7", await lake.TextAsync("select event_id, _row from bronze.inventory order by _row"));
        foreach (var table in (string[])["bronze.inventory", "bronze.reservations", "bronze.incidents"])
        {
            Assert.Equal(last, (await lake.Lake.Catalog.DescribeAsync(table, default)).Positions["journal"]);
        }

        await HoldsAsync(lake);
    }

    [Fact]
    public async Task Ranges_come_one_after_another_and_each_entry_once()
    {
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        for (var i = 0; i < 6; i++)
        {
            await door.SendAsync(Record($"r{i}", "receipt", 5));
            if (i is 1 or 2 or 5)
            {
                await door.HoldAsync($"b{i}", TimeSpan.FromMinutes(10), new RequestedLine("A", "x", Quantity.Of(1)));
            }

            await door.RegisterAsync(lake.Lake);
            await lake.RunAsync();
            await HoldsAsync(lake);
        }

        Assert.Equal("3|b1\n5|b2\n9|b5", await lake.TextAsync("select sequence, id from bronze.reservations order by sequence"));
        await lake.RunAsync(fullRefresh: true);
        Assert.Equal("3|b1\n5|b2\n9|b5", await lake.TextAsync("select sequence, id from bronze.reservations order by sequence"));
        await HoldsAsync(lake);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_is_set_aside_with_its_bytes()
    {
        await using var lake = await TestLake.OpenAsync();
        var lines = new StringBuilder();
        Line(lines, 1, """{"command":"hold","id":"b1","outcome":"granted"}""");
        Line(lines, 2, """{"command":"release","id":"b1","outcome":"state","reason":"why"}""");
        await RegisterAsync(lake, lines.ToString(), 2);
        await lake.RunAsync();

        var aside = Assert.Single(await lake.Lake.Quarantine.ShowAsync("reservations", null, 9, default));
        Assert.Equal(("unreadable_entry", 1L, """{"command":"hold","id":"b1","outcome":"granted"}"""), (aside.Rule, aside.Row, aside.Raw));
        Assert.Contains("granted", aside.Detail, StringComparison.Ordinal);
        Assert.Equal("2|release", await lake.TextAsync("select sequence, command from bronze.reservations"));
        await HoldsAsync(lake);
    }

    [Fact]
    public async Task An_entry_is_the_same_row_however_its_json_is_spaced()
    {
        string[] entries =
        [
            """{"command":"hold","id":"b1","key":"k","request":"0000000000000000000000000000abcd","outcome":"done","state":"held","created_at":"2026-03-01T00:00:00.000001Z","expires_at":"2026-03-02T00:10:00.000000Z","reference":"","channel":"web","sales":1,"lines":[{"sku":"A","location":"x","quantity":2.5,"fulfilled":0}]}""",
            """{"command":"hold","id":"b2","outcome":"done","state":"held","expires_at":"2026-03-02T00:10:00.000000Z","lines":[{"sku":"A","location":"x","quantity":1,"fulfilled":0}]}""",
            """{"command":"hold","id":"b3","key":"","request":"ffffffffffffffffffffffffffffffff","outcome":"shortfall","shortfalls":[{"sku":"A","requested":1,"available":-0.5}]}""",
            """{"command":"confirm","id":"","outcome":"state","reason":"why","state":"released","expires_at":"2026-03-02T00:10:00.000000Z","lines":[{"sku":"A","location":"x","quantity":1,"fulfilled":0}]}""",
        ];
        await using var lake = await TestLake.OpenAsync();
        var lines = new StringBuilder();
        for (var i = 0; i < entries.Length; i++)
        {
            Line(lines, (2 * i) + 1, entries[i]);
            Line(lines, (2 * i) + 2, "{ " + entries[i][1..]);
        }

        await RegisterAsync(lake, lines.ToString(), 2 * entries.Length);
        await lake.RunAsync();

        const string rows = "select r.at, command, id, key, request, outcome, state, created_at, expires_at, reference, channel, lines, ltrim(transition[2:]) as transition from bronze.reservations as r";
        Assert.Equal(
            """
            hold|b1|k|0000000000000000000000000000abcd|done|held|2026-03-01T00:00:00.000001Z|2026-03-02T00:10:00.000000Z||web
            hold|b2|null|null|done|held|2026-03-02T00:00:00.000000Z|2026-03-02T00:10:00.000000Z|null|null
            hold|b3||ffffffffffffffffffffffffffffffff|shortfall|null|null|null|null|null
            confirm||null|null|state|released|2026-03-02T00:00:00.000000Z|2026-03-02T00:10:00.000000Z|null|null
            """.ReplaceLineEndings("\n"),
            await lake.TextAsync("select command, id, key, request, outcome, state, created_at, expires_at, reference, channel from bronze.reservations where sequence % 2 = 1 order by sequence"));
        Assert.Equal(await lake.TextAsync($"{rows} where sequence % 2 = 0 order by sequence"), await lake.TextAsync($"{rows} where sequence % 2 = 1 order by sequence"));
        Assert.Equal(string.Join('\n', entries), await lake.TextAsync("select transition from bronze.reservations where sequence % 2 = 1 order by sequence"));
    }

    [Fact]
    public async Task An_entry_that_was_changed_on_disk_stops_the_run()
    {
        await using var lake = await TestLake.OpenAsync();
        var lines = new StringBuilder();
        Line(lines, 1, """{"command":"hold","id":"b1","outcome":"state"}""");
        await RegisterAsync(lake, lines.ToString().Replace("b1", "b2", StringComparison.Ordinal), 1);

        var refused = await Assert.ThrowsAsync<LakeException>(() => lake.RunAsync());

        Assert.Equal(LakeErrorKind.Corrupt, refused.Kind);
    }

    [Fact]
    public async Task Nothing_can_be_landed_among_the_entries_of_the_node()
    {
        await using var lake = await TestLake.OpenAsync();

        var refused = await Assert.ThrowsAsync<LakeException>(() => lake.LandAsync("{}", feed: "reservations"));

        Assert.Equal(LakeErrorKind.InvalidInput, refused.Kind);
    }

    private static TestStockRecord Record(string id, string type, decimal quantity) => new()
    {
        Source = "till",
        EventId = id,
        Type = type,
        Sku = "A",
        Location = "x",
        Quantity = quantity,
        EventTime = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
    };

    private static void Line(StringBuilder lines, long sequence, string entry)
    {
        var rest = string.Create(CultureInfo.InvariantCulture, $"\"seq\":{sequence},\"at\":\"2026-03-02T00:00:00.000000Z\",\"reservation\":{entry}}}");
        var checksum = Crc32C.ComputeAfter((byte)'{', Encoding.UTF8.GetBytes(rest));
        lines.Append(CultureInfo.InvariantCulture, $$"""{"crc32c":"{{checksum:x8}}",{{rest}}""").Append('\n');
    }

    private static async Task RegisterAsync(TestLake lake, string segment, long last)
    {
        const string path = "raw/inventory/ingestion_date=2026-03-02/source=http/journal-00000000000000000001.ndjson";
        var bytes = Encoding.UTF8.GetBytes(segment);
        await lake.Lake.Store.PutIfAbsentAsync(path, bytes);
        await lake.Lake.Landing.RegisterJournalAsync([new JournalRange(path, 0, bytes.Length, 1, last)], default);
    }

    private static async Task HoldsAsync(TestLake lake)
    {
        var reconciled = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(reconciled.Holds, string.Join('\n', reconciled.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }
}
