using System.IO.Compression;
using System.Text;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Bronze;

/// <summary>The same records in any format and any cut come to the same rows.</summary>
public sealed class FormatTests
{
    private const string Rows = "select source, event_id, line, type, sku, location, quantity, event_time, voids_event_id, voids_line, reference, unit_cost, _rescued from bronze.inventory order by event_id, line";

    private const string Expected = """
        till|a|0|sale|SKU-1|berlin|1.50000|2026-01-05T09:00:00.123456Z|null|null|order-7|2.5000|null
        till|a|1|sale|SKU-1|berlin|2.00000|2026-01-05T09:00:00.000000Z|null|null|null|null|null
        till|b|0|void|SKU-1|berlin|1.50000|2026-01-05T09:30:00.000000Z|a|0|null|null|null
        """;

    private static readonly string[] Objects =
    [
        """{"source":"till","event_id":"a","type":"sale","sku":"SKU-1","location":"berlin","quantity":"1.5","event_time":"2026-01-05T10:00:00.123456+01:00","reference":"order-7","unit_cost":2.50}""",
        """{"source":"till","event_id":"a","line":1,"type":"sale","sku":"SKU-1","location":"berlin","quantity":2.0,"event_time":"2026-01-05T09:00:00Z"}""",
        """{"source":"till","event_id":"b","type":"void","sku":"SKU-1","location":"berlin","quantity":1.5,"event_time":"2026-01-05T09:30:00Z","voids":{"event_id":"a","line":0}}""",
    ];

    private const string Csv = """
        source,event_id,line,type,sku,location,quantity,event_time,voids.event_id,voids.line,reference,unit_cost
        till,a,0,sale,SKU-1,berlin,1.5,2026-01-05T10:00:00.123456+01:00,,,order-7,2.50
        till,a,1,sale,SKU-1,"berlin",2,2026-01-05T09:00:00Z,,,,
        till,b,,void,SKU-1,berlin,1.50000,2026-01-05T09:30:00Z,a,0,,
        """;

    [Theory]
    [InlineData(".ndjson")]
    [InlineData(".jsonl")]
    [InlineData(".ndjson.gz")]
    [InlineData(".json")]
    [InlineData(".json.gz")]
    [InlineData("pretty.json")]
    [InlineData(".csv")]
    [InlineData(".csv.gz")]
    [InlineData(".parquet")]
    public async Task Every_format_gives_the_same_rows(string ending)
    {
        using var folder = new TemporaryDirectory();
        byte[] content = ending switch
        {
            ".json" or ".json.gz" => Encoding.UTF8.GetBytes($"[\n {string.Join(",\n ", Objects)}\n]\n"),
            "pretty.json" => Encoding.UTF8.GetBytes(string.Join('\n', Objects.Select(o => o.Replace("{\"source", "{\n  \"source", StringComparison.Ordinal)))),
            ".csv" or ".csv.gz" => Encoding.UTF8.GetBytes(Csv),
            ".parquet" => Parquet(folder.File("x.parquet")),
            _ => Encoding.UTF8.GetBytes(string.Join('\n', Objects)),
        };
        if (ending.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var zipped = new MemoryStream();
            using (var gzip = new GZipStream(zipped, CompressionLevel.Optimal, leaveOpen: true))
            {
                gzip.Write(content);
            }

            content = zipped.ToArray();
        }

        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(content, ending);
        await lake.RunAsync();
        Assert.Equal(Expected, await lake.TextAsync(Rows));
        Assert.Equal("SKU-1|berlin|-2.00000", await lake.TextAsync("select sku, location, on_hand from gold.stock_on_hand"));
        Assert.Equal(content, await File.ReadAllBytesAsync(Directory.GetFiles(Path.Combine(lake.Folder, "lake", "raw"), "*", SearchOption.AllDirectories).Single()));
    }

    [Fact]
    public async Task Unknown_fields_are_rescued()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Objects[1].Replace("\"line\":1", "\"line\":1,\"cashier\":\"Ada\",\"till\":{\"no\":4}", StringComparison.Ordinal));
        await lake.LandAsync("source,event_id,type,sku,location,quantity,event_time,cashier\ntill,c,sale,S,L,1,2026-01-05T09:00:00Z,Grace\n", ".csv");
        await lake.RunAsync();
        Assert.Equal("""
            {"cashier":"Ada","till":{"no":4}}
            {"cashier":"Grace"}
            """, await lake.TextAsync("select _rescued from bronze.inventory order by event_id"));
    }

    [Fact]
    public async Task Decimal_quantities_of_17_digits_stay_exact()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Objects[1].Replace("2.0", "999999999999.99999", StringComparison.Ordinal));
        await lake.RunAsync();
        Assert.Equal("-999999999999.99999", await lake.TextAsync("select on_hand from gold.stock_on_hand"));
    }

    private static byte[] Parquet(string file)
    {
        using var database = DuckDbDatabase.Open();
        using var connection = database.Connect();
        connection.Execute($"""
            copy (select * from (values
                ('till', 'a', 0, 'sale', 'SKU-1', 'berlin', 1.5::decimal(9,3), timestamptz '2026-01-05 09:00:00.123456+00', null, null, 'order-7', 2.5::decimal(9,2)),
                ('till', 'a', 1, 'sale', 'SKU-1', 'berlin', 2, timestamptz '2026-01-05 09:00:00+00', null, null, null, null),
                ('till', 'b', 0, 'void', 'SKU-1', 'berlin', 1.5, timestamptz '2026-01-05 09:30:00+00', 'a', 0, null, null))
                v(source, event_id, line, type, sku, location, quantity, event_time, voids_event_id, voids_line, reference, unit_cost))
            to '{file}' (format parquet)
            """);
        return File.ReadAllBytes(file);
    }
}
