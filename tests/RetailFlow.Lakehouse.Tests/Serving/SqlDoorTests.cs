using RetailFlow.Lakehouse.Tests.Support;

namespace RetailFlow.Lakehouse.Tests.Serving;

public sealed class SqlDoorTests
{
    [Fact]
    public async Task Tables_are_read_by_name_and_by_version()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Receipt("1", 3));
        await lake.RunAsync();
        await lake.LandAsync(Receipt("2", 4));
        await lake.RunAsync();
        Assert.Equal(7m, await lake.ScalarAsync("SELECT on_hand FROM gold.stock_on_hand"));
        Assert.Equal(3m, await lake.ScalarAsync("SELECT on_hand FROM gold.stock_on_hand VERSION AS OF 1"));
        Assert.Equal(4m, await lake.ScalarAsync("SELECT n.on_hand - o.on_hand FROM gold.stock_on_hand n JOIN gold.stock_on_hand VERSION AS OF 1 o USING (sku)"));
        Assert.Equal(2L, await lake.ScalarAsync("SELECT count(*) FROM system.landed_files"));
        Assert.Equal("1", await lake.TextAsync("WITH one AS (SELECT 1 AS n) SELECT n FROM one -- the end"));
        Assert.Equal("sku", (string)(await lake.QueryAsync("DESCRIBE gold.stock_on_hand;"))[0][0]!);
    }

    [Theory]
    [InlineData("drop table gold.stock_on_hand")]
    [InlineData("copy (select 1) to '/tmp/x'")]
    [InlineData("select 1; select 2")]
    [InlineData("insert into gold.stock_on_hand values (1)")]
    [InlineData("explain analyze copy (select 1) to '/tmp/retailflow-must-not-exist'")]
    [InlineData("select ';'; copy (select 1) to '/tmp/retailflow-must-not-exist'")]
    [InlineData("select 1); copy (select 1) to '/tmp/retailflow-must-not-exist' --")]
    [InlineData("select * from read_csv('/etc/hostname')")]
    [InlineData("select * from read_text('/etc/hostname')")]
    [InlineData("attach '/tmp/retailflow-must-not-exist'")]
    [InlineData("select * from gold.nothing")]
    [InlineData("selekt 1")]
    [InlineData("SELECT * FROM gold.stock_on_hand TIMESTAMP AS OF 'yesterday'")]
    public async Task What_is_no_reading_statement_or_names_nothing_is_refused(string sql)
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync(Receipt("1", 3));
        await lake.RunAsync();
        var error = await Assert.ThrowsAsync<LakeException>(async () => await lake.QueryAsync(sql));
        Assert.Equal(LakeErrorKind.InvalidInput, error.Kind);
        Assert.StartsWith("SQL: ", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/retailflow-must-not-exist"));
    }

    [Fact]
    public async Task Stock_as_of_a_past_moment_and_its_explanation_follow_event_time()
    {
        await using var lake = await TestLake.OpenAsync();
        await lake.LandAsync("""
            {"source":"s","event_id":"1","type":"receipt","sku":"A","location":"L","quantity":10,"event_time":"2026-01-05T08:00:00Z"}
            {"source":"s","event_id":"2","type":"sale","sku":"A","location":"L","quantity":3,"event_time":"2026-01-05T09:00:00Z"}
            {"source":"s","event_id":"3","type":"count","sku":"A","location":"L","quantity":6,"event_time":"2026-01-05T10:00:00Z"}
            {"source":"s","event_id":"4","type":"sale","sku":"A","location":"L","quantity":1,"event_time":"2026-01-05T10:00:00Z"}
            {"source":"s","event_id":"5","type":"sale","sku":"A","location":"L","quantity":2,"event_time":"2026-01-05T11:00:00Z"}
            """);
        await lake.RunAsync();
        Assert.Equal(4m, (await lake.Lake.Stock.GetAsync(["A"], "L", null, default)).Rows.Single().OnHand);
        Assert.Equal(7m, (await lake.Lake.Stock.GetAsync(["A"], "L", At("09:30"), default)).Rows.Single().OnHand);
        Assert.Equal(6m, (await lake.Lake.Stock.GetAsync([], null, At("10:30"), default)).Rows.Single().OnHand);
        var explained = await lake.Lake.Stock.ExplainAsync("A", "L", null, default);
        Assert.Equal("3", explained.GoverningCount!.EventId);
        Assert.Equal(["5"], explained.RecordsAfter.Select(r => r.EventId));
        Assert.Equal(explained.OnHand, explained.GoverningCount.Quantity + explained.RecordsAfter.Sum(r => r.Effect));

        static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-01-05T{time}:00Z", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Receipt(string id, int quantity) =>
        $$"""{"source":"s","event_id":"{{id}}","type":"receipt","sku":"A","location":"L","quantity":{{quantity}},"event_time":"2026-01-05T10:00:00Z"}""";
}
