using RetailFlow.Lakehouse;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>Terms of sale from the project, oversells, and sources that have gone quiet.</summary>
public sealed class PolicyTests : IAsyncLifetime
{
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("retailflow-policy-");
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero));
    private readonly NodeFixture _node = new();

    public PolicyTests()
    {
        var from = Path.Combine(NodeFixture.RepositoryRoot, "lakehouse");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(_project.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        _node.Configure = options => options with { Lake = options.Lake with { ProjectPath = _project.FullName, Clock = _clock } };
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Rules_set_safety_stock_buffers_and_thresholds_and_the_first_that_fits_applies()
    {
        await StartAsync(
            """
            default:
              safety_stock: 1
              low: 2
              limited: 5
            rules:
              - sku: "TEA-*"
                location: shop
                safety_stock: 0
                channel_buffers: {market: 4}
              - sku: "TEA-*"
                safety_stock: 9
            """);
        await _node.PostAsync("w", Receipt("1", "TEA-1", "shop", "7"), Receipt("2", "TEA-1", "depot", "10"), Receipt("3", "OTHER", "shop", "4"));

        Assert.Equal("7:in_stock 1:low", await AvailableAsync("TEA-1", ""));
        Assert.Equal("3:limited 1:low", await AvailableAsync("TEA-1", "?channel=market"));
        Assert.Equal("3:limited", await AvailableAsync("OTHER", ""));
        Assert.Equal(409, (await HoldAsync("m", "TEA-1", "4", "market")).Status);
        Assert.Equal(201, (await HoldAsync("w", "TEA-1", "4", "web")).Status);
    }

    [Fact]
    public async Task A_quiet_source_is_named_and_its_buffer_kept_back_until_it_is_heard_of_again()
    {
        await StartAsync("quiet_sources: [{source: till, quiet_after_seconds: 60, locations: [shop], buffer: 2}]");
        await _node.PostAsync("till", Receipt("1", "A", "shop", "5"));
        Assert.Equal("5:in_stock", await AvailableAsync("A", ""));

        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("3:in_stock", await AvailableAsync("A", ""));
        var location = (await _node.GetAsync("/v1/stock/A")).GetProperty("locations")[0];
        Assert.Equal("""["till"]""", location.GetProperty("quiet_sources").GetRawText());
        Assert.Equal(409, (await HoldAsync("k", "A", "4", "web")).Status);

        await _node.PostAsync("till", Receipt("2", "A", "shop", "1"));
        Assert.Equal("6:in_stock", await AvailableAsync("A", ""));
    }

    [Fact]
    public async Task An_oversell_is_an_incident_that_names_the_reservations()
    {
        await StartAsync("");
        await _node.PostAsync("w", Receipt("1", "A", "shop", "5"));
        var (_, body) = await HoldAsync("k", "A", "4", "web");

        await _node.PostAsync("w", NodeFixture.Record("2", "damage", "A", "shop", "3", "2026-01-02T00:00:00Z"));

        var incident = Assert.Single((await _node.GetAsync("/v1/incidents")).EnumerateArray());
        Assert.Equal(("A", "shop", "2"), (incident.GetProperty("sku").GetString(), incident.GetProperty("location").GetString(), incident.GetProperty("shortage").GetRawText()));
        Assert.Equal(body.GetProperty("id").GetString(), Assert.Single(incident.GetProperty("reservations").EnumerateArray()).GetString());
        Assert.Equal("0:out", await AvailableAsync("A", ""));
    }

    [Theory]
    [InlineData("default: {safety_stock: -1}", "default.safety_stock")]
    [InlineData("default: {safety: 1}", "safety")]
    [InlineData("quiet_sources: [{source: a, quiet_after_seconds: soon}]", "quiet_after_seconds")]
    [InlineData("rules: [{sku: A, low: many}]", "rules[0].low")]
    public async Task A_policy_that_is_wrong_keeps_the_node_from_starting_and_is_named(string policy, string named)
    {
        var refused = await Assert.ThrowsAsync<LakeException>(() => StartAsync(policy));

        Assert.Equal(LakeErrorKind.Configuration, refused.Kind);
        Assert.Contains("stock_policy.yml", refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _project.Delete(recursive: true);
    }

    private static string Receipt(string id, string sku, string location, string quantity) =>
        NodeFixture.Record(id, "receipt", sku, location, quantity, "2026-01-01T00:00:00Z");

    private async Task StartAsync(string policy)
    {
        await File.WriteAllTextAsync(Path.Combine(_project.FullName, "stock_policy.yml"), policy);
        await _node.StartAsync();
    }

    private Task<(int Status, System.Text.Json.JsonElement Body)> HoldAsync(string key, string sku, string quantity, string channel) => _node.CommandAsync(
        "/v1/reservations", key, $"{{\"lines\":[{{\"sku\":\"{sku}\",\"location\":\"shop\",\"quantity\":{quantity}}}],\"channel\":\"{channel}\"}}");

    private async Task<string> AvailableAsync(string sku, string query)
    {
        var locations = (await _node.GetAsync($"/v1/stock/{sku}{query}")).GetProperty("locations").EnumerateArray().OrderByDescending(l => l.GetProperty("location").GetString());
        return string.Join(' ', locations.Select(l => $"{l.GetProperty("available").GetRawText()}:{l.GetProperty("status").GetString()}"));
    }
}
