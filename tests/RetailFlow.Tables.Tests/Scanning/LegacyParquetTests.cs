using static RetailFlow.Tables.Tests.Scanning.ParquetFixture;
using static RetailFlow.Tables.Tests.Scanning.ParquetNode;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>Shapes of Parquet that older writers left (parquet-format, "LogicalTypes", backward-compatibility rules).</summary>
public sealed class LegacyParquetTests
{
    private const int JulianDayOf1970 = 2_440_588;
    private const long NanosecondsPerHour = 3_600_000_000_000;

    [Fact]
    public async Task A_list_whose_group_is_named_bag_has_nulls_and_empty_lists()
    {
        var list = Group("v", 1, List, Group("bag", 2, null, new ParquetNode("array", AsInt32)));

        await AssertAsync("""{"type":"array","elementType":"integer","containsNull":true}""", 4, new ParquetFixture()
            .Column(list, ([3, 2, 3, 1, 0, 3], [0, 1, 1, 0, 0, 0], Int32s(1, 3, 7))), "[1, NULL, 3]", "[]", "null", "[7]");
    }

    [Fact]
    public async Task A_list_of_two_levels_is_a_list_of_its_repeated_field()
    {
        var list = Group("v", 1, List, new ParquetNode("array", AsInt32, 2));

        await AssertAsync("""{"type":"array","elementType":"integer","containsNull":false}""", 3, new ParquetFixture()
            .Column(list, ([2, 2, 1, 0], [0, 1, 0, 0], Int32s(1, 2))), "[1, 2]", "[]", "null");
    }

    [Fact]
    public async Task A_list_whose_repeated_struct_of_one_field_the_engine_takes_for_its_field_is_refused()
    {
        using var table = new HandMadeTable("""{"name":"v","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"ab","type":"long"}]},"containsNull":false}}""")
            .File("1.parquet", new ParquetFixture().Column(Group("v", 1, List, Group("array", 2, null, new ParquetNode("ab", AsInt64))), ([3, 2, 1], [0, 1, 0], Int64s(5))).Write(2));

        Assert.Contains("Column v.element: a data file has the type BIGINT where the table has struct<ab:long>", (await table.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_nullable_structs_in_a_bag_keeps_nulls_apart_from_null_fields()
    {
        var list = Group("v", 1, List, Group("bag", 2, null, Group("array", 1, null, new ParquetNode("ab", AsInt64))));

        await AssertAsync("""{"type":"array","elementType":{"type":"struct","fields":[{"name":"ab","type":"long","nullable":true,"metadata":{}}]},"containsNull":true}""", 1, new ParquetFixture()
            .Column(list, ([4, 3, 2], [0, 1, 1], Int64s(5))), "[{'ab': 5}, {'ab': NULL}, NULL]");
    }

    [Fact]
    public async Task A_repeated_field_without_a_list_around_it_is_a_list()
    {
        await AssertAsync("""{"type":"array","elementType":"integer","containsNull":false}""", 2, new ParquetFixture()
            .Column(new ParquetNode("v", AsInt32, 2), ([1, 1, 0], [0, 1, 0], Int32s(1, 2))), "[1, 2]", "[]");
    }

    [Theory]
    [InlineData("map", MapKeyValue)]
    [InlineData("key_value", null)]
    public async Task A_map_of_any_age_is_a_map(string name, int? inner)
    {
        var map = Group("v", 1, Map, Group(name, 2, inner, new ParquetNode("key", AsInt32, 0), new ParquetNode("value", AsInt64)));

        await AssertAsync("""{"type":"map","keyType":"integer","valueType":"long","valueContainsNull":true}""", 3, new ParquetFixture()
            .Column(map, ([2, 2, 1, 0], [0, 1, 0, 0], Int32s(1, 2)), ([3, 2, 1, 0], [0, 1, 0, 0], Int64s(10))), "{1=10, 2=NULL}", "{}", "null");
    }

    [Fact]
    public async Task Lists_within_maps_and_lists_are_read_at_every_level()
    {
        var inner = Group("array", 1, List, Group("bag", 2, null, new ParquetNode("array", AsInt32)));
        var map = Group("v", 1, Map, Group("map", 2, MapKeyValue, new ParquetNode("key", AsInt64, 0), inner with { Name = "value" }));

        await AssertAsync("""{"type":"map","keyType":"long","valueType":{"type":"array","elementType":"integer","containsNull":true},"valueContainsNull":true}""", 1, new ParquetFixture()
            .Column(map, ([2, 2, 2], [0, 1, 1], Int64s(1, 2, 3)), ([5, 4, 3, 2], [0, 2, 1, 1], Int32s(7))), "{1=[7, NULL], 2=[], 3=NULL}");
        await AssertAsync("""{"type":"array","elementType":{"type":"array","elementType":"integer","containsNull":true},"containsNull":true}""", 1, new ParquetFixture()
            .Column(Group("v", 1, List, Group("bag", 2, null, inner)), ([5, 4, 3, 2], [0, 2, 1, 1], Int32s(7))), "[[7, NULL], [], NULL]");
    }

    [Theory]
    [InlineData("byte", AsInt32, Int8, -128, "-128")]
    [InlineData("short", AsInt32, null, -32768, "-32768")]
    [InlineData("short", AsInt32, UInt8, 255, "255")]
    [InlineData("byte", AsInt32, null, 5, "5")]
    [InlineData("long", AsInt32, AsUInt32, -1, "4294967295")]
    [InlineData("date", AsInt32, Date, -719162, "0001-01-01")]
    [InlineData("date", AsInt32, Date, 2932896, "9999-12-31")]
    [InlineData("decimal(5,2)", AsInt32, AsDecimal, -12345, "-123.45")]
    public async Task A_number_of_32_bits_is_what_the_table_says(string type, int physical, int? converted, int value, string text) =>
        await AssertAsync(type, 1, new ParquetFixture().Column(Number(physical, converted, type), 1, Int32s(value)), text);

    [Theory]
    [InlineData("timestamp", TimestampMillis, -1L, "1969-12-31 23:59:59.999+00")]
    [InlineData("timestamp", TimestampMicros, -62135596800000000L, "0001-01-01 00:00:00+00")]
    [InlineData("timestamp", TimestampMicros, 253402300799999999L, "9999-12-31 23:59:59.999999+00")]
    [InlineData("decimal(10,2)", AsDecimal, -1L, "-0.01")]
    [InlineData("timestamp_ntz", TimestampMillis, -1L, "1969-12-31 23:59:59.999")]
    public async Task A_number_of_64_bits_is_what_the_table_says(string type, int converted, long value, string text) =>
        await AssertAsync(type, 1, new ParquetFixture().Column(Number(AsInt64, converted, type), 1, Int64s(value)), text);

    [Fact]
    public async Task Decimals_as_bytes_of_any_length_are_numbers()
    {
        await AssertAsync("decimal(5,2)", 2, new ParquetFixture().Column(Number(Fixed, AsDecimal, "decimal(5,2)") with { Length = 3 }, 2, [0xFF, 0xCF, 0xC7, 0, 0, 1]), "-123.45", "0.01");
        await AssertAsync("decimal(20,10)", 2, new ParquetFixture().Column(Number(Bytes, AsDecimal, "decimal(20,10)"), 2, [1, 0, 0, 0, 0xFF, 2, 0, 0, 0, 1, 0]), "-0.0000000001", "0.0000000256");
    }

    [Fact]
    public async Task Instants_of_96_bits_reach_before_1900_and_after_2262()
    {
        var day = (int days) => JulianDayOf1970 + days;

        await AssertAsync("timestamp", 4, new ParquetFixture().Column(new ParquetNode("v", AsInt96), 4, Int96s(
            (day(0), 0), (day(-1), (23 * NanosecondsPerHour) + 1_000), (day(-25_932), NanosecondsPerHour), (day(2_932_896), 0))),
            "1970-01-01 00:00:00+00", "1969-12-31 23:00:00.000001+00", "1899-01-01 01:00:00+00", "9999-12-31 00:00:00+00");
    }

    [Fact]
    public async Task Text_without_an_annotation_is_text()
    {
        await AssertAsync("string", 1, new ParquetFixture().Column(new ParquetNode("v", Bytes), 1, Texts("ä")), "ä");
        await AssertAsync("binary", 1, new ParquetFixture().Column(new ParquetNode("v", Bytes) { Converted = Utf8 }, 1, Texts("a")), "a");
    }

    private static ParquetNode Number(int physical, int? converted, string type)
    {
        var digits = type.StartsWith("decimal(", StringComparison.Ordinal) ? type[8..^1].Split(',') : null;
        return new ParquetNode("v", physical) { Converted = converted, Precision = digits is null ? null : int.Parse(digits[0], null), Scale = digits is null ? null : int.Parse(digits[1], null) };
    }

    private static async Task AssertAsync(string type, int rows, ParquetFixture file, params string[] values)
    {
        var json = type.StartsWith('{') ? type : $"\"{type}\"";
        using var table = new HandMadeTable(
            $$"""{"name":"v","type":{{json}},"nullable":true,"metadata":{} }""",
            """{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timestampNtz"],"writerFeatures":["timestampNtz"]}""")
            .File("1.parquet", file.Write(rows));

        var (types, read) = await table.ReadAsync("v::varchar as v, row_number() over () as n", "");

        Assert.Equal(values, read.Select(r => (Text: r[..r.LastIndexOf('|')], Row: int.Parse(r[(r.LastIndexOf('|') + 1)..], null))).OrderBy(r => r.Row).Select(r => r.Text));
        Assert.Equal("v VARCHAR, n BIGINT", types);
    }
}
