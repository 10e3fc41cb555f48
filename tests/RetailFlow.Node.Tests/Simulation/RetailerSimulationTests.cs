using System.Text.Json;
using RetailFlow.Node.Simulation;
using Xunit;

namespace RetailFlow.Node.Tests.Simulation;

public sealed class RetailerSimulationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("retailer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Same_seed_gives_the_same_bytes_in_the_same_files()
    {
        var options = new RetailerOptions { Seed = 42, Days = 2, Scale = 0.3, Skus = 50, Locations = 6, BrokenRate = 0.01 };

        await new RetailerSimulation(options).WriteFilesAsync(Path.Combine(_folder, "a"));
        await new RetailerSimulation(options).WriteFilesAsync(Path.Combine(_folder, "b"));

        var names = Names("a");
        Assert.Equal(names, Names("b"));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "a", name)), File.ReadAllBytes(Path.Combine(_folder, "b", name))));
    }

    [Fact]
    public async Task Another_seed_gives_other_records()
    {
        var options = new RetailerOptions { Days = 1, Scale = 0.1, Skus = 20, Locations = 4 };

        await new RetailerSimulation(options).WriteFilesAsync(Path.Combine(_folder, "a"));
        await new RetailerSimulation(options with { Seed = 2 }).WriteFilesAsync(Path.Combine(_folder, "b"));

        Assert.NotEqual(
            File.ReadAllBytes(Path.Combine(_folder, "a/inventory/2025-01-06/web.json")),
            File.ReadAllBytes(Path.Combine(_folder, "b/inventory/2025-01-06/web.json")));
    }

    [Theory]
    [InlineData(1, 60, 7)]
    [InlineData(2, 3, 3)]
    [InlineData(3, 1, 1)]
    public async Task Expected_totals_equal_an_independent_recount_of_the_files(int seed, int skus, int locations)
    {
        var options = new RetailerOptions
        {
            Seed = seed,
            Days = 3,
            Scale = 0.8,
            Skus = skus,
            Locations = locations,
            BrokenRate = 0.02,
            VoidRate = 0.02,
            CountRate = 0.03,
        };

        var totals = await new RetailerSimulation(options).WriteFilesAsync(_folder);

        var recount = new Recount();
        foreach (var file in totals.Files)
        {
            var before = (recount.Received, recount.Accepts, recount.Duplicates);
            recount.Read(Path.Combine(_folder, file.Path));
            Assert.Equal(
                (file.Records, file.Accepted, file.Duplicates),
                (recount.Received - before.Received, recount.Accepts - before.Accepts, recount.Duplicates - before.Duplicates));
        }

        Assert.Equal(
            (totals.Received, totals.Accepted, totals.Duplicates, totals.Quarantined),
            (recount.Received, recount.Accepts, recount.Duplicates, recount.Rules.Values.Sum()));
        Assert.Equal(totals.QuarantinedByRule, recount.Rules);
        Assert.Equal(totals.UnitsSold, recount.Units("sale"));
        Assert.Equal(totals.UnitsReturned, recount.Units("return"));
        Assert.Equal(totals.Stock.ToDictionary(stock => (stock.Sku, stock.Location), stock => stock.OnHand), recount.OnHand());
    }

    [Fact]
    public async Task Every_trap_of_a_real_feed_is_in_the_files()
    {
        var options = new RetailerOptions { Days = 3, Scale = 1, Skus = 100, Locations = 8, BrokenRate = 0.03, VoidRate = 0.02 };

        var totals = await new RetailerSimulation(options).WriteFilesAsync(_folder);

        var recount = new Recount();
        foreach (var file in totals.Files)
        {
            recount.Read(Path.Combine(_folder, file.Path));
        }

        Assert.Equal(["csv", "json", "ndjson", "ndjson.gz"], totals.Files.Select(file => file.Format).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(20, totals.QuarantinedByRule.Count);
        Assert.InRange(totals.Duplicates / (double)totals.Received, 0.07, 0.11);
        Assert.True(recount.LateRecords > 500, $"{recount.LateRecords} late records");
        Assert.True(recount.VoidsBeforeTarget > 0, "no void came before its target");
        Assert.True(recount.VoidedCounts > 0, "no count was voided");
        Assert.Contains(totals.Stock, stock => stock.OnHand != decimal.Truncate(stock.OnHand));
    }

    [Fact]
    public async Task Expected_json_holds_the_totals_and_names_the_files_in_order_of_landing()
    {
        var totals = await new RetailerSimulation(new RetailerOptions { Days = 2, Scale = 0.2, Skus = 30, Locations = 5, BrokenRate = 0.05 }).WriteFilesAsync(_folder);

        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "expected.json")));
        var root = json.RootElement;
        var paths = root.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString()!).ToList();

        Assert.Equal(
            (totals.Received, totals.Accepted, totals.Duplicates, totals.Quarantined),
            (root.GetProperty("received").GetInt64(), root.GetProperty("accepted").GetInt64(), root.GetProperty("duplicates").GetInt64(), root.GetProperty("quarantined").GetInt64()));
        Assert.Equal(totals.Stock.Sum(stock => stock.OnHand), root.GetProperty("on_hand").GetProperty("total").GetDecimal());
        Assert.Equal(150, root.GetProperty("stock").GetArrayLength());
        Assert.Equal(paths.Order(StringComparer.Ordinal), paths);
        Assert.Equal(paths, Names("").Where(name => name.StartsWith("inventory/", StringComparison.Ordinal)));
        Assert.Equal(31, File.ReadAllLines(Path.Combine(_folder, "products.csv")).Length);
        Assert.Equal(6, File.ReadAllLines(Path.Combine(_folder, "stores.csv")).Length);
    }

    [Fact]
    public void Options_that_make_no_retailer_are_refused_by_name()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new RetailerSimulation(new RetailerOptions { RetryRate = double.NaN }));

        Assert.Equal("RetryRate", error.ParamName);
    }

    private List<string> Names(string sub) =>
        [.. Directory.EnumerateFiles(Path.Combine(_folder, sub), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Path.Combine(_folder, sub), path)).Order(StringComparer.Ordinal)];
}
