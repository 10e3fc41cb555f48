using System.IO.Compression;
using System.Text;
using RetailFlow.Lakehouse.Tests.Support;

namespace RetailFlow.Lakehouse.Tests.Bronze;

/// <summary>Whatever is wrong with a record, it is set aside with its reason, and the records beside it are accepted.</summary>
public sealed class MalformedInputTests
{
    private const string Good = """{"source":"s","event_id":"good-1","type":"receipt","sku":"A","location":"L","quantity":5,"event_time":"2026-01-05T10:00:00Z"}""";
    private const string Good2 = """{"source":"s","event_id":"good-2","type":"receipt","sku":"A","location":"L","quantity":2,"event_time":"2026-01-05T11:00:00+01:00"}""";

    public static TheoryData<string, string, string> Lines => new()
    {
        { "broken JSON", """{"source":"s","event_id":"x","type":""", "malformed_json" },
        { "trailing garbage", """{"source":"s","event_id":"x","type":"sale","sku":"A","location":"L","quantity":1,"event_time":"2026-01-05T10:00:00Z"} }""", "malformed_json" },
        { "a number", "42", "not_an_object" },
        { "an array on a line", """[1,2]""", "not_an_object" },
        { "quantity is a word", Record("quantity", "\"many\""), "*" },
        { "quantity is true", Record("quantity", "true"), "*" },
        { "quantity is NaN", Record("quantity", "NaN"), "*" },
        { "quantity is huge", Record("quantity", "1e300"), "*" },
        { "quantity has six places", Record("quantity", "1.000001"), "*" },
        { "quantity is zero", Record("quantity", "0"), "*" },
        { "quantity is negative", Record("quantity", "-1"), "*" },
        { "quantity is missing", Record("quantity", null), "missing_field" },
        { "25:44 o'clock", Record("event_time", "\"2026-01-05T25:44:00Z\""), "*" },
        { "the 30th of February", Record("event_time", "\"2026-02-30T10:00:00Z\""), "*" },
        { "a time without offset", Record("event_time", "\"2026-01-05T10:00:00\""), "*" },
        { "a time in the future", Record("event_time", "\"2999-01-05T10:00:00Z\""), "event_time_in_future" },
        { "a time that is a number", Record("event_time", "1765323186.53"), "*" },
        { "unknown type", Record("type", "\"teleport\""), "unknown_type" },
        { "type missing", Record("type", null), "missing_field" },
        { "sku missing", Record("sku", null), "missing_field" },
        { "sku empty", Record("sku", "\"\""), "*" },
        { "sku too long", Record("sku", $"\"{new string('x', 129)}\""), "*" },
        { "location is an object", Record("location", "{}"), "*" },
        { "location missing", Record("location", null), "missing_field" },
        { "event_id missing", Record("event_id", null), "missing_field" },
        { "line is negative", Record("line", "-1"), "*" },
        { "line is a fraction", Record("line", "1.5"), "*" },
        { "a void of nothing", Record("type", "\"void\""), "*" },
        { "a key twice", """{"source":"s","event_id":"x","event_id":"y","type":"sale","sku":"A","location":"L","quantity":1,"event_time":"2026-01-05T10:00:00Z"}""", "duplicate_key" },
        { "a control character in the sku", Record("sku", "\"A\\u0007\""), "*" },
        { "half a surrogate pair", Record("sku", "\"\\ud800\""), "*" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_broken_line_is_set_aside_with_its_rule_and_bytes_and_the_rest_is_accepted(string kind, string line, string rule)
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync($"{Good}\n{line}\n{Good2}\n");
        await AssertOneSetAsideAsync(lake, kind, rule, row: 2);
        var shown = Assert.Single(await lake.Lake.Quarantine.ShowAsync("inventory", null, 10, default));
        Assert.Equal(line, shown.Raw);
        Assert.NotEmpty(shown.Detail);
    }

    [Fact]
    public async Task Invalid_utf8_is_set_aside_with_its_bytes()
    {
        await using var lake = await TestLake.OpenAsync();
        byte[] broken = [.. Encoding.UTF8.GetBytes(Good + "\n{\"sku\":\""), 0xC3, 0x28, .. Encoding.UTF8.GetBytes("\"}\n" + Good2)];
        await lake.LandAsync(broken);
        await AssertOneSetAsideAsync(lake, "invalid UTF-8", "invalid_utf8", row: 2);
        Assert.Equal(new byte[] { 0xC3, 0x28 }, ((byte[])(await lake.ScalarAsync("select raw from quarantine.inventory"))!)[8..10]);
    }

    [Fact]
    public async Task A_line_longer_than_the_limit_is_set_aside_without_being_held_in_memory()
    {
        await using var lake = await TestLake.OpenAsync();
        var before = GC.GetTotalAllocatedBytes();
        await lake.LandAsync($"{Good}\n{{\"x\":\"{new string('y', 200 << 20)}\"}}\n{Good2}");
        var landed = GC.GetTotalAllocatedBytes() - before;
        await AssertOneSetAsideAsync(lake, "a very long line", "record_too_large", row: 2);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before - landed, 0, 100 << 20);
    }

    [Fact]
    public async Task An_empty_file_is_named()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync("");
        await lake.LandAsync("", ".csv");
        await lake.RunAsync();
        var listed = Assert.Single(await lake.Lake.Quarantine.ListAsync("inventory", default));
        Assert.Equal(("empty_file", 2L), (listed.Rule, listed.Records));
    }

    [Theory]
    [InlineData(".ndjson.gz")]
    [InlineData(".csv.gz")]
    public async Task A_truncated_gzip_gives_what_could_be_read_and_says_that_it_breaks_off(string ending)
    {
        await using var lake = await TestLake.OpenAsync();
        var text = new StringBuilder(ending == ".csv.gz" ? "source,event_id,type,sku,location,quantity,event_time\n" : "");
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var id = random.NextInt64();
            text.Append(ending == ".csv.gz"
                ? $"s,{id},receipt,A,L,1,2026-01-05T10:00:00Z\n"
                : $"{{\"source\":\"s\",\"event_id\":\"{id}\",\"type\":\"receipt\",\"sku\":\"A\",\"location\":\"L\",\"quantity\":1,\"event_time\":\"2026-01-05T10:00:00Z\"}}\n");
        }

        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text.ToString()));
        }

        await lake.LandAsync(zipped.ToArray()[..(int)(zipped.Length / 2)], ending);
        await lake.RunAsync();
        var rows = (long)(await lake.ScalarAsync("select count(*) from bronze.inventory"))!;
        Assert.InRange(rows, 5_000, 15_000);
        Assert.Contains(await lake.Lake.Quarantine.ListAsync("inventory", default), q => q.Rule == "corrupt_gzip" && q.Records == 1);
    }

    [Fact]
    public async Task A_byte_order_mark_and_carriage_returns_are_no_fault()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync($"\uFEFF{Good}\r\n\r\n{Good2}\r\n");
        await lake.LandAsync("\uFEFFsource,event_id,type,sku,location,quantity,event_time\r\ns,csv-1,receipt,A,L,1,2026-01-05T10:00:00Z\r\n", ".csv");
        await lake.RunAsync();
        Assert.Equal(3L, await lake.ScalarAsync("select count(*) from silver.inventory_events"));
        Assert.Empty(await lake.Lake.Quarantine.ListAsync("inventory", default));
    }

    [Theory]
    [InlineData("s,x,receipt,A,L,1", "ragged_row")]
    [InlineData("s,x,receipt,A,L,1,2026-01-05T10:00:00Z,more", "ragged_row")]
    [InlineData("s,x,receipt,\"A\"b,L,1,2026-01-05T10:00:00Z", "bad_quoting")]
    [InlineData("s,x,receipt,A,L,one,2026-01-05T10:00:00Z", "*")]
    [InlineData("s,x,receipt,A,L,,2026-01-05T10:00:00Z", "missing_field")]
    public async Task A_broken_csv_row_is_set_aside_and_the_rest_is_accepted(string row, string rule)
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync($"source,event_id,type,sku,location,quantity,event_time\ns,good-1,receipt,A,L,5,2026-01-05T10:00:00Z\n{row}\ns,good-2,receipt,A,L,2,2026-01-05T10:00:00Z\n", ".csv");
        await AssertOneSetAsideAsync(lake, row, rule, row: 2);
    }

    [Theory]
    [InlineData("[{0},{1},", "malformed_json")]
    [InlineData("[{0},{1},{{\"sku\":\"open", "malformed_json")]
    [InlineData("[{0},7,{1}]", "not_an_object")]
    [InlineData("[{0},{1}] rest", "malformed_json")]
    public async Task A_broken_array_gives_its_whole_elements(string shape, string rule)
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(shape.Replace("{0}", Good, StringComparison.Ordinal).Replace("{1}", Good2, StringComparison.Ordinal).Replace("{{", "{", StringComparison.Ordinal), ".json");
        await AssertOneSetAsideAsync(lake, shape, rule, row: null);
    }

    [Fact]
    public async Task A_file_that_is_not_parquet_is_set_aside_as_a_whole()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync("PAR1 this is not", ".parquet");
        await lake.LandAsync(Good + "\n" + Good2);
        await AssertOneSetAsideAsync(lake, "no Parquet", "unreadable_parquet", row: 0);
    }

    private static async Task AssertOneSetAsideAsync(TestLake lake, string kind, string rule, long? row)
    {
        await lake.RunAsync();
        Assert.Equal("good-1|5.00000\ngood-2|2.00000", await lake.TextAsync("select event_id, quantity from silver.inventory_events order by event_id"));
        Assert.Equal(7m, await lake.ScalarAsync("select on_hand from gold.stock_on_hand"));
        var shown = Assert.Single(await lake.Lake.Quarantine.ShowAsync("inventory", null, 10, default));
        if (rule != "*")
        {
            Assert.True(rule == shown.Rule, $"{kind}: {shown.Rule}");
        }

        if (row is not null)
        {
            Assert.Equal(row, shown.Row);
        }

        Assert.True((await lake.Lake.Reconciliation.RunAsync(default)).Holds);
    }

    private static string Record(string field, string? value)
    {
        var fields = new Dictionary<string, string?>
        {
            ["source"] = "\"s\"",
            ["event_id"] = "\"x\"",
            ["type"] = "\"sale\"",
            ["sku"] = "\"A\"",
            ["location"] = "\"L\"",
            ["quantity"] = "1",
            ["event_time"] = "\"2026-01-05T10:00:00Z\"",
        };
        fields[field] = value;
        return $"{{{string.Join(",", fields.Where(f => f.Value is not null).Select(f => $"\"{f.Key}\":{f.Value}"))}}}";
    }
}
