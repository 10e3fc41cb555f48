namespace RetailFlow.Delta.Tests;

public sealed class StatisticsBuilderTests
{
    [Theory]
    [InlineData("long", "-5", "7", "-5", "7")]
    [InlineData("double", "1.5", "1e+20", "1.5", "1E+20")]
    [InlineData("double", "-inf", "nan", null, null)]
    [InlineData("float", "0.1", "16777216.0", "0.1", "16777216")]
    [InlineData("decimal(20,2)", "-0.50", "12345678901234567.89", "-0.50", "12345678901234567.89")]
    [InlineData("decimal(20,2)", ".5", "x", "0.5", null)]
    [InlineData("date", "2026-03-01", "10000-01-01", "\"2026-03-01\"", null)]
    [InlineData("timestamp", "2026-03-01 12:00:00.123456+00", "2026-03-01 12:00:00.123456+00", "\"2026-03-01T12:00:00.123Z\"", "\"2026-03-01T12:00:00.124Z\"")]
    [InlineData("timestamp", "1969-12-31 23:59:59.9995+00", "1969-12-31 23:59:59.9995+00", "\"1969-12-31T23:59:59.999Z\"", "\"1970-01-01T00:00:00.000Z\"")]
    [InlineData("timestamp", "2026-03-01 13:00:00+01", "2026-03-01 06:30:00-05:30", "\"2026-03-01T12:00:00.000Z\"", "\"2026-03-01T12:00:00.000Z\"")]
    [InlineData("timestamp_ntz", "2026-03-01 12:00:00", "2026-03-01T12:00:00.000001", "\"2026-03-01T12:00:00.000\"", "\"2026-03-01T12:00:00.001\"")]
    [InlineData("string", "a\"b", "ü", "\"a\\\"b\"", "\"ü\"")]
    [InlineData("string", "0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789", "\"01234567890123456789012345678901\"", "\"01234567890123456789012345678901\\u007F\"")]
    [InlineData("string", "a", "0123456789012345678901234567890é0123", "\"a\"", "\"0123456789012345678901234567890é\\u007F\"")]
    [InlineData("string", "a", "01234567890123456789012345678901é", "\"a\"", "\"01234567890123456789012345678901\\uDBFF\\uDFFF\"")]
    [InlineData("string", "a", "01234567890123456789012345678901\U0010FFFFa!", "\"a\"", "\"01234567890123456789012345678901\\uDBFF\\uDFFF\\u007F\"")]
    [InlineData("string", "a", "01234567890123456789012345678901\U0010FFFF", "\"a\"", "\"01234567890123456789012345678901\\uDBFF\\uDFFF\"")]
    [InlineData("boolean", "false", "true", null, null)]
    [InlineData("binary", "a", "b", null, null)]
    public void Bounds_are_written_so_that_they_hold(string type, string min, string max, string? lower, string? upper)
    {
        var schema = StructType.Parse($$$"""{"type":"struct","fields":[{"name":"c","type":"{{{type}}}","nullable":true,"metadata":{}}]}""");

        var json = StatisticsBuilder.Build(3, schema, [], [new ColumnStatistics("c", min, max, 1)]).ToJson();

        Assert.Equal(
            "{\"numRecords\":3,\"minValues\":{" + (lower is null ? "" : "\"c\":" + lower) + "},\"maxValues\":{" + (upper is null ? "" : "\"c\":" + upper) + "},\"nullCount\":{\"c\":1}}",
            json.Replace("\U0010FFFF", "\\uDBFF\\uDFFF", StringComparison.Ordinal).Replace("\u007F", "\\u007F", StringComparison.Ordinal));
    }

    [Fact]
    public void Nested_columns_are_nested_and_partition_columns_left_out()
    {
        var schema = new StructType(
        [
            new StructField("p", PrimitiveType.Long),
            new StructField("x", new StructType([new StructField("y", new StructType([new StructField("z", PrimitiveType.Long)])), new StructField("w", PrimitiveType.Long)])),
            new StructField("v", PrimitiveType.Long),
            new StructField("list", new ArrayType(PrimitiveType.Long, true)),
        ]);
        ColumnStatistics[] known =
        [
            new(ColumnPath.Of("x", "y", "z"), "1", "2", 0), new(ColumnPath.Of("x", "w"), "3", null, 1), new("v", null, "6", 2), new("p", "0", "0", 0), new("list", "0", "0", 4), new("other", "0", "0", 0),
        ];

        Assert.Equal(
            """{"numRecords":9,"minValues":{"x":{"y":{"z":1},"w":3}},"maxValues":{"x":{"y":{"z":2}},"v":6},"nullCount":{"x":{"y":{"z":0},"w":1},"v":2,"list":4}}""",
            StatisticsBuilder.Build(9, schema, ["p"], known).ToJson());
        Assert.Equal(
            """{"numRecords":9,"minValues":{"x":{"y":{"z":1}}},"maxValues":{"x":{"y":{"z":2}}},"nullCount":{"x":{"y":{"z":0}}}}""",
            StatisticsBuilder.Build(9, schema, ["p"], known, indexedColumns: 1).ToJson());
    }

    [Theory]
    [InlineData(null, null, null, "a.x a.y b c d")]
    [InlineData("2", null, null, "a.x a.y")]
    [InlineData("0", null, null, "")]
    [InlineData("-1", null, null, "a.x a.y b c d")]
    [InlineData("1", "c, a.y", null, "a.y c")]
    [InlineData("1", "a", null, "a.x a.y")]
    [InlineData("1", "`c`,`a`.`x`, nowhere", null, "a.x c")]
    [InlineData("1", "", null, "")]
    [InlineData("1", null, "d", "a.x d")]
    [InlineData("1", "b", "a.y d", "a.y b d")]
    public void Columns_with_statistics_are_those_named_or_the_first_and_the_clustering_ones(string? count, string? names, string? clustering, string expected)
    {
        var schema = new StructType(
        [
            new StructField("p", PrimitiveType.Long),
            new StructField("a", new StructType([new StructField("x", PrimitiveType.Long), new StructField("y", PrimitiveType.Long)])),
            new StructField("b", PrimitiveType.Long),
            new StructField("c", PrimitiveType.Long),
            new StructField("d", PrimitiveType.Long),
        ]);
        (string, string)[] properties = [.. new[] { ("delta.dataSkippingNumIndexedCols", count), ("delta.dataSkippingStatsColumns", names) }.Where(p => p.Item2 is not null).Select(p => (p.Item1, p.Item2!))];
        var metadata = TestTable.MetadataOf(schema, ["p"], properties);
        ColumnPath[] clusteredBy = [.. (clustering ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => ColumnPath.Of(c.Split('.')))];
        ColumnPath[] all = ["p", ColumnPath.Of("a", "x"), ColumnPath.Of("a", "y"), "b", "c", "d"];

        var stats = StatisticsBuilder.Build(1, schema, ["p"], all.Select(c => new ColumnStatistics(c, null, null, 0)), StatisticsColumns.Of(metadata, clusteredBy));

        Assert.Equal(expected, string.Join(' ', Leaves(stats.NullCount!.Value, "")));

        static IEnumerable<string> Leaves(System.Text.Json.JsonElement json, string parent) => json.EnumerateObject().SelectMany(p =>
            p.Value.ValueKind == System.Text.Json.JsonValueKind.Object ? Leaves(p.Value, parent + p.Name + ".") : [parent + p.Name]);
    }

    [Fact]
    public void Columns_with_NaN_have_no_upper_bound()
    {
        var schema = new StructType([new StructField("d", PrimitiveType.Double)]);

        Assert.Equal(
            """{"numRecords":2,"minValues":{"d":1},"maxValues":{},"nullCount":{"d":0}}""",
            StatisticsBuilder.Build(2, schema, [], [new ColumnStatistics("d", "1", "2", 0, HasNaN: true)]).ToJson());
    }

    [Fact]
    public void Statistics_are_read_as_they_were_written_and_malformed_ones_are_none()
    {
        const string json = """{"numRecords":3,"minValues":{"m":12345678901234567890.0000000001},"maxValues":{"s":"x"},"nullCount":{"m":0},"tightBounds":false}""";
        var stats = TestTable.File("a", stats: json).ParsedStatistics!;

        Assert.Equal((3L, false, json), (stats.NumRecords, stats.TightBounds, stats.ToJson()));
        Assert.Null(TestTable.File("a", stats: "{\"numRecords\":").ParsedStatistics);
        Assert.Null(TestTable.File("a", stats: "5").ParsedStatistics);
        Assert.Null(TestTable.File("a").ParsedStatistics);
        Assert.Null(TestTable.File("a", stats: "{\"numRecords\":\"3\",\"minValues\":[]}").ParsedStatistics!.NumRecords);
    }
}
