using RetailFlow.Delta;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>Partition values at the ends of their types, as other writers spell them (protocol section "Partition Value Serialization").</summary>
public sealed class PartitionValueTests
{
    [Theory]
    [InlineData("string", "a\\u0000b", "6100 62")]
    [InlineData("string", "\\u0000", "00")]
    [InlineData("string", "it's \\\"\\\\ \\u2028\\ud83d\\ude00", "697427732022 5C20 E280A8 F09F9880")]
    [InlineData("binary", "\\u0000\\u0001\\u007f", "00017F")]
    [InlineData("binary", "Hello", "48656C6C6F")]
    public async Task Text_of_any_characters_is_kept(string type, string text, string bytes)
    {
        using var table = Table(type, text);

        Assert.Equal([bytes.Replace(" ", "", StringComparison.Ordinal)], (await table.ReadAsync(type == "binary" ? "hex(p) as p" : "hex(encode(p)) as p")).Rows);
    }

    [Theory]
    [InlineData("date", "0001-01-01", "0001-01-01")]
    [InlineData("date", "9999-12-31", "9999-12-31")]
    [InlineData("date", "-0044-03-15", "0045-03-15 (BC)")]
    [InlineData("date", "+12345-01-01", "12345-01-01")]
    [InlineData("date", "0045-02-29 (BC)", "0045-02-29 (BC)")]
    [InlineData("date", "5881580-07-10", "5881580-07-10")]
    [InlineData("timestamp", "9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999+00")]
    [InlineData("timestamp", "0001-01-01T00:00:00.000000Z", "0001-01-01 00:00:00+00")]
    [InlineData("timestamp", "1582-10-04 00:00:00", "1582-10-04 00:00:00+00")]
    [InlineData("timestamp", "2021-09-08T11:12:13.123456+02:00", "2021-09-08 09:12:13.123456+00")]
    [InlineData("timestamp", "+12345-01-01 00:00:00.5", "12345-01-01 00:00:00.5+00")]
    [InlineData("timestamp", "2021-09-08", "2021-09-08 00:00:00+00")]
    [InlineData("timestamp_ntz", "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999")]
    [InlineData("timestamp_ntz", "2021-09-08T11:12:13.5", "2021-09-08 11:12:13.5")]
    [InlineData("double", "NaN", "nan")]
    [InlineData("double", "Infinity", "inf")]
    [InlineData("double", "-Infinity", "-inf")]
    [InlineData("double", "inf", "inf")]
    [InlineData("double", "-0.0", "-0.0")]
    [InlineData("double", "4.9E-324", "5e-324")]
    [InlineData("double", "1.7976931348623157E308", "1.7976931348623157e+308")]
    [InlineData("float", "3.4028235E38", "3.4028235e+38")]
    [InlineData("float", "1.4E-45", "1e-45")]
    [InlineData("float", "NaN", "nan")]
    [InlineData("long", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("byte", "-128", "-128")]
    [InlineData("boolean", "TRUE", "true")]
    [InlineData("decimal(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    [InlineData("decimal(5,2)", "1.50000", "1.50")]
    [InlineData("decimal(5,2)", "0E-30", "0.00")]
    [InlineData("decimal(5,2)", "1.2E+2", "120.00")]
    [InlineData("date", "2000-02-29", "2000-02-29")]
    [InlineData("decimal(38,18)", "-1E-18", "-0.000000000000000001")]
    public async Task Values_at_the_ends_of_their_types_are_kept(string type, string text, string value)
    {
        using var table = Table(type, text);

        Assert.Equal([value], (await table.ReadAsync("p::varchar as p")).Rows);
    }

    [Theory]
    [InlineData("integer", "2147483648")]
    [InlineData("byte", "128")]
    [InlineData("date", "2021-13-01")]
    [InlineData("date", "yesterday")]
    [InlineData("timestamp", "noon")]
    [InlineData("double", "much")]
    [InlineData("decimal(5,2)", "1234.5")]
    [InlineData("decimal(5,2)", "1.005")]
    [InlineData("decimal(5,2)", "1E4")]
    [InlineData("decimal(5,2)", ".5.")]
    [InlineData("date", "1900-02-29")]
    [InlineData("timestamp", "2021-09-08 24:00:00")]
    [InlineData("long", "1_000")]
    [InlineData("date", "infinity")]
    [InlineData("timestamp", "epoch")]
    public async Task A_text_that_is_no_value_of_the_type_is_refused_by_column_and_text(string type, string text)
    {
        using var table = Table(type, text);

        var refused = await table.RefusedAsync();

        Assert.Equal((DeltaErrorKind.Corrupt, $"The partition column p has the value '{text}', which is no {type}."), (refused.Kind, refused.Message));
    }

    private static HandMadeTable Table(string type, string text) => new HandMadeTable(
        $$"""{"name":"a","type":"long","nullable":true,"metadata":{} },{"name":"p","type":"{{type}}","nullable":true,"metadata":{} }""",
        """{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timestampNtz"],"writerFeatures":["timestampNtz"]}""",
        partitions: "[\"p\"]").File("1.parquet", "select 1::bigint as a", $$"""{"p":"{{text}}"}""");
}
