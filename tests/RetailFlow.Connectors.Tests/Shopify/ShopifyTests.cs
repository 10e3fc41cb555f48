using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Connectors.Shopify;
using RetailFlow.Testing.Conformance;
using Xunit;

namespace RetailFlow.Connectors.Tests.Shopify;

public sealed class ShopifyTests
{
    private const string Shop = "tea.myshopify.com";
    private const string Fulfilled = """{"id":77,"order_id":5,"location_id":9,"status":"success","created_at":"2026-01-02T10:00:00-05:00","line_items":[{"id":1,"quantity":2,"sku":"TEA"},{"id":2,"quantity":1,"sku":"","variant_id":44},{"id":3,"quantity":1,"sku":"CARD","gift_card":true}]}""";

    [Theory]
    [InlineData("fulfillments/create", "fulfillment.json", "sale IPOD2008GREEN web 1 2013-11-01T16:06:08-04:00 fulfillment:255858046/466157049")]
    [InlineData("refunds/create", "refund.json", "return IPOD2008BLACK web 1 2016-06-20T13:35:06-04:00 refund:509562969/104689539|return IPOD2008GREEN web 1 2016-06-20T13:35:06-04:00 refund:509562969/709875399")]
    [InlineData("inventory_levels/update", "inventory_level.json", "count shopify:item:808950810 shopify:location:905684977 6 2018-05-07T15:51:26-04:00 inventory_level:808950810:905684977:2018-05-07T19:51:26.000000Z/0")]
    [InlineData("inventory_levels/set", "inventory_levels.json", "count shopify:item:39072856 shopify:location:487838322 27 2018-05-07T15:33:38-04:00 inventory_level:39072856:487838322:2018-05-07T19:33:38.000000Z/0|count shopify:item:808950810 shopify:location:905684977 1 2018-05-07T15:33:38-04:00 inventory_level:808950810:905684977:2018-05-07T19:33:38.000000Z/0|count shopify:item:808950810 shopify:location:487838322 9 2018-05-07T15:33:38-04:00 inventory_level:808950810:487838322:2018-05-07T19:33:38.000000Z/0|count shopify:item:39072856 shopify:location:905684977 3 2018-05-07T15:33:38-04:00 inventory_level:39072856:905684977:2018-05-07T19:33:38.000000Z/0")]
    [InlineData("orders/create", "order.json", "")]
    [InlineData("orders/cancelled", "orders.json", "")]
    [InlineData("products/update", "product.json", "")]
    [InlineData("products/update", "products.json", "")]
    [InlineData("locations/update", "location.json", "")]
    [InlineData("locations/update", "locations.json", "")]
    [InlineData("customers/update", "customer.json", "")]
    [InlineData("order_transactions/create", "transaction.json", "")]
    [InlineData("order_transactions/create", "transactions.json", "")]
    public void Objects_of_the_api_come_to_exactly_these_records(string topic, string file, string expected)
    {
        var translation = ShopifyTranslator.Translate(topic, Shop, SharedData.Read("shopify", file), new ShopifyOptions { DefaultLocation = "web" });

        translation.AssertNothingRefused();
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), translation.Lines());
        Assert.NotEmpty(translation.Outcomes);
    }

    [Fact]
    public void A_document_that_names_no_location_is_refused_where_no_default_is_set() =>
        Assert.Equal(["/fulfillment/location_id missing_field location_id"], ShopifyTranslator.Translate("fulfillments/create", Shop, SharedData.Read("shopify", "fulfillment.json"), new ShopifyOptions()).Refused());

    [Fact]
    public void A_product_names_its_variants()
    {
        var translation = ShopifyTranslator.Translate("products/create", Shop, SharedData.Read("shopify", "product.json"), new ShopifyOptions());

        Assert.Equal(
            ["variant:808950810 IPOD2008PINK", "variant:49148385 IPOD2008RED", "variant:39072856 IPOD2008GREEN", "variant:457924702 IPOD2008BLACK"],
            translation.Outcomes.OfType<ItemName>().Select(n => $"{n.Item} {n.Sku}"));
    }

    [Fact]
    public void An_update_of_a_fulfilment_is_the_same_records_again()
    {
        var created = Translate("fulfillments/create", Fulfilled);
        var updated = Translate("fulfillments/update", Fulfilled.Replace("\"success\"", "\"success\",\"updated_at\":\"2027-01-01T00:00:00Z\",\"tracking_number\":\"1Z\"", StringComparison.Ordinal));

        Assert.Equal(
            ["sale TEA shopify:location:9 2 2026-01-02T10:00:00-05:00 fulfillment:77/1", "sale shopify:variant:44 shopify:location:9 1 2026-01-02T10:00:00-05:00 fulfillment:77/2"],
            created.Lines());
        Assert.Equal(created.Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)), updated.Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)));
        Assert.Equal(["5", "shopify:tea.myshopify.com"], new[] { created.Records.First().Field("reference"), created.Records.First().Field("source") });
    }

    [Theory]
    [InlineData("cancelled")]
    [InlineData("error")]
    [InlineData("failure")]
    public void A_fulfilment_that_is_off_voids_its_lines(string status) => Assert.Equal(
        ["void TEA shopify:location:9 2 2026-01-02T10:00:00-05:00 fulfillment:77:void/1 voids fulfillment:77/1", "void shopify:variant:44 shopify:location:9 1 2026-01-02T10:00:00-05:00 fulfillment:77:void/2 voids fulfillment:77/2"],
        Translate("fulfillments/update", Fulfilled.Replace("success", status, StringComparison.Ordinal)).Lines());

    [Fact]
    public void Names_come_from_the_mapping()
    {
        var options = new ShopifyOptions { Names = ShopifyOptions.ReadNames("item,sku\nvariant:44,POT\nlocation:9,store-1\n\nitem:6,CUP\r\n") };

        Assert.Equal(["TEA store-1", "POT store-1"], ShopifyTranslator.Translate("fulfillments/create", Shop, Records.Utf8(Fulfilled), options).Records.Select(r => $"{r.Field("sku")} {r.Field("location")}"));
        Assert.Equal("CUP", ShopifyTranslator.Translate("inventory_levels/update", Shop, Records.Utf8("""{"inventory_item_id":6,"location_id":9,"available":1,"updated_at":"2026-01-01T00:00:00Z"}"""), options).Records.Single().Field("sku"));
    }

    [Theory]
    [InlineData("sku,item\n", "line 1")]
    [InlineData("item,sku\nvariant:x,A\n", "line 2")]
    [InlineData("item,sku\nvariant:1,A\nvariant:1,B\n", "line 3")]
    [InlineData("item,sku\nvariant:1,A,B\n", "line 2")]
    public void A_mapping_that_is_none_says_where(string csv, string where) =>
        Assert.Contains(where, Assert.Throws<FormatException>(() => ShopifyOptions.ReadNames(csv)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("return", "return")]
    [InlineData("legacy_restock", "return")]
    [InlineData("cancel", "")]
    [InlineData("no_restock", "")]
    public void Only_what_had_left_and_was_put_back_comes_back(string restock, string type)
    {
        var translation = Translate("refunds/create", """{"id":3,"order_id":5,"created_at":"2026-01-02T10:00:00Z","refund_line_items":[{"id":1,"quantity":1,"location_id":9,"restock_type":"RESTOCK","line_item":{"sku":"TEA"}}]}""".Replace("RESTOCK", restock, StringComparison.Ordinal));

        translation.AssertNothingRefused();
        Assert.Equal(type.Length == 0 ? [] : [type], translation.Records.Select(r => r.Field("type")));
    }

    [Fact]
    public void A_kind_of_restocking_that_nobody_knows_is_refused() => Assert.Equal(
        ["/refund_line_items/0/restock_type unknown_value restock_type"],
        Translate("refunds/create", """{"id":3,"created_at":"2026-01-02T10:00:00Z","refund_line_items":[{"id":1,"quantity":1,"restock_type":"teleport","line_item":{"sku":"TEA"}}]}""").Refused());

    [Theory]
    [InlineData("""{"inventory_item_id":1,"location_id":2,"available":-1,"updated_at":"2026-01-01T00:00:00Z"}""", " quantity_negative quantity")]
    [InlineData("""{"inventory_item_id":1,"location_id":2,"available":"6","updated_at":"2026-01-01T00:00:00Z"}""", "/available wrong_type available")]
    [InlineData("""{"inventory_item_id":1,"location_id":2,"available":6}""", "/updated_at missing_field updated_at")]
    [InlineData("""{"inventory_item_id":1.5,"location_id":2,"available":6,"updated_at":"2026-01-01T00:00:00Z"}""", "/inventory_item_id invalid_value inventory_item_id")]
    [InlineData("""{"inventory_item_id":99999999999999999999,"location_id":2,"available":6,"updated_at":"2026-01-01T00:00:00Z"}""", "/inventory_item_id invalid_value inventory_item_id")]
    [InlineData("""{"inventory_item_id":1,"location_id":2,"available":1e99,"updated_at":"2026-01-01T00:00:00Z"}""", " number_too_large quantity")]
    [InlineData("""{"inventory_item_id":1,"location_id":2,"available":6,"updated_at":"2026-01-01T00:00:00"}""", " event_time_without_offset event_time")]
    public void A_level_that_is_none_is_refused(string body, string refusal) => Assert.Equal([refusal], Translate("inventory_levels/update", body).Refused());

    [Fact]
    public void A_level_of_an_untracked_item_or_one_that_counts_nothing_has_no_effect()
    {
        const string Level = """{"inventory_item_id":1,"location_id":2,"available":6,"updated_at":"2026-01-01T00:00:00Z"}""";

        Assert.Equal(["the item is not tracked: available is null"], Translate("inventory_levels/update", Level.Replace("6", "null", StringComparison.Ordinal)).Reasons());
        Assert.Empty(ShopifyTranslator.Translate("inventory_levels/update", Shop, Records.Utf8(Level), new ShopifyOptions { LevelsAreCounts = false }).Records);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"id\":1,\"id\":2}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    public void A_body_that_is_no_object_is_refused_whole(string body) => Assert.False(Translate("fulfillments/create", body).IsReadable);

    [Fact]
    public void Whatever_is_delivered_however_often_and_in_whatever_order_one_identity_has_one_content_and_on_hand_is_the_same()
    {
        var deliveries = new List<(string Topic, string Body)>
        {
            ("fulfillments/create", Fulfilled),
            ("fulfillments/update", Fulfilled.Replace("success", "open", StringComparison.Ordinal)),
            ("fulfillments/update", Fulfilled.Replace("\"id\":77", "\"id\":78", StringComparison.Ordinal)),
            ("fulfillments/update", Fulfilled.Replace("\"id\":77", "\"id\":78", StringComparison.Ordinal).Replace("success", "cancelled", StringComparison.Ordinal)),
            ("refunds/create", """{"id":3,"order_id":5,"created_at":"2026-01-03T10:00:00Z","refund_line_items":[{"id":1,"quantity":1,"location_id":9,"restock_type":"return","line_item":{"sku":"TEA"}}]}"""),
            ("orders/cancelled", """{"id":5}"""),
        };
        Prop.ForAll(Gen.Shuffle(deliveries.Concat(deliveries).ToArray()).ToArbitrary(), order =>
        {
            var contents = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var record in order.SelectMany(d => Translate(d.Topic, d.Body).Records))
            {
                var text = Encoding.UTF8.GetString(record.Json.Span);
                var identity = $"{record.Field("source")} {record.Field("event_id")} {record.Field("line")}";
                if (!contents.TryAdd(identity, text) && contents[identity] != text)
                {
                    return false;
                }
            }

            // Two pieces sold by the fulfilment that stood, one of them came back; the cancelled one counts nothing.
            var lines = contents.Values.Select(c => Records.Line(Encoding.UTF8.GetBytes(c)).Split(' ')).ToList();
            var voided = lines.Where(l => l[0] == "void").Select(l => l[^1]).ToHashSet(StringComparer.Ordinal);
            var onHand = lines.Where(l => l[1] == "TEA" && l[0] != "void" && !voided.Contains(l[5]))
                .Sum(l => decimal.Parse(l[3], System.Globalization.CultureInfo.InvariantCulture) * (l[0] == "sale" ? -1 : 1));
            return contents.Count == 7 && onHand == -1;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Deep_nesting_is_refused() => Assert.False(Translate("orders/create", new string('[', 100_000)).IsReadable);

    [Fact]
    public void A_signature_is_good_for_its_body_and_any_of_the_secrets_alone()
    {
        var body = "{\"id\":1}"u8.ToArray();
        var signature = Convert.ToBase64String(HMACSHA256.HashData("new"u8, body));

        Assert.True(ShopifySignature.IsGood(body, signature, "new"));
        Assert.True(ShopifySignature.IsGood(body, signature, "old, new"));
        Assert.False(ShopifySignature.IsGood(body, signature, "old"));
        Assert.False(ShopifySignature.IsGood("{\"id\":2}"u8, signature, "new"));
        Assert.False(ShopifySignature.IsGood(body, null, "new"));
        Assert.False(ShopifySignature.IsGood(body, signature[..^4], "new"));
        Assert.False(ShopifySignature.IsGood(body, "not base64!", "new"));
        Assert.False(ShopifySignature.IsGood(body, signature, " , "));
    }

    private static Translation Translate(string topic, string body) => ShopifyTranslator.Translate(topic, Shop, Records.Utf8(body), new ShopifyOptions());
}
