using System.Text.Json;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Tables;

/// <summary>Bronze and Silver are modern, what is shared is interop; a model may say otherwise, and a table keeps what it has.</summary>
public sealed class ProfileTests
{
    private const string Records = """
        {"event_id":"1","type":"count","sku":"A","location":"L1","quantity":10,"event_time":"2026-01-01T00:00:00Z"}
        {"event_id":"2","type":"nonsense","sku":"A","location":"L1","quantity":1,"event_time":"2026-01-02T00:00:00Z"}
        """;

    [Fact]
    public async Task Each_layer_has_its_profile_in_the_log()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Records);
        await lake.RunAsync();

        foreach (var table in (string[])["bronze/inventory", "silver/inventory_events"])
        {
            var (protocol, properties) = await CreatedAsync(lake, table);
            Assert.Equal((3, 7), (protocol.GetProperty("minReaderVersion").GetInt32(), protocol.GetProperty("minWriterVersion").GetInt32()));
            Assert.Contains("deletionVectors", protocol.GetProperty("readerFeatures").EnumerateArray().Select(f => f.GetString()));
            Assert.Equal(
                ["changeDataFeed", "deletionVectors", "domainMetadata", "inCommitTimestamp"],
                protocol.GetProperty("writerFeatures").EnumerateArray().Select(f => f.GetString()!).Intersect(["changeDataFeed", "deletionVectors", "domainMetadata", "inCommitTimestamp"]).Order(StringComparer.Ordinal));
            Assert.Equal("modern", properties["retailflow.profile"]);
            Assert.Equal("true", properties["delta.enableDeletionVectors"]);
            Assert.Equal("true", properties["delta.enableChangeDataFeed"]);
            Assert.Equal("true", properties["delta.enableInCommitTimestamps"]);
        }

        foreach (var table in (string[])["gold/stock_on_hand", "quarantine/inventory", "system/landed_files"])
        {
            var (protocol, properties) = await CreatedAsync(lake, table);
            Assert.Equal((1, 2), (protocol.GetProperty("minReaderVersion").GetInt32(), protocol.GetProperty("minWriterVersion").GetInt32()));
            Assert.False(protocol.TryGetProperty("readerFeatures", out _));
            Assert.Equal("interop", properties["retailflow.profile"]);
            Assert.Single(properties);
        }
    }

    [Theory]
    [InlineData("interop", 1)]
    [InlineData("modern", 3)]
    public async Task Model_may_name_its_profile(string profile, int reader)
    {
        using var folder = new TemporaryDirectory();
        await using var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder, profile));
        await lake.LandAsync(ShopProject.Line(new Item(1, "s", "k", 1)), feed: "items");
        await lake.RunAsync();

        Assert.Equal(reader, (await CreatedAsync(lake, "silver/shelves")).Protocol.GetProperty("minReaderVersion").GetInt32());
    }

    [Fact]
    public async Task Unknown_profile_is_refused_by_field_value_and_rule()
    {
        using var folder = new TemporaryDirectory();
        var project = await ShopProject.WriteAsync(folder, "old");

        var error = await Assert.ThrowsAsync<LakeException>(() => TestLake.OpenAsync(project));

        Assert.Contains("profile is 'old'; it must be interop or modern", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_that_exists_keeps_its_profile()
    {
        using var folder = new TemporaryDirectory();
        await using (var lake = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder, "interop"), folder))
        {
            await lake.LandAsync(ShopProject.Line(new Item(1, "s", "k", 1)), feed: "items");
            await lake.RunAsync();
        }

        await using var again = await TestLake.OpenAsync(await ShopProject.WriteAsync(folder), folder);
        await again.LandAsync(" " + ShopProject.Line(new Item(2, "s", "k", 1)), feed: "items");
        await again.RunAsync();

        var described = await again.Lake.Catalog.DescribeAsync("silver.shelves", default);
        Assert.Equal((1, 2, "interop"), (described.MinReader, described.MinWriter, described.Properties["retailflow.profile"]));
        Assert.Equal("s|k|2|2", await again.TextAsync(ShopProject.Shelves));
    }

    private static async Task<(JsonElement Protocol, Dictionary<string, string> Properties)> CreatedAsync(TestLake lake, string table)
    {
        var lines = (await File.ReadAllLinesAsync(Path.Combine(lake.Folder, "lake", table, "_delta_log", $"{0:D20}.json"))).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var protocol = lines.Single(l => l.TryGetProperty("protocol", out _)).GetProperty("protocol");
        var configuration = lines.Single(l => l.TryGetProperty("metaData", out _)).GetProperty("metaData").GetProperty("configuration");
        return (protocol, configuration.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!));
    }
}
