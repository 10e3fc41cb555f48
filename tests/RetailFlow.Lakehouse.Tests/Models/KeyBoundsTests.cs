using System.Text.Json;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using RetailFlow.Testing.Stock;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>What a run reads of a table for the keys that changed: all rows of them, and as few files as their statistics allow.</summary>
public sealed class KeyBoundsTests
{
    private static readonly string[] ByReservation = ["silver.reservations", "silver.open_reservations", "gold.fact_reservations"];

    [Fact]
    public async Task A_run_with_reservations_that_are_new_reads_no_file_of_those_that_are_there()
    {
        var random = new Random(1);
        await using var lake = await TestLake.OpenAsync();
        await using var door = LedgerDoor.Open(lake.Lake.LocalFolder);
        await door.SendAsync(new TestStockRecord { Source = "till", EventId = "r1", Type = "receipt", Sku = "A", Location = "x", Quantity = 10_000, EventTime = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero) });
        var first = await HoldAsync(300);
        Assert.Equal("0 0 0", await RunAsync());

        await HoldAsync(300);
        Assert.Equal("0 0 0", await RunAsync());

        // Of two files the one that has it.
        await door.ConfirmAsync(first);
        Assert.Equal("1 1 1", await RunAsync());
        Assert.Equal("confirmed|1\nheld|599", await lake.TextAsync("select state, count(*) from gold.fact_reservations group by 1 order by 1"));

        async Task<string> HoldAsync(int count)
        {
            var last = "";
            for (var i = 0; i < count; i++)
            {
                door.Wait(TimeSpan.FromMilliseconds(1));
                var bytes = new byte[16];
                random.NextBytes(bytes);
                last = ReservationIds.At(door.Now, new Guid(bytes));
                await door.HoldAsync(last, TimeSpan.FromHours(1), new RequestedLine("A", "x", Quantity.Of(1)));
            }

            return last;
        }

        async Task<string> RunAsync()
        {
            await door.RegisterAsync(lake.Lake);
            var steps = (await lake.RunAsync()).Steps;
            return string.Join(' ', ByReservation.Select(table => steps.Single(s => s.Table == table).FilesRead));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_row_with_one_of_the_keys_is_passed_over_whatever_they_are(int seed)
    {
        var random = new Random(seed);
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder));
        for (var file = 0; file < 12; file++)
        {
            var around = random.Next(60);
            await lake.LandAsync(string.Join('\n', Enumerable.Range(0, 40).Select(i => JsonSerializer.Serialize(new { id = (file * 100) + i, shop = "s", sku = Key(around), quantity = 1 }))), feed: "items");
            await lake.RunAsync();
        }

        var table = lake.Lake.Tables["bronze.items"];
        var snapshot = await table.LatestAsync(default);
        using var open = new OpenFiles();
        using var connection = lake.Lake.Engine.Connect();
        connection.Execute("create temp table keys (k varchar, n bigint)");
        var skipped = 0;
        for (var round = 0; round < 60; round++)
        {
            connection.Execute("delete from keys");
            var around = random.Next(60);
            using (var appender = connection.CreateAppender("keys"))
            {
                for (var i = random.Next(4) == 0 ? 400 : random.Next(12); i > 0; i--)
                {
                    appender.AppendRow(random.Next(10) == 0 ? null : Key(random.Next(3) == 0 ? random.Next(60) : around), (long)random.Next(-50, 1_300));
                }

                appender.Flush();
            }

            foreach (var (key, column) in ((string, string)[])[("k", "sku"), ("n", "id")])
            {
                var bounds = KeyBounds.Of(connection, "keys", [key]);
                var files = bounds.Files(snapshot, [column]);
                skipped += snapshot.FileCount - files.Count;
                var all = await Count(await table.RelationAsync(open, connection, snapshot, default), "");
                Assert.Equal(all, await Count(await table.RelationAsync(open, connection, snapshot, default, files), bounds.Filter(snapshot, [column], "m")));

                Task<long> Count(string relation, string filter) =>
                    Task.FromResult(connection.Scalar<long>($"select count(*) from {relation} m where exists (select 1 from keys k where k.{key} = m.{column}){filter}"));
            }

            // A key of another type than its column says nothing.
            var any = connection.Scalar<long>("select count(*) from keys") > 0;
            Assert.Equal(any ? snapshot.FileCount : 0, KeyBounds.Of(connection, "keys", ["n"]).Files(snapshot, ["sku"]).Count);
        }

        Assert.InRange(skipped, 400, 1_400);

        string Key(int around) =>
            (random.Next(3) == 0 ? new string('x', 40) : "") + (char)('!' + (around + random.Next(4))) + (random.Next(4) == 0 ? "\U0001F600" : random.Next(4) == 0 ? "\uFFFD'" : "");
    }
}
