using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Merging;

/// <summary>Tables large enough for the filter of keys to be asked.</summary>
public sealed class MatchableKeysTests
{
    private const string Rows =
        "select range as id, case when range % 1000 = 999 then null else 'k' || range end as sku, (range * 3)::bigint as qty, (range * 0.25)::decimal(18, 3) as amount, "
        + "date '2020-01-01' + (range % 100000)::integer as day, timestamptz '2026-01-01' + interval (range) second as \"at\" from range(150000)";

    private const string Sums = "select count(*), sum(qty), sum(id * qty), sum(amount), count(day), sum(epoch(\"at\")::bigint), count(sku) from ";

    private static readonly StructType Wide = new(
    [
        Long("id"), Text("sku"), Long("qty"), new StructField("amount", new DecimalType(18, 3)), new StructField("day", PrimitiveType.Date), new StructField("at", PrimitiveType.Timestamp),
    ]);

    public static TheoryData<string> KeyColumns => ["id", "sku", "amount", "at"];

    [Theory, InlineData(0), InlineData(1), InlineData(3), InlineData(1_000), InlineData(100_000)]
    public void A_hash_that_was_added_is_always_found(int count)
    {
        var random = new Random(count);
        var hashes = Enumerable.Range(0, count).Select(_ => unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue))).Append(0ul).Append(ulong.MaxValue).ToArray();
        var filter = new BloomFilter(count);
        foreach (var hash in hashes)
        {
            filter.Add(hash);
        }

        var found = new bool[hashes.Length];
        filter.Find(hashes, found);

        Assert.DoesNotContain(false, found);
    }

    [Fact]
    public void Of_hashes_that_were_not_added_fewer_than_two_in_a_hundred_are_found()
    {
        var random = new Random(7);
        var filter = new BloomFilter(100_000);
        for (var i = 0; i < 100_000; i++)
        {
            filter.Add(unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue)));
        }

        var others = Enumerable.Range(0, 100_000).Select(_ => unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue))).ToArray();
        var found = new bool[others.Length];
        filter.Find(others, found);

        Assert.InRange(found.Count(f => f), 1, 1_999);
    }

    [Theory, MemberData(nameof(KeyColumns))]
    public async Task A_merge_changes_the_rows_that_the_engine_joins_by_itself(string key)
    {
        await using var table = await CreateAsync(Wide, new Dictionary<string, string> { [DeletionVectors] = "true" });
        await table.AppendAsync(Rows);
        const string source = $"select * replace (-qty as qty) from ({Rows}) where id % 97 = 5 union all select 1000000 + range, 'new' || range, 1, (1000000 + range)::decimal(18, 3), null, timestamptz '2030-01-01' + interval (range) second from range(10)";
        var merge = new Merge { Source = source, Keys = Merge.On(key), WhenMatched = [MatchedClause.UpdateAll()], WhenNotMatched = [new InsertClause()] };

        await table.MergeAsync(merge);

        var expected = $"(select t.* replace (coalesce(s.qty, t.qty) as qty) from ({Rows}) t left join ({source}) s on s.\"{key}\" = t.\"{key}\" union all select s.* from ({source}) s anti join ({Rows}) t on s.\"{key}\" = t.\"{key}\")";
        Assert.Equal(table.Rows(Sums + expected), await SumsAsync(table));

        // Rows without a key match nothing, so that only they come again.
        var again = await table.MergeAsync(merge);
        Assert.Equal((key == "sku" ? 2 : 0, 0L, 0L), (again.RowsInserted, again.RowsUpdated, again.RowsDeleted));
    }

    [Fact]
    public async Task Expressions_are_not_asked_about_rows_that_a_deletion_vector_took_away()
    {
        await using var table = await CreateAsync(Wide, new Dictionary<string, string> { [DeletionVectors] = "true" });
        await table.AppendAsync(Rows);
        await table.DeleteAsync("id % 10 = 3");

        var report = await table.MergeAsync(new Merge
        {
            Source = "select range as id from range(100)",
            Keys = Merge.On("id"),
            WhenMatched = [MatchedClause.Update(new Dictionary<string, string> { ["qty"] = "case when t.id % 10 = 3 then error('a row that is gone') else -1 end" })],
            WhenNotMatched = [new InsertClause(new Dictionary<string, string> { ["id"] = "s.id", ["qty"] = "-2" })],
        });

        Assert.Equal((10L, 90L, 0L), (report.RowsInserted, report.RowsUpdated, report.RowsDeleted));
        Assert.Equal(["-1|90|4470", "-2|10|480"], await QueryAsync(table, "select qty, count(*), sum(id) from {0} where qty < 0 group by qty"));
    }

    private static Task<string[]> SumsAsync(WorkTable table) => QueryAsync(table, Sums + "{0}");

    private static async Task<string[]> QueryAsync(WorkTable table, string sql)
    {
        var snapshot = await table.Log.LoadAsync();
        using var scan = await TableScan.OpenAsync(table.Access, table.Connection, snapshot, [.. snapshot.Files], ScanOptions.Everything, default);
        return table.Rows(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, scan.Relation));
    }
}
