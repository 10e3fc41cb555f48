using System.Text.RegularExpressions;
using RetailFlow.Connectors.Epcis;
using RetailFlow.Testing.Conformance;
using Xunit;

namespace RetailFlow.Connectors.Tests.Epcis;

/// <summary>Documents of others: GTINs, GLNs and lines were worked out by hand from each file.</summary>
public sealed partial class EpcisDocumentTests
{
    private const string Void = "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8";

    [Theory]
    [InlineData("AggregationEvent", "receipt 09520001123467 9529999999993 3 2020-06-07T17:10:16Z hash/0")]
    [InlineData("AggregationEvent_with_digitalLink", "receipt 70614141123451 0614141008889 2 2013-06-08T14:58:56.591Z ni/0|receipt 04012345987652 0614141008889 10 2013-06-08T14:58:56.591Z ni/1|receipt 04012345123456 0614141008889 200.5 2013-06-08T14:58:56.591Z ni/2")]
    [InlineData("AggregationEvent_with_sensorData", "")]
    [InlineData("AssociationEvent", "")]
    [InlineData("AssociationEvent_all_possible_fields", "")]
    [InlineData("AssociationEvent_with_userExtensions", "")]
    [InlineData("CurieString_document", "receipt 04012345999990 4012345000115 1 2023-01-11T12:00:00+01:00 hash/0")]
    [InlineData("Namespaces_at_different_level", "")]
    [InlineData("ObjectEvent", "receipt 10614141073464 0012345111112 1 2005-04-04T20:33:31.116-06:00 hash/0")]
    [InlineData("ObjectEvent_all_possible_fields", "void 10614141073464 0012345111112 1 2006-11-07T14:00:00.000+01:00 " + Void + "#error/0 voids " + Void + "/0|void 04012345123456 0012345111112 200 2006-11-07T14:00:00.000+01:00 " + Void + "#error/1 voids " + Void + "/1")]
    [InlineData("ObjectEvent_with_custom_bizStep_uri", "")]
    [InlineData("ObjectEvent_with_error_declaration", "void 10614141073464 0614141073467 2 2021-02-01T22:46:31.117000+00:00 ni#error/0 voids ni/0|receipt 10614141073464 0012345111112 1 2005-04-04T20:33:31.116-06:00 ni/0")]
    [InlineData("ObjectEvent_with_sensorData", "")]
    [InlineData("SensorData_and_extension", "")]
    [InlineData("TransactionEvent", "")]
    [InlineData("TransactionEvent_with_sensorData", "")]
    [InlineData("TransformationEvent", "void 04012345111118 4012345000009 1 2020-01-15T00:00:00Z " + Void + "#error/0 voids " + Void + "/0|void 04012345333336 4012345000009 1 2020-01-15T00:00:00Z " + Void + "#error/1 voids " + Void + "/1|void 04012345444445 4012345000009 452 2020-01-15T00:00:00Z " + Void + "#error/2 voids " + Void + "/2")]
    [InlineData("TransformationEvent_with_digitalLink", "adjustment 04012345111224 4012345000016 -1 2013-10-31T14:58:56.591Z ni/0|adjustment 04000001654321 4012345000016 -1 2013-10-31T14:58:56.591Z ni/1|adjustment 04012345111118 4012345000016 -10 2013-10-31T14:58:56.591Z ni/2|adjustment 00614141777778 4012345000016 -30 2013-10-31T14:58:56.591Z ni/3|adjustment 04012345666663 4012345000016 -220 2013-10-31T14:58:56.591Z ni/4|adjustment 04012345778892 4012345000016 4 2013-10-31T14:58:56.591Z ni/5")]
    [InlineData("TransformationEvent_with_sensorData", "void 04023333555555 4023333000017 25 2020-09-29T13:00:00.000Z hash#error/0 voids hash/0|void 04012345123456 4023333000017 2 2020-09-29T13:00:00.000Z hash#error/1 voids hash/1")]
    [InlineData("epcisDocWithAllGS1Keys", "")]
    public void A_valid_document_comes_to_exactly_these_records(string file, string expected)
    {
        var translation = EpcisTranslator.Translate(SharedData.Read(Path.Join("epcis", "valid"), file + ".json"), "epcis");

        translation.AssertNothingRefused();
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), translation.Lines().Select(Shorten));
        Assert.NotEmpty(translation.Outcomes);
    }

    [Fact]
    public void Every_document_of_the_folder_is_in_the_table_above()
    {
        var rows = typeof(EpcisDocumentTests).GetMethod(nameof(A_valid_document_comes_to_exactly_these_records))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>().Select(a => (string)a.Data[0]!);

        Assert.Equal(
            Directory.GetFiles(SharedData.Folder(Path.Join("epcis", "valid"))).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal),
            rows.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Combination_of_multiple_invalid_fields", "/0/bizStep unknown_value bizStep|/1/disposition unknown_value disposition|/2/sourceList/0/type unknown_value type|/3/ilmd/materialType unknown_field ilmd|/4/eventTime event_time_invalid eventTime|/4/action unknown_value action")]
    [InlineData("ObjectEvent_with_invalid_action", "/0/action unknown_value action")]
    [InlineData("ObjectEvent_with_invalid_eventTime_format", "/0/eventTime event_time_invalid eventTime")]
    [InlineData("ObjectEvent_with_non_standard_bizStep_in_second_event", "/1/bizStep unknown_value bizStep")]
    [InlineData("ObjectEvent_with_quantity_as_text", "/0/quantityList/0/quantity wrong_type quantity")]
    [InlineData("ObjectEvent_without_action_and_eventTime", "/0/eventTime missing_field eventTime|/0/eventTimeZoneOffset missing_field eventTimeZoneOffset|/0/action missing_field action")]
    public void An_invalid_event_is_refused_with_its_place_rule_and_field(string file, string expected)
    {
        var translation = EpcisTranslator.Translate(SharedData.Read(Path.Join("epcis", "invalid"), file + ".json"), "epcis");

        Assert.Equal(expected.Split('|').Select(r => "/epcisBody/eventList" + r), translation.Refused());
    }

    [Fact]
    public void A_document_without_a_context_is_refused() => Assert.Equal(
        ["/@context missing_field @context"],
        EpcisTranslator.Translate(SharedData.Read(Path.Join("epcis", "invalid"), "EPCISDocument_without_context.json"), "epcis").Refused());

    private static string Shorten(string line) => NiName().Replace(HashName().Replace(line, "hash"), "ni");

    [GeneratedRegex(@"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0")]
    private static partial Regex NiName();

    [GeneratedRegex("sha-256:[0-9a-f]{64}")]
    private static partial Regex HashName();
}
