using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Connectors.Epcis;
using Xunit;

namespace RetailFlow.Connectors.Tests.Epcis;

public sealed class EpcisRuleTests
{
    private const string Quantity = "\"quantityList\":[{\"epcClass\":\"urn:epc:idpat:sgtin:4012345.098765.*\",\"quantity\":3}]";
    private const string Here = "\"bizLocation\":{\"id\":\"urn:epc:id:sgln:0614141.00888.0\"}";

    [Theory]
    [InlineData("receiving", "", "receipt")]
    [InlineData("accepting", "", "receipt")]
    [InlineData("receiving", "\"disposition\":\"returned\",", "return")]
    [InlineData("receiving", "\"sourceList\":[{\"type\":\"location\",\"source\":\"urn:epc:id:sgln:4012345.00225.0\"}],", "transfer_in")]
    [InlineData("receiving", "\"sourceList\":[{\"type\":\"urn:epcglobal:cbv:sdt:possessing_party\",\"source\":\"urn:epc:id:pgln:4012345.00225\"}],", "transfer_in")]
    [InlineData("receiving", "\"sourceList\":[{\"type\":\"location\",\"source\":\"urn:epc:id:sgln:4012345.00225.0\"},{\"type\":\"owning_party\",\"source\":\"urn:a:1\"}],\"destinationList\":[{\"type\":\"owning_party\",\"destination\":\"urn:a:2\"}],", "receipt")]
    [InlineData("shipping", "", "transfer_out")]
    [InlineData("departing", "", "transfer_out")]
    [InlineData("shipping", "\"disposition\":\"retail_sold\",", "sale")]
    [InlineData("shipping", "\"sourceList\":[{\"type\":\"owning_party\",\"source\":\"urn:a:1\"}],\"destinationList\":[{\"type\":\"owning_party\",\"destination\":\"urn:a:2\"}],", "sale")]
    [InlineData("void_shipping", "", "transfer_in")]
    [InlineData("retail_selling", "", "sale")]
    [InlineData("urn:epcglobal:cbv:bizstep:retail_selling", "", "sale")]
    [InlineData("https://ref.gs1.org/cbv/BizStep-retail_selling", "", "sale")]
    [InlineData("cbv:BizStep-retail_selling", "", "sale")]
    [InlineData("destroying", "", "damage")]
    [InlineData("decommissioning", "", "shrink")]
    [InlineData("decommissioning", "\"disposition\":\"urn:epcglobal:cbv:disp:damaged\",", "damage")]
    [InlineData("destroying", "\"disposition\":\"stolen\",", "shrink")]
    [InlineData("cycle_counting", "", "count")]
    [InlineData("stock_taking", "", "count")]
    [InlineData("storing", "", "")]
    [InlineData("stocking", "", "")]
    [InlineData("picking", "", "")]
    [InlineData("commissioning", "", "")]
    [InlineData("https://example.com/bizStep/shipping", "", "")]
    public void A_business_step_is_this_type_of_record(string step, string more, string type)
    {
        var translation = Object($"\"action\":\"OBSERVE\",\"bizStep\":\"{step}\",{more}{Here},{Quantity}");

        translation.AssertNothingRefused();
        Assert.Equal(type.Length == 0 ? [] : [$"{type} 04012345987652 0614141008889 3"], translation.Records.Select(r => $"{r.Field("type")} {r.Field("sku")} {r.Field("location")} {r.Field("quantity")}"));
    }

    [Fact]
    public void A_count_adds_pieces_and_lots_of_one_trade_item() => Assert.Equal(
        ["count 04012345987652 0614141008889 5.5"],
        Object($"\"action\":\"OBSERVE\",\"bizStep\":\"stock_taking\",{Here},\"epcList\":[\"urn:epc:id:sgtin:4012345.098765.1\",\"https://shop.example/01/04012345987652/21/2\"],\"quantityList\":[{{\"epcClass\":\"urn:epc:class:lgtin:4012345.098765.L1\",\"quantity\":1.5}},{{\"epcClass\":\"urn:epc:class:lgtin:4012345.098765.L2\",\"quantity\":2}}]")
            .Records.Select(r => $"{r.Field("type")} {r.Field("sku")} {r.Field("location")} {r.Field("quantity")}"));

    [Fact]
    public void A_count_in_two_units_is_refused() => Assert.Equal(
        ["/epcisBody/eventList/0/quantityList/1 contradiction uom"],
        Object($"\"action\":\"OBSERVE\",\"bizStep\":\"stock_taking\",{Here},\"quantityList\":[{{\"epcClass\":\"urn:epc:class:lgtin:4012345.098765.L1\",\"quantity\":1}},{{\"epcClass\":\"urn:epc:class:lgtin:4012345.098765.L2\",\"quantity\":2,\"uom\":\"KGM\"}}]").Refused());

    [Fact]
    public void A_count_of_nothing_is_a_count() =>
        Assert.Equal(["0"], Object($"\"action\":\"OBSERVE\",\"bizStep\":\"cycle_counting\",{Here},{Quantity.Replace("3}", "0}", StringComparison.Ordinal)}").Records.Select(r => r.Field("quantity")));

    [Fact]
    public void Goods_leave_the_source_and_come_to_where_they_are_afterwards()
    {
        const string Places = "\"readPoint\":{\"id\":\"urn:epc:id:sgln:0614141.07346.dock4\"},\"sourceList\":[{\"type\":\"location\",\"source\":\"urn:epc:id:sgln:4012345.00225.0\"}],\"destinationList\":[{\"type\":\"location\",\"destination\":\"urn:epc:id:sgln:0614141.00777.0\"}],";

        Assert.Equal("4012345002256", Object($"\"action\":\"OBSERVE\",\"bizStep\":\"shipping\",{Places}{Quantity}").Records.Single().Field("location"));
        var received = Object($"\"action\":\"OBSERVE\",\"bizStep\":\"receiving\",{Places}{Quantity}").Records.Single();
        Assert.Equal(("0614141073467", "dock4"), (received.Field("location"), received.Field("location_extension")));
        Assert.Equal("0614141008889", Object($"\"action\":\"OBSERVE\",\"bizStep\":\"receiving\",{Here},{Places}{Quantity}").Records.Single().Field("location"));
    }

    [Theory]
    [InlineData("\"action\":\"OBSERVE\",\"bizStep\":\"receiving\"," + Quantity, "no place is named: neither bizLocation nor readPoint nor a location of source or destination")]
    [InlineData("\"action\":\"OBSERVE\",\"bizStep\":\"receiving\"," + Here + ",\"epcList\":[\"urn:epc:id:sscc:4012345.0000000333\"]", "no trade item with a quantity is named")]
    [InlineData("\"action\":\"DELETE\",\"bizStep\":\"receiving\"," + Here + "," + Quantity, "action DELETE with receiving")]
    [InlineData("\"action\":\"OBSERVE\"," + Here + "," + Quantity, "no business step of the Core Business Vocabulary")]
    public void An_event_that_moves_nothing_says_why(string members, string reason)
    {
        var translation = Object(members);

        translation.AssertNothingRefused();
        Assert.Equal([reason], translation.Reasons());
        Assert.Empty(translation.Records);
    }

    [Fact]
    public void Declaring_an_event_without_an_id_wrong_voids_what_it_came_to()
    {
        const string Members = "\"action\":\"OBSERVE\",\"bizStep\":\"receiving\"," + Here + "," + Quantity;
        var first = Object(Members).Records.Single();
        var wrong = Object(Members + ",\"recordTime\":\"2026-02-01T00:00:00Z\",\"errorDeclaration\":{\"declarationTime\":\"2026-02-01T00:00:00Z\",\"reason\":\"did_not_occur\",\"correctiveEventIDs\":[\"urn:uuid:1\"]}").Records.Single();

        Assert.Equal($"void 04012345987652 0614141008889 3 2026-02-01T00:00:00Z {first.Field("event_id")}#error/0 voids {first.Field("event_id")}/0", Records.Line(wrong.Json));
        Assert.Equal(("did_not_occur", "urn:uuid:1"), (wrong.Field("reason"), wrong.Field("corrective_event_ids")));
    }

    [Theory]
    [InlineData("\"action\":\"ADD\",\"epcList\":[\"urn:a:1\",\"urn:a:1\"]", "/epcList/1 repeated epcList")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[1]", "/epcList/0 invalid_value epcList")]
    [InlineData("\"action\":\"ADD\",\"epcList\":{}", "/epcList wrong_type epcList|/epcList missing_field epcList")]
    [InlineData("\"action\":\"ADD\"", "/epcList missing_field epcList")]
    [InlineData("\"action\":\"OBSERVE\",\"epcList\":[],\"ilmd\":{}", "/ilmd contradiction ilmd")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"colour\":\"red\"", "/colour unknown_field colour")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"readPoint\":\"urn:a:1\"", "/readPoint invalid_value readPoint")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"eventID\":\"seven\"", "/eventID invalid_value eventID")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"bizTransactionList\":[{\"type\":\"bill\",\"bizTransaction\":\"urn:a:1\"}]", "/bizTransactionList/0/type unknown_value type")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"destinationList\":[{\"type\":\"location\"}]", "/destinationList/0 missing_field destination")]
    [InlineData("\"action\":\"ADD\",\"quantityList\":[{\"epcClass\":\"urn:a:1\",\"quantity\":-1}]", "/quantityList/0/quantity quantity_negative quantity")]
    [InlineData("\"action\":\"ADD\",\"quantityList\":[{\"quantity\":1}]", "/quantityList/0 missing_field epcClass")]
    [InlineData("\"action\":\"ADD\",\"quantityList\":[{\"epcClass\":\"urn:a:1\",\"quantity\":1,\"uom\":\"kilo\"}]", "/quantityList/0/uom invalid_value uom")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"errorDeclaration\":{}", "/errorDeclaration/declarationTime missing_field declarationTime")]
    [InlineData("\"action\":\"ADD\",\"epcList\":[],\"sensorElementList\":[{}]", "/sensorElementList/0 missing_field sensorReport")]
    [InlineData("\"action\":\"OBSERVE\",\"bizStep\":\"receiving\"," + Here + ",\"quantityList\":[{\"epcClass\":\"urn:epc:idpat:sgtin:4012345.098765.*\",\"quantity\":1e30}]", "/quantityList/0/quantity number_too_large quantity")]
    [InlineData("\"action\":\"OBSERVE\",\"bizStep\":\"receiving\"," + Here + ",\"epcList\":[\"urn:epc:id:sgtin:4012345.1.1\"]", "/epcList/0 invalid_value epcList")]
    public void An_event_that_breaks_a_rule_is_refused(string members, string refusals) =>
        Assert.Equal(refusals.Split('|').Select(r => "/epcisBody/eventList/0" + r), Object(members).Refused());

    [Theory]
    [InlineData("+14:00", true)]
    [InlineData("-00:00", true)]
    [InlineData("+14:01", false)]
    [InlineData("+15:00", false)]
    [InlineData("02:00", false)]
    [InlineData("Z", false)]
    public void An_offset_is_at_most_fourteen_hours(string offset, bool valid)
    {
        var translation = Document($"{{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T10:00:00Z\",\"eventTimeZoneOffset\":\"{offset}\",\"action\":\"ADD\",\"epcList\":[]}}");

        Assert.Equal(valid ? [] : ["/epcisBody/eventList/0/eventTimeZoneOffset invalid_value eventTimeZoneOffset"], translation.Refused());
    }

    [Fact]
    public void Other_types_of_event_need_what_the_standard_says() => Assert.Equal(
        [
            "/epcisBody/eventList/0/parentID missing_field parentID", "/epcisBody/eventList/0/childEPCs missing_field childEPCs",
            "/epcisBody/eventList/1/bizTransactionList missing_field bizTransactionList",
            "/epcisBody/eventList/2/outputEPCList missing_field outputEPCList",
            "/epcisBody/eventList/3/type unknown_value type",
            "/epcisBody/eventList/4 not_an_object ",
        ],
        Document(string.Join(
            ',',
            Event("AggregationEvent", "\"action\":\"ADD\""),
            Event("TransactionEvent", "\"action\":\"ADD\",\"epcList\":[]"),
            Event("TransformationEvent", "\"inputEPCList\":[\"urn:a:1\"]"),
            Event("WishEvent", "\"action\":\"ADD\""),
            "7",
            Event("example:Wish", "\"colour\":1"))).Refused());

    [Theory]
    [InlineData("{\"@context\":[],\"type\":\"EPCISDocument\",\"schemaVersion\":\"1.2\",\"creationDate\":\"2026-01-01T00:00:00Z\",\"epcisBody\":{\"eventList\":[]}}", "/schemaVersion not_supported schemaVersion")]
    [InlineData("{\"@context\":[],\"type\":\"EPCISQueryDocument\"}", "/type unknown_value type")]
    [InlineData("{\"@context\":[],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"x\",\"epcisBody\":{}}", "/creationDate event_time_invalid creationDate|/epcisBody/eventList missing_field eventList")]
    public void A_document_that_breaks_a_rule_is_refused(string text, string refusals) => Assert.Equal(refusals.Split('|'), EpcisTranslator.Translate(Records.Utf8(text), "epcis").Refused());

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("nul")]
    [InlineData("{\"type\":\"a\",\"type\":\"b\"}")]
    public void What_is_no_object_is_refused_whole(string text) => Assert.False(EpcisTranslator.Translate(Records.Utf8(text), "epcis").IsReadable);

    [Fact]
    public void Deep_nesting_is_refused() => Assert.False(EpcisTranslator.Translate(Records.Utf8(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))), "epcis").IsReadable);

    [Fact]
    public void No_value_of_a_wrong_type_is_more_than_a_refusal()
    {
        string[] fields = ["eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList", "destinationList", "sensorElementList", "action", "epcList", "quantityList", "ilmd", "type", "persistentDisposition", "certificationInfo"];
        string[] values = ["1", "true", "{}", "[]", "[1]", "[{}]", "[[]]", "\"\"", "\"x\"", "\"a:b\"", "1e400", "[null]", "{\"id\":1}", "{\"declarationTime\":1}", "[{\"type\":1,\"source\":1}]", "[{\"epcClass\":1}]", "{\"correctiveEventIDs\":1}"];
        Prop.ForAll(Gen.Choose(0, fields.Length - 1).Zip(Gen.Choose(0, values.Length - 1)).ToArbitrary(), pair =>
        {
            var members = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["type"] = "\"ObjectEvent\"",
                ["eventTime"] = "\"2026-01-02T10:00:00Z\"",
                ["eventTimeZoneOffset"] = "\"+00:00\"",
                ["action"] = "\"OBSERVE\"",
                ["bizStep"] = "\"receiving\"",
                ["epcList"] = "[\"urn:epc:id:sgtin:4012345.098765.1\"]",
                ["readPoint"] = "{\"id\":\"urn:a:1\"}",
                [fields[pair.Item1]] = values[pair.Item2],
            };
            var translation = Document("{" + string.Join(',', members.Select(m => $"\"{m.Key}\":{m.Value}")) + "}");
            return translation.IsReadable && translation.Outcomes.Count > 0;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_document_comes_to_the_same_bytes_whenever_it_is_read_and_events_do_not_depend_on_their_order() => Prop.ForAll(
        Gen.Choose(1, 50).ListOf().ToArbitrary(),
        quantities =>
        {
            var events = quantities.Distinct().Select(q => Event("ObjectEvent", $"\"action\":\"OBSERVE\",\"bizStep\":\"receiving\",{Here},{Quantity.Replace("3}", $"{q}}}", StringComparison.Ordinal)}")).ToList();
            var forth = Document(string.Join(',', events)).Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)).ToList();
            var back = Document(string.Join(',', Enumerable.Reverse(events))).Records.Select(r => Encoding.UTF8.GetString(r.Json.Span)).ToList();
            back.Reverse();
            return forth.SequenceEqual(back) && forth.Distinct().Count() == events.Count;
        }).QuickCheckThrowOnFailure();

    private static Translation Object(string members) => Document(Event("ObjectEvent", members));

    private static string Event(string type, string members) => $"{{\"type\":\"{type}\",\"eventTime\":\"2026-01-02T10:00:00Z\",\"eventTimeZoneOffset\":\"+00:00\",{members}}}";

    private static Translation Document(string events) => EpcisTranslator.Translate(
        Records.Utf8($"{{\"@context\":[\"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\"],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2026-01-02T10:00:00Z\",\"epcisBody\":{{\"eventList\":[{events}]}}}}"), "epcis");
}
