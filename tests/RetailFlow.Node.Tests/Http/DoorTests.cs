using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>The other doors: feeds, queries, catalog, health, description, page, and what is not there.</summary>
public sealed class DoorTests(NodeFixture node) : IClassFixture<NodeFixture>
{

    [Fact]
    public async Task A_file_that_is_posted_is_landed_once_and_reaches_gold()
    {
        using var first = await LandAsync("inventory", "FEED", "text/csv", batch: "b1");
        using var second = await LandAsync("inventory", "FEED", "text/csv", batch: "b1");
        using var other = await LandAsync("inventory", "OTHER", "text/csv", batch: "b1");

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        using var landed = JsonDocument.Parse(await first.Content.ReadAsStringAsync());
        var batch = Assert.Single(landed.RootElement.GetProperty("batches").EnumerateArray());
        Assert.Equal("wms", batch.GetProperty("source").GetString());
        Assert.False(batch.GetProperty("already_there").GetBoolean());
        Assert.True(File.Exists(Path.Combine(node.LakePath, batch.GetProperty("path").GetString()!)));

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        Assert.Contains("\"already_there\":true", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Problems.AssertAsync(other, HttpStatusCode.Conflict, "b1");

        Assert.Equal("4", (await UntilFoundAsync("FEED")).GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Fact]
    public async Task A_file_that_another_tool_drops_under_raw_is_picked_up()
    {
        var folder = Path.Combine(node.LakePath, "raw", "inventory", "ingestion_date=2026-01-01", "source=wms");
        Directory.CreateDirectory(folder);
        var staged = Path.Combine(node.LakePath, "dropped.csv");
        await File.WriteAllTextAsync(staged, Csv("DROPPED"));
        File.Copy(staged, Path.Combine(folder, "dropped.csv"));

        Assert.Equal("4", (await UntilFoundAsync("DROPPED")).GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Fact]
    public async Task A_feed_that_is_not_known_or_a_format_that_no_feed_has_is_refused()
    {
        using var unknown = await LandAsync("nothing", "X", "text/csv", batch: "b");
        using var picture = await LandAsync("inventory", "X", "image/png", batch: "b");
        using var nameless = await LandAsync("inventory", "X", "text/csv", batch: "");

        await Problems.AssertAsync(unknown, HttpStatusCode.BadRequest, "nothing");
        await Problems.AssertAsync(picture, HttpStatusCode.UnsupportedMediaType, "image/png");
        await Problems.AssertAsync(nameless, HttpStatusCode.BadRequest, "batch");
    }

    [Theory]
    [InlineData("SELECT 1 AS one, 'zwei' AS two, 1.50::DECIMAL(5,2) AS three, NULL AS four", """[{"one":1,"two":"zwei","three":1.50,"four":null}]""")]
    [InlineData("SELECT range AS n FROM range(3)", """[{"n":0},{"n":1},{"n":2}]""")]
    [InlineData("SELECT [1,2] AS list, {'a': 1, 'b': 'x'} AS struct, MAP {'k': 2} AS map", """[{"list":[1,2],"struct":{"a":1,"b":"x"},"map":{"k":2}}]""")]
    [InlineData("SELECT 170141183460469231731687303715884105727::HUGEINT AS h, 'NaN'::DOUBLE AS d", """[{"h":170141183460469231731687303715884105727,"d":"NaN"}]""")]
    public async Task A_query_is_answered_with_exact_values(string sql, string rows) => Assert.Equal(rows, (await node.QueryAsync(sql)).GetRawText());

    [Fact]
    public async Task A_large_result_is_streamed_as_lines()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/sql");
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        request.Content = new StringContent("""{"sql":"SELECT range AS n FROM range(100000)"}""", Encoding.UTF8, "application/json");

        using var response = await node.Client.SendAsync(request);

        var lines = (await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal(100_000, lines.Length);
        Assert.Equal("""{"n":99999}""", lines[^1]);
    }

    [Theory]
    [InlineData("{\"sql\":\"SELEKT\"}", 400)]
    [InlineData("{\"sql\":\"SELECT * FROM gold.nothing\"}", 400)]
    [InlineData("{\"sql\":\"DROP TABLE gold.stock_on_hand\"}", 400)]
    [InlineData("{\"sql\":\"COPY (SELECT 1) TO '/tmp/retailflow-must-not-exist.csv'\"}", 400)]
    [InlineData("{\"sql\":\"\"}", 400)]
    [InlineData("{\"sql\":1}", 400)]
    [InlineData("{}", 400)]
    [InlineData("[]", 400)]
    [InlineData("{", 400)]
    [InlineData("", 400)]
    public async Task A_query_that_is_none_is_a_problem(string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Client.PostAsync(new Uri("/v1/sql", UriKind.Relative), content);

        await Problems.AssertAsync(response, (HttpStatusCode)status, "");
        Assert.False(File.Exists("/tmp/retailflow-must-not-exist.csv"));
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("GET", "/v1/events", 405)]
    [InlineData("DELETE", "/v1/stock/A", 405)]
    [InlineData("PUT", "/v1/sql", 405)]
    [InlineData("POST", "/v1/tables", 405)]
    public async Task What_is_not_there_is_a_problem(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await node.Client.SendAsync(request);

        await Problems.AssertAsync(response, (HttpStatusCode)status, "");
    }

    [Fact]
    public async Task A_query_of_another_content_type_is_refused()
    {
        using var content = new StringContent("SELECT 1", Encoding.UTF8, "text/plain");
        using var response = await node.Client.PostAsync(new Uri("/v1/sql", UriKind.Relative), content);

        await Problems.AssertAsync(response, HttpStatusCode.UnsupportedMediaType, "application/json");
    }

    [Fact]
    public async Task Tables_are_listed_with_their_rows()
    {
        var reply = await node.PostAsync("listed", NodeFixture.Sale("1", sku: "LISTED"));
        await node.CarriedAsync("LISTED", reply.Sequence);

        var tables = await node.GetAsync("/v1/tables");

        Assert.Contains(tables.EnumerateArray(), t => t.GetProperty("name").GetString() == "gold.stock_on_hand" && t.GetProperty("rows").GetInt64() > 0);
    }

    [Fact]
    public async Task Health_and_status_say_that_the_node_can_acknowledge_and_how_far_gold_is()
    {
        Assert.Equal("live", (await node.GetAsync("/health/live")).GetProperty("status").GetString());
        Assert.Equal("ready", (await node.GetAsync("/health/ready")).GetProperty("status").GetString());
        var reply = await node.PostAsync("health", NodeFixture.Sale("1", sku: "HEALTH"));
        await node.CarriedAsync("HEALTH", reply.Sequence);

        var status = await node.GetAsync("/v1/status");

        Assert.True(status.GetProperty("sequence").GetInt64() >= reply.Sequence);
        Assert.True(status.GetProperty("gold_sequence").GetInt64() >= reply.Sequence);
        Assert.Equal(0, status.GetProperty("pipeline").GetProperty("failures_in_a_row").GetInt32());
    }

    [Fact]
    public async Task The_description_names_every_call_and_its_problems()
    {
        var paths = (await node.GetAsync("/openapi/v1.json")).GetProperty("paths");

        foreach (var path in new[] { "/v1/events", "/v1/feeds/{feed}", "/v1/stock/{sku}", "/v1/stock", "/v1/stock/{sku}/explain", "/v1/sql", "/v1/tables", "/health/live", "/health/ready" })
        {
            Assert.True(paths.TryGetProperty(path, out _), path);
        }

        Assert.True(paths.GetProperty("/v1/events").GetProperty("post").GetProperty("responses").TryGetProperty("413", out _));
    }

    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere()
    {
        using var response = await node.Client.GetAsync(new Uri("/", UriKind.Relative));
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private static string Csv(string sku) =>
        $"source,event_id,line,type,sku,location,quantity,event_time\nwms,{sku},0,receipt,{sku},L1,4,2026-01-01T00:00:00Z\n";

    private async Task<HttpResponseMessage> LandAsync(string feed, string sku, string type, string batch)
    {
        using var content = new StringContent(Csv(sku));
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await node.Client.PostAsync(new Uri($"/v1/feeds/{feed}?source=wms&batch={batch}", UriKind.Relative), content);
    }

    /// <summary>Asks until the SKU is known; each ask waits for a run of the pipeline.</summary>
    private async Task<JsonElement> UntilFoundAsync(string sku)
    {
        for (var run = 0; run < 50; run++)
        {
            using var response = await node.Client.GetAsync(new Uri($"/v1/stock/{sku}", UriKind.Relative));
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            }

            // A record of its own makes the node run, and its sequence is what to wait for.
            var reply = await node.PostAsync("probe", NodeFixture.Sale(FormattableString.Invariant($"{sku}-{run}"), sku: "PROBE"));
            await node.CarriedAsync("PROBE", reply.Sequence);
        }

        throw new Xunit.Sdk.XunitException($"{sku} did not reach Gold.");
    }
}
