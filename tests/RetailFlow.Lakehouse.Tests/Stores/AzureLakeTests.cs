using System.Globalization;
using System.IO.Compression;
using System.Text;
using RetailFlow.Lakehouse.Models;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Stock;

namespace RetailFlow.Lakehouse.Tests.Stores;

/// <summary>A lake in a container of a blob server gives the numbers of a lake in a folder, whatever this machine keeps of it.</summary>
public sealed class AzureLakeTests(AzuriteServer server) : IClassFixture<AzuriteServer>
{
    private const string Gold = "select sku, location, on_hand, held, committed, safety_stock, available, last_event_time, last_count_time from gold.stock_on_hand order by sku, location";
    private const string Silver = "select event_id, line, type, sku, location, quantity, event_time from silver.inventory_events order by all";

    [Fact]
    public async Task The_main_job_gives_the_numbers_of_a_lake_in_a_folder()
    {
        var data = Repository.Shared("data", "seed-inventory");
        var project = Repository.Folder("examples", "seed-inventory");
        string[] files = [Path.Combine(data, "azure_inventory_logs.csv"), Path.Combine(data, "inventory_snapshots.csv")];
        await using var here = await TestLake.OpenAsync(project);
        await here.Lake.Landing.LandAsync("inventory", files, null, null, default);
        await here.RunAsync();

        var url = $"{await server.CreateContainerAsync()}/lakes/main";
        await using var there = await OpenAsync(url, project: project);
        await there.Lake.Landing.LandAsync("inventory", [files[1]], null, null, default);
        await there.RunAsync();
        await there.Lake.Landing.LandAsync("inventory", [files[0]], null, null, default);
        var run = await there.RunAsync();

        Assert.Contains(run.Steps, step => step is { Table: "gold.stock_on_hand", Outcome: StepOutcome.Committed });
        var gold = await here.TextAsync(Gold);
        Assert.Equal(gold, await there.TextAsync(Gold));
        Assert.Equal(await here.TextAsync(Silver), await there.TextAsync(Silver));
        Assert.Equal((await here.Lake.Stock.GetAsync([], null, null, default)).Rows, (await there.Lake.Stock.GetAsync([], null, null, default)).Rows);
        Assert.Equal(
            (await here.Lake.Quarantine.ListAsync("inventory", default)).Select(q => (q.Rule, q.Records)),
            (await there.Lake.Quarantine.ListAsync("inventory", default)).Select(q => (q.Rule, q.Records)));
        await ReconcilesAsync(there);

        Assert.False((await there.Lake.Maintenance.OptimizeAsync("silver.inventory_events", ["sku", "location"], default)).NothingToDo);
        var again = await there.Lake.Landing.LandAsync("inventory", files, null, null, default);
        Assert.All(again.Batches, batch => Assert.True(batch.AlreadyThere));
        Assert.All((await there.RunAsync()).Steps, step => Assert.True(step.Outcome is StepOutcome.NothingNew or StepOutcome.NoChange, $"{step.Table}: {step.Outcome}"));
        Assert.Equal(await here.TextAsync(Silver), await there.TextAsync(Silver));

        using var rows = await DeltaFiles.ReadAsync($"{url}/gold/stock_on_hand", null, null, default, there.Lake.Options.Remote);
        Assert.Equal((await here.QueryAsync(Gold)).Count, rows.Rows().Count());

        await using var elsewhere = await OpenAsync(url, project: project);
        Assert.Equal(gold, await elsewhere.TextAsync(Gold));
        Assert.All((await elsewhere.RunAsync()).Steps, step => Assert.True(step.Outcome is StepOutcome.NothingNew or StepOutcome.NoChange, $"{step.Table}: {step.Outcome}"));
        await ReconcilesAsync(elsewhere);
    }

    [Fact]
    public async Task A_query_reads_the_files_of_its_tables_and_nothing_else_of_the_cache()
    {
        await using var lake = await OpenAsync(await server.CreateContainerAsync());
        await lake.LandAsync(string.Join('\n', new RandomStockRecords(1).Take(20).Select(record => record.ToJson())));
        await lake.RunAsync();
        await lake.ScalarAsync("select count(*) from silver.inventory_events");
        var cached = Directory.GetFiles(Path.Combine(lake.Folder, "local", "cache", "files"), "*.parquet", SearchOption.AllDirectories);
        Assert.NotEmpty(cached);

        foreach (var file in cached)
        {
            var refused = await Assert.ThrowsAsync<LakeException>(() => lake.QueryAsync($"select * from read_parquet('{file}')"));
            Assert.Equal(LakeErrorKind.InvalidInput, refused.Kind);
        }
    }

    [Fact]
    public async Task A_cache_without_room_for_what_a_step_reads_is_named_and_the_lake_stays_as_it_is()
    {
        var url = await server.CreateContainerAsync();
        await using var lake = await OpenAsync(url, cacheBytes: 4_000);
        await lake.LandAsync(string.Join('\n', new RandomStockRecords(1).Take(20).Select(record => record.ToJson())));

        var full = await Assert.ThrowsAsync<Delta.DeltaException>(() => lake.RunAsync());

        Assert.Contains("raise the limit", full.Message, StringComparison.Ordinal);
        await using var other = await OpenAsync(url);
        await other.RunAsync();
        await ReconcilesAsync(other);
    }

    [Theory]
    [InlineData("https://example.com/container/lake", "example.com")]
    [InlineData("abfss://account.dfs.core.windows.net/lake", "names no container")]
    [InlineData("http://127.0.0.1:1/retailflowtest/container?sv=1&sig=c2VjcmV0", "AZURE_STORAGE_SAS_TOKEN")]
    public async Task A_url_that_breaks_a_rule_is_invalid_input_and_no_secret_is_repeated(string url, string named)
    {
        var refused = await Assert.ThrowsAsync<LakeException>(() => OpenAsync(url));

        Assert.Equal(LakeErrorKind.InvalidInput, refused.Kind);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_that_is_missing_and_a_key_that_is_wrong_are_said_plainly()
    {
        await using var missing = await OpenAsync($"{server.Endpoint}nothing-here");
        missing.IsReadable = false;
        var absent = await Assert.ThrowsAsync<Delta.DeltaException>(() => missing.LandAsync("{}"));
        Assert.Contains("no such container", absent.Message, StringComparison.Ordinal);

        var key = Convert.ToBase64String(new byte[64]);
        await using var stranger = await TestLake.OpenAsync(url: await server.CreateContainerAsync(), variable: name => name == "AZURE_STORAGE_ACCOUNT_KEY" ? key : null);
        stranger.IsReadable = false;
        var refused = await Assert.ThrowsAsync<Delta.DeltaException>(() => stranger.LandAsync("{}"));
        Assert.Contains("the account key", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_machines_that_land_and_run_at_once_agree_with_the_naive_model_with_small_caches_and_lost_indexes()
    {
        var url = await server.CreateContainerAsync();
        var random = new Random(5);
        var records = new RandomStockRecords(5).Take(312);
        var model = new NaiveStockModel();
        await using var one = await OpenAsync(url, cacheBytes: 400_000);
        await using var two = await OpenAsync(url, cacheBytes: 400_000);
        var start = records.Take(240).ToList();
        start.ForEach(record => model.Receive(record));
        await one.LandAsync(Zipped(string.Join('\n', start.Select(record => record.ToJson(random)))), ".ndjson.gz");
        await RunToTheEndAsync(one);

        TestLake[] both = [one, two];
        for (var position = 240; position < 300; position += 20)
        {
            // The order of acceptance is that of the landings; only the runs race.
            foreach (var (batch, lake) in records.Skip(position).Take(20).Chunk(10).Zip(both))
            {
                batch.ToList().ForEach(record => model.Receive(record));
                await lake.LandAsync(string.Join('\n', batch.Select(record => record.ToJson(random))));
            }

            await Task.WhenAll(both.Select(RunToTheEndAsync));
        }

        // What the index folder of a machine holds is derived: missing, damaged or of another lake, it makes no difference.
        await using var three = await OpenAsync(url);
        await PutForeignIndexAsync(three);
        var last = records.Skip(300).ToList();
        last.ForEach(record => model.Receive(record));
        await three.LandAsync(string.Join('\n', last.Select(record => record.ToJson(random))));
        await RunToTheEndAsync(three);

        Assert.Empty(Directory.GetFiles(Path.Combine(three.Lake.LocalFolder, ".index"), "damaged.run", SearchOption.AllDirectories));

        var expected = string.Join('\n', model.Rows().OrderBy(r => r.Sku, StringComparer.Ordinal).ThenBy(r => r.Location, StringComparer.Ordinal)
            .Select(r => $"{r.Sku}|{r.Location}|{r.OnHand.ToString("F5", CultureInfo.InvariantCulture)}"));
        foreach (var lake in new[] { one, two, three })
        {
            Assert.Equal(expected, await lake.TextAsync("select sku, location, on_hand from gold.stock_on_hand order by sku, location"));
            Assert.Equal((long)model.Accepted.Count, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
            await ReconcilesAsync(lake);
        }
    }

    private static async Task PutForeignIndexAsync(TestLake lake)
    {
        await using var other = await TestLake.OpenAsync();
        foreach (var count in new[] { 200, 4 })
        {
            await other.LandAsync(string.Join('\n', new RandomStockRecords(count).Take(count).Select(record => record.ToJson())));
            await other.RunAsync();
        }

        var from = Path.Combine(other.Lake.LocalFolder, ".index");
        var folders = Directory.GetDirectories(from);
        Assert.NotEmpty(folders);
        foreach (var folder in folders)
        {
            var to = Directory.CreateDirectory(Path.Combine(lake.Lake.LocalFolder, ".index", Path.GetFileName(folder))).FullName;
            foreach (var run in Directory.GetFiles(folder))
            {
                File.Copy(run, Path.Combine(to, Path.GetFileName(run)));
            }

            await File.WriteAllBytesAsync(Path.Combine(to, "damaged.run"), new byte[64]);
        }
    }

    private static byte[] Zipped(string text)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionMode.Compress))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return zipped.ToArray();
    }

    private static async Task RunToTheEndAsync(TestLake lake)
    {
        while (true)
        {
            try
            {
                await lake.RunAsync();
                return;
            }
            catch (LakeException e) when (e.Kind == LakeErrorKind.Conflict)
            {
                // The other one was first with one of the steps; the rest is still to be done.
            }
        }
    }

    private static async Task ReconcilesAsync(TestLake lake)
    {
        var report = await lake.Lake.Reconciliation.RunAsync(default);
        Assert.True(report.Holds, string.Join('\n', report.Checks.Where(c => !c.Holds).SelectMany(c => c.Differences.Prepend(c.Equation))));
    }

    private Task<TestLake> OpenAsync(string url, string? project = null, long? cacheBytes = null) =>
        TestLake.OpenAsync(project, url: url, variable: server.Environment, cacheBytes: cacheBytes);
}
