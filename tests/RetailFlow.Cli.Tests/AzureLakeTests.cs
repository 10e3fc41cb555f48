using RetailFlow.Testing.Azure;
using Xunit;

namespace RetailFlow.Cli.Tests;

/// <summary>The commands on a lake that the environment names by a URL.</summary>
public sealed class AzureLakeTests(AzuriteServer server) : IClassFixture<AzuriteServer>, IDisposable
{
    private const string Lines =
        """
        {"event_id":"1","type":"count","sku":"A","location":"L1","quantity":10,"event_time":"2026-01-01T00:00:00Z"}
        {"event_id":"2","type":"sale","sku":"A","location":"L1","quantity":"2.5","event_time":"2026-01-02T00:00:00Z"}

        """;

    private readonly CliFixture _cli = new();

    [Fact]
    public async Task A_lake_at_a_url_is_landed_run_queried_optimized_reconciled_and_read_as_delta_tables()
    {
        var url = await server.CreateContainerAsync() + "/retail/lake";
        _cli.Variables["RETAILFLOW_LAKE"] = url;
        _cli.Variables["RETAILFLOW_LOCAL"] = Path.Combine(_cli.Folder, "local");
        _cli.Variables["RETAILFLOW_CACHE_BYTES"] = "50000000";
        _cli.Variables["AZURE_STORAGE_ACCOUNT_KEY"] = server.AccountKey;
        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "records.ndjson"), Lines);

        await DoneAsync("land", "inventory", "records.ndjson");
        await DoneAsync("run");
        var stock = await DoneAsync("stock", "A");
        Assert.Equal("7.5", Assert.Single(stock.Json.EnumerateArray()).GetProperty("on_hand").GetRawText());
        var sum = await DoneAsync("sql", "SELECT count(*) AS n FROM silver.inventory_events", "--output", "json");
        Assert.Equal("2", sum.Json[0].GetProperty("n").GetRawText());
        await DoneAsync("optimize", "silver.inventory_events", "--zorder", "sku,location");
        await DoneAsync("reconcile");
        await DoneAsync("tables");
        await DoneAsync("history", "gold.stock_on_hand");
        Assert.Single((await DoneAsync("delta", "read", $"{url}/gold/stock_on_hand")).Output.TrimEnd().Split('\n'));
        Assert.True((await DoneAsync("delta", "log", $"{url}/silver/inventory_events")).Json.TryGetProperty("protocol", out _));
        await DoneAsync("delta", "export", $"{url}/gold/stock_on_hand", "--to", "stock.parquet");
        Assert.True(File.Exists(Path.Combine(_cli.Folder, "stock.parquet")));
        Assert.Equal(["local", "records.ndjson", "stock.parquet"], Directory.GetFileSystemEntries(_cli.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("RETAILFLOW_CACHE_BYTES", "much", "RETAILFLOW_CACHE_BYTES")]
    [InlineData("AZURE_STORAGE_SAS_TOKEN", "?sv=1&sig=c2VjcmV0", "AZURE_STORAGE_SAS_TOKEN")]
    [InlineData("RETAILFLOW_LAKE", "https://example.com/container", "example.com")]
    public async Task A_setting_that_is_wrong_is_named_in_one_line(string variable, string value, string named)
    {
        _cli.Variables["RETAILFLOW_LAKE"] = server.Endpoint + "container";
        _cli.Variables["RETAILFLOW_LOCAL"] = Path.Combine(_cli.Folder, "local");
        _cli.Variables["AZURE_STORAGE_ACCOUNT_KEY"] = server.AccountKey;
        _cli.Variables[variable] = value;

        var result = await _cli.RunAsync("tables");

        Assert.Equal(3, result.Exit);
        Assert.StartsWith("error: ", Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.AccountKey, result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();

    private async Task<CommandResult> DoneAsync(params string[] args)
    {
        var result = await _cli.RunAsync(args);
        Assert.True(result.Exit == 0, $"{string.Join(' ', args)}: {result.Error}");
        return result;
    }
}
