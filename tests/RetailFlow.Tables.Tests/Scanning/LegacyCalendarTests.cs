using RetailFlow.Delta;
using static RetailFlow.Tables.Tests.Scanning.ParquetFixture;
using static RetailFlow.Tables.Tests.Scanning.ParquetNode;

namespace RetailFlow.Tables.Tests.Scanning;

/// <summary>Days and instants whose calendar a file does not tell (Spark, "Datetime rebasing for Parquet").</summary>
public sealed class LegacyCalendarTests
{
    private const string Library = "parquet-mr version 1.10.1 (build a89df8f9932b6ef6633d06069e50c9b7970bebd1)";

    // 1582-10-14 and 1582-10-15, in days since 1970.
    private const int LastOld = -141_428;
    private const int FirstNew = -141_427;

    [Theory]
    [InlineData(Library, "2.4.5", null, LastOld, true)]
    [InlineData(Library, "2.4.5", null, FirstNew, false)]
    [InlineData(Library, null, null, LastOld, true)]
    [InlineData(Library, "3.0.0", null, LastOld, false)]
    [InlineData(Library, "3.5.1", "org.apache.spark.legacyDateTime", LastOld, true)]
    [InlineData("DuckDB version v1.5.6", null, null, LastOld, false)]
    [InlineData(null, null, null, LastOld, false)]
    public async Task Days_that_may_be_Julian_are_refused(string? writer, string? spark, string? mark, int day, bool refused)
    {
        using var table = Table("date", new ParquetFixture().Column(new ParquetNode("v", AsInt32) { Converted = Date }, 1, Int32s(day)), writer, spark, mark);

        if (refused)
        {
            var error = await table.RefusedAsync();
            Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
            Assert.Contains("the column 'v' has the value 1582-10-14", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal([day == LastOld ? "1582-10-14" : "1582-10-15"], (await table.ReadAsync("cast(v as varchar)")).Rows);
        }
    }

    [Theory]
    [InlineData("3.1.0", "org.apache.spark.legacyINT96", true)]
    [InlineData("3.1.0", null, false)]
    public async Task Instants_of_96_bits_before_1900_are_refused_where_they_may_be_local(string spark, string? mark, bool refused)
    {
        var before1900 = (2_440_588 - 25_568, 0L);
        using var table = Table("timestamp", new ParquetFixture().Column(new ParquetNode("v", AsInt96), 1, Int96s(before1900)), Library, spark, mark);

        if (refused)
        {
            Assert.Contains("the column 'v' has the value 1899-12-31", (await table.RefusedAsync()).Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Single((await table.ReadAsync()).Rows);
        }
    }

    [Fact]
    public async Task Days_inside_a_list_of_such_a_file_are_refused_whatever_they_are()
    {
        var list = Group("v", 1, List, Group("bag", 2, null, new ParquetNode("array", AsInt32) { Converted = Date }));
        using var table = Table("""{"type":"array","elementType":"date","containsNull":true}""", new ParquetFixture().Column(list, ([3], [0], Int32s(0))), Library, "2.4.5", null);

        Assert.Contains("'v' has days or instants inside a", (await table.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    private static HandMadeTable Table(string type, ParquetFixture file, string? writer, string? spark, string? mark)
    {
        file = writer is null ? file : file.WrittenBy(writer);
        file = spark is null ? file : file.Property("org.apache.spark.version", spark);
        file = mark is null ? file : file.Property(mark, "");
        var quoted = type[0] == '{' ? type : $"\"{type}\"";
        return new HandMadeTable($$"""{"name":"v","type":{{quoted}},"nullable":true,"metadata":{} }""").File("1.parquet", file.Write(1));
    }
}
