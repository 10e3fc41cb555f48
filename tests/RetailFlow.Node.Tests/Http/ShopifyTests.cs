using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RetailFlow.Lakehouse;
using RetailFlow.Node.Http.Doors;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>Webhooks of Shopify over HTTP: nothing happens without a good signature, and no secret shows anywhere.</summary>
public sealed class ShopifyTests : IAsyncLifetime
{
    private const string Secret = "shpss_of_this_test";
    private const string Level = """{"inventory_item_id":808950810,"location_id":9,"available":AVAILABLE,"updated_at":"UPDATED"}""";

    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal) { [DoorOptions.ShopifySecret] = $"{Secret},next" };
    private readonly NodeFixture _node = new();

    public async ValueTask InitializeAsync()
    {
        _node.Configure = options => options with { Doors = new DoorOptions { Variable = name => _settings.GetValueOrDefault(name) } };
        await _node.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Levels_are_counts_and_never_summed_in_whatever_order_and_however_often_they_come()
    {
        var early = Level.Replace("AVAILABLE", "6", StringComparison.Ordinal).Replace("UPDATED", "2026-01-02T10:00:00-04:00", StringComparison.Ordinal);
        var late = Level.Replace("AVAILABLE", "4", StringComparison.Ordinal).Replace("UPDATED", "2026-01-02T11:00:00-04:00", StringComparison.Ordinal);
        var sequence = 0L;
        var accepted = 0;
        foreach (var body in new[] { late, early, late, early })
        {
            using var response = await PostAsync("inventory_levels/update", body, Sign(body, Secret));
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, text);
            using var answer = JsonDocument.Parse(text);
            accepted += answer.RootElement.GetProperty("accepted").GetInt32();
            sequence = answer.RootElement.GetProperty("sequence").GetInt64();
        }

        Assert.Equal(2, accepted);
        var stock = await _node.CarriedAsync("shopify:item:808950810", sequence);
        Assert.Equal("4", stock.GetProperty("total").GetProperty("on_hand").GetRawText());
    }

    [Fact]
    public async Task A_body_without_its_signature_is_401_and_nothing_of_it_is_kept()
    {
        const string Body = "{\"id\":1}";
        foreach (var signature in new[] { null, "", "AAAA", Sign(Body, "another"), Sign(Body + " ", Secret) })
        {
            using var response = await PostAsync("orders/create", Body, signature);
            await Problems.AssertAsync(response, HttpStatusCode.Unauthorized, "X-Shopify-Hmac-Sha256");
        }

        Assert.False(Directory.Exists(Path.Combine(_node.LakePath, "raw", "shopify")));
        using var rotated = await PostAsync("orders/create", Body, Sign(Body, "next"));
        Assert.Equal(HttpStatusCode.OK, rotated.StatusCode);
        Assert.Single(Directory.GetFiles(Path.Combine(_node.LakePath, "raw", "shopify"), "*.json", SearchOption.AllDirectories));
        Assert.DoesNotContain(Secret, _node.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_secret_the_door_is_closed()
    {
        _settings.Clear();

        using var response = await PostAsync("orders/create", "{}", Sign("{}", ""));

        await Problems.AssertAsync(response, HttpStatusCode.ServiceUnavailable, DoorOptions.ShopifySecret);
    }

    [Theory]
    [InlineData(DoorOptions.PosLogZone, "Moon/Sea")]
    [InlineData(DoorOptions.ShopifyLevels, "sum")]
    [InlineData(DoorOptions.ShopifyItems, "/nowhere/items.csv")]
    public void A_setting_that_is_wrong_is_named_at_the_start(string name, string value)
    {
        var doors = new DoorOptions { Variable = n => n == name ? value : null };

        Assert.Contains(name, Assert.Throws<LakeException>(doors.Validate).Message, StringComparison.Ordinal);
    }

    private static string Sign(string body, string secret) => Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    private async Task<HttpResponseMessage> PostAsync(string topic, string body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/webhooks/shopify") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Shopify-Topic", topic);
        request.Headers.Add("X-Shopify-Shop-Domain", "tea.myshopify.com");
        request.Headers.Add("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
        if (signature is not null)
        {
            request.Headers.Add("X-Shopify-Hmac-Sha256", signature);
        }

        return await _node.Client.SendAsync(request);
    }
}
