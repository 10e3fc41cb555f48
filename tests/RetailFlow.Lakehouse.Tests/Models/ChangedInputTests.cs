using RetailFlow.Delta;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Tables;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Models;

/// <summary>
/// The law of models over inputs whose rows change: whatever others delete, update, move or clean up in Bronze between runs, the
/// models hold what an evaluation in memory gives, and a full refresh gives the same.
/// </summary>
public sealed class ChangedInputTests
{
    [Theory]
    [InlineData(1, null)]
    [InlineData(2, "interop")]
    [InlineData(3, null)]
    [InlineData(4, "interop")]
    public async Task Random_statements_on_an_input_leave_models_as_a_full_refresh_gives_them(int seed, string? profile)
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder, profile));
        var random = new Random(seed);
        var items = new Dictionary<long, Item>();
        var next = 0L;
        for (var round = 0; round < 10; round++)
        {
            var statements = round == 0 ? 0 : random.Next(4);
            if (round == 0 || random.Next(3) > 0)
            {
                await LandAsync(lake, items, [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => new Item(next++, $"s{random.Next(4)}", $"k{random.Next(5)}", random.Next(1, 9)))]);
            }

            for (var i = 0; i < statements; i++)
            {
                await ChangeAsync(lake, items, random);
            }

            if (random.Next(3) == 0)
            {
                // Gold then follows several versions of Silver at once, which moved and came back in between.
                await lake.Lake.Pipeline.RunAsync(new RunOptions { Select = "shelves" }, default);
                await MoveAsync(lake, random);
                continue;
            }

            await lake.RunAsync();
            await AgreesAsync(lake, items.Values);
        }

        await lake.RunAsync();
        await AgreesAsync(lake, items.Values);
        await lake.Lake.Pipeline.RunAsync(new RunOptions { Select = "shelves+", FullRefresh = true }, default);
        await AgreesAsync(lake, items.Values);
        Assert.DoesNotContain((await lake.Lake.Reconciliation.RunAsync(default)).Checks, c => c.Subject is "silver.shelves" or "gold.shops" or "gold.sums" or "gold.copies" && !c.Holds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("interop")]
    public async Task Only_keys_of_changed_rows_are_evaluated(string? profile)
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder, profile));
        var items = new Dictionary<long, Item>();
        await LandAsync(lake, items, [.. Enumerable.Range(0, 60).Select(i => new Item(i, $"s{i % 6}", $"k{i % 3}", 1))]);
        await lake.RunAsync();

        await LandAsync(lake, items, [new Item(60, "s0", "k0", 5)]);
        Assert.Equal(("fold", 1, "keys", 1), await StepsAsync(lake));

        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync("id = 3"));
        items.Remove(3);
        Assert.Equal(("keys", 1, "keys", 1), await StepsAsync(lake));

        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.UpdateAsync(new Dictionary<string, string> { ["shop"] = "'s9'" }, "id = 5"));
        items[5] = items[5] with { Shop = "s9" };
        Assert.Equal(("keys", 2, "keys", 2), await StepsAsync(lake));
        await AgreesAsync(lake, items.Values);
        Assert.Contains(
            (await ShopProject.OnTableAsync(lake, "bronze/items", t => t.LoadAsync())).Files, f => f.DeletionVector is not null);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("interop")]
    public async Task A_fold_of_changes_follows_rows_that_leave_and_those_that_came_and_left_between_two_runs(string? profile)
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder, profile));
        var items = new Dictionary<long, Item>();
        await LandAsync(lake, items, [.. Enumerable.Range(0, 60).Select(i => new Item(i, $"s{i % 6}", $"k{i % 3}", 1))]);
        await lake.RunAsync();

        // s9 comes and goes while Gold does not look, and so that its rows are moved in between.
        foreach (var (where, shop) in ((string, string)[])[("id in (0, 3)", "s9"), ("shop = 's9'", "s1")])
        {
            await ShopProject.OnTableAsync(lake, "bronze/items", t => t.UpdateAsync(new Dictionary<string, string> { ["shop"] = $"'{shop}'" }, where));
            await lake.Lake.Pipeline.RunAsync(new RunOptions { Select = "shelves" }, default);
            await lake.Lake.Maintenance.OptimizeAsync("silver.shelves", ["sku"], default);
        }

        items[0] = items[0] with { Shop = "s1" };
        items[3] = items[3] with { Shop = "s1" };
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync("shop = 's4'"));
        items.Keys.Where(id => items[id].Shop == "s4").ToList().ForEach(id => items.Remove(id));

        var steps = (await lake.RunAsync()).Steps;
        Assert.Equal(("changes", 4L), steps.Where(s => s.Table == "gold.sums").Select(s => (s.Mode, s.RowsWritten)).Single());
        Assert.Equal("changes", steps.Single(s => s.Table == "gold.copies").Mode);
        await AgreesAsync(lake, items.Values);
    }

    [Fact]
    public async Task A_fold_that_asks_for_changes_of_what_its_model_does_not_read_is_refused()
    {
        using var folder = new TemporaryDirectory();
        var project = await ShopProject.WriteAsync(folder);
        await File.WriteAllTextAsync(Path.Combine(project, "folds/copies.sql"), "select shop, sku, quantity, items from {{ changes('shops') }} where _sign > 0");
        var refused = await Assert.ThrowsAsync<LakeException>(() => TestLake.OpenAsync(project));
        Assert.Contains("copies.sql: its fold asks for the changes of gold.shops", refused.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(project, "folds/copies.sql"), "select 1");
        await File.WriteAllTextAsync(Path.Combine(project, "models/gold/copies.sql"), "select shop, sku, quantity, items from {{ changes('shelves') }}");
        refused = await Assert.ThrowsAsync<LakeException>(() => TestLake.OpenAsync(project));
        Assert.Contains("copies.sql: changes('shelves') has a meaning in a fold only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_whose_columns_changed_is_evaluated_as_a_whole()
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder));
        var items = new Dictionary<long, Item>();
        await LandAsync(lake, items, [.. Enumerable.Range(0, 30).Select(i => new Item(i, $"s{i % 6}", $"k{i % 3}", 1))]);
        await lake.RunAsync();

        // Shop and SKU trade names: rows that were read under the old ones are others now.
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.AlterAsync([
            new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" }),
            new SchemaChange.RenameColumn("shop", "other"),
            new SchemaChange.RenameColumn("sku", "shop"),
            new SchemaChange.RenameColumn("other", "sku")]));
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync("id = 7"));
        items.Remove(7);

        Assert.Equal("full", (await RunAsync(lake)).Shelves.Mode);
        await AgreesAsync(lake, items.Values.Select(i => i with { Shop = i.Sku, Sku = i.Shop }));
    }

    [Fact]
    public async Task Input_with_partitions_and_mapped_columns_is_written_and_followed()
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder));
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.CreateAsync(new TableDefinition
        {
            Schema = RetailFlow.Lakehouse.Bronze.BronzeSchema.Of(lake.Lake.Project.Feed("items")),
            PartitionColumns = ["shop"],
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "id" },
        }));
        var items = new Dictionary<long, Item>();
        await LandAsync(lake, items, [.. Enumerable.Range(0, 40).Select(i => new Item(i, $"s{i % 4}", $"k{i % 3}", i))]);
        await lake.RunAsync();
        await AgreesAsync(lake, items.Values);

        await LandAsync(lake, items, [new Item(40, "s1", "k9", 4)]);
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync("id in (5, 6)"));
        items.Remove(5);
        items.Remove(6);

        Assert.Equal("keys", (await RunAsync(lake)).Shelves.Mode);
        await AgreesAsync(lake, items.Values);
        Assert.Equal(39L, await lake.ScalarAsync("select count(*) from bronze.items"));
    }

    [Fact]
    public async Task Removed_rows_that_were_cleaned_up_are_made_up_for_by_the_whole_input()
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder));
        var items = new Dictionary<long, Item>();
        await LandAsync(lake, items, [.. Enumerable.Range(0, 20).Select(i => new Item(i, $"s{i % 2}", "k", 1))]);
        await lake.RunAsync();
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync("shop = 's1'"));
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.OverwriteAsync("select cast(1 as bigint) as id where false"));
        await ShopProject.OnTableAsync(lake, "bronze/items", t => t.VacuumAsync(TimeSpan.Zero, force: true));

        Assert.Equal("full", (await RunAsync(lake)).Shelves.Mode);
        await AgreesAsync(lake, []);
    }

    private static async Task LandAsync(TestLake lake, Dictionary<long, Item> items, IReadOnlyList<Item> batch)
    {
        foreach (var item in batch)
        {
            items.Add(item.Id, item);
        }

        await lake.LandAsync(string.Join('\n', batch.Select(ShopProject.Line)), feed: "items");
        await lake.Lake.Pipeline.RunAsync(new RunOptions { Select = "bronze.items" }, default);
    }

    private static async Task ChangeAsync(TestLake lake, Dictionary<long, Item> items, Random random)
    {
        var (divisor, rest) = (random.Next(2, 12), random.Next(2));
        var where = $"id % {divisor} = {rest}";
        var matching = items.Values.Where(i => i.Id % divisor == rest).ToList();
        switch (random.Next(6))
        {
            case 0 or 1:
                await ShopProject.OnTableAsync(lake, "bronze/items", t => t.DeleteAsync(where));
                matching.ForEach(i => items.Remove(i.Id));
                break;
            case 2:
                await ShopProject.OnTableAsync(lake, "bronze/items", t => t.UpdateAsync(new Dictionary<string, string> { ["quantity"] = "quantity + 1" }, where));
                matching.ForEach(i => items[i.Id] = i with { Quantity = i.Quantity + 1 });
                break;
            case 3:
                await ShopProject.OnTableAsync(lake, "bronze/items", t => t.UpdateAsync(new Dictionary<string, string> { ["shop"] = "'s7'" }, where));
                matching.ForEach(i => items[i.Id] = i with { Shop = "s7" });
                break;
            case 4:
                foreach (var table in (string[])["bronze/items", "silver/shelves"])
                {
                    await ShopProject.OnTableAsync(lake, table, t => t.OptimizeAsync(random.Next(2) == 0 ? null : ["sku"]));
                }

                break;
            default:
                await ShopProject.OnTableAsync(lake, "bronze/items", t => t.VacuumAsync(TimeSpan.Zero, force: true));
                break;
        }
    }

    [Fact]
    public async Task What_was_set_aside_of_rows_that_left_an_input_leaves_the_quarantine_with_them()
    {
        const string bronze = "bronze.inventory";
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Receipt(1));
        await lake.RunAsync();
        var version = (await lake.Lake.Catalog.HistoryAsync(bronze, 1, default)).Single().Version;
        await lake.LandAsync(Receipt(2));
        await lake.RunAsync();
        Assert.Equal(("identity_conflict", 1L), (await lake.Lake.Quarantine.ListAsync(null, default)).Select(q => (q.Rule, q.Records)).Single());

        await lake.Lake.Maintenance.RestoreAsync(bronze, version, default);
        await lake.RunAsync();

        Assert.Empty(await lake.Lake.Quarantine.ListAsync(null, default));
        Assert.Equal(1L, await lake.ScalarAsync("select count(*) from silver.inventory_events"));

        static string Receipt(int quantity) =>
            $$"""{"event_id":"e","source":"s","type":"receipt","sku":"A","location":"L","quantity":{{quantity}},"event_time":"2026-01-01T00:00:00Z"}""";
    }

    private static async Task MoveAsync(TestLake lake, Random random)
    {
        const string table = "silver.shelves";
        if (random.Next(2) == 0)
        {
            await lake.Lake.Maintenance.OptimizeAsync(table, random.Next(2) == 0 ? [] : ["sku"], default);
        }

        if (random.Next(2) == 0)
        {
            var version = (await lake.Lake.Catalog.HistoryAsync(table, 1, default)).Single().Version;
            await lake.Lake.Maintenance.RestoreAsync(table, random.NextInt64(1, version + 1), default);
            await lake.Lake.Maintenance.RestoreAsync(table, version, default);
        }

        if (random.Next(2) == 0)
        {
            await ShopProject.OnTableAsync(lake, "silver/shelves", t => t.UpdateAsync(new Dictionary<string, string> { ["quantity"] = "quantity + 1" }, "sku = 'k1'"));
            await ShopProject.OnTableAsync(lake, "silver/shelves", t => t.UpdateAsync(new Dictionary<string, string> { ["quantity"] = "quantity - 1" }, "sku = 'k1'"));
        }
    }

    private static async Task<(StepReport Shelves, StepReport Shops)> RunAsync(TestLake lake)
    {
        var steps = (await lake.RunAsync()).Steps;
        return (steps.Single(s => s.Table == "silver.shelves"), steps.Single(s => s.Table == "gold.shops"));
    }

    private static async Task<(string, long, string, long)> StepsAsync(TestLake lake)
    {
        var (shelves, shops) = await RunAsync(lake);
        return (shelves.Mode, shelves.RowsWritten, shops.Mode, shops.RowsWritten);
    }

    private static async Task AgreesAsync(TestLake lake, IEnumerable<Item> items)
    {
        var expected = ShopProject.Expected(items);
        Assert.Equal(expected, (await lake.TextAsync(ShopProject.Shelves), await lake.TextAsync(ShopProject.Shops)));
        Assert.Equal(expected, (await lake.TextAsync(ShopProject.Copies), await lake.TextAsync(ShopProject.Sums)));
    }
}
