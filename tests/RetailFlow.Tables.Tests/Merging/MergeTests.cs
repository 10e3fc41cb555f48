using RetailFlow.Delta;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Merging;

public sealed class MergeTests
{
    private static readonly StructType Stock = new([Long("id"), Text("sku"), Long("qty")]);

    private static readonly Merge Upsert = new()
    {
        Source = "select * from (values (2, 'b', 20), (4, 'd', 4)) v(id, sku, qty)",
        Keys = Merge.On("id"),
        WhenMatched = [MatchedClause.UpdateAll()],
        WhenNotMatched = [new InsertClause()],
    };

    public static TheoryData<bool, bool> Ways => new() { { true, true }, { true, false }, { false, true }, { false, false } };

    [Theory, MemberData(nameof(Ways))]
    public async Task Upsert_changes_inserts_and_leaves_the_rest(bool vectors, bool feed)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, feed));
        await table.AppendAsync("select range as id, 's' || range as sku, range * 2 as qty from range(1, 4)");

        var report = await table.MergeAsync(Upsert);

        Assert.Equal(["1|s1|2", "2|b|20", "3|s3|6", "4|d|4"], await table.RowsAsync());
        Assert.Equal((1L, 1L, 0L, vectors ? 0L : 2L), (report.RowsInserted, report.RowsUpdated, report.RowsDeleted, report.RowsCopied));
        Assert.Equal((vectors ? 1 : 0, vectors ? 0 : 1), (report.DeletionVectorsUpdated, report.FilesRemoved));
        Assert.Equal(
            feed ? ["2|b|20|update_postimage", "2|s2|4|update_preimage", "4|d|4|insert"] : [],
            await table.ChangeFileRowsAsync(report.Version!.Value));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Same_merge_again_commits_nothing(bool vectors, bool feed)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, feed));
        await table.AppendAsync("select range as id, 's' || range as sku, range * 2 as qty from range(1, 4)");
        await table.MergeAsync(Upsert);
        var before = (await table.Log.LoadAsync()).Version;

        var report = await table.MergeAsync(Upsert);

        Assert.Null(report.Version);
        Assert.Equal(before, (await table.Log.LoadAsync()).Version);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Clauses_count_in_order_on_both_sides(bool vectors, bool feed)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, feed));
        await table.AppendAsync("select range as id, 's' || range as sku, range * 2 as qty from range(1, 8)");

        var report = await table.MergeAsync(new Merge
        {
            Source = "select * from (values (1, 0), (2, 5), (3, 6), (4, 100), (90, 1), (91, null)) v(key, delta)",
            Keys = [new MergeKey("id", "s.key")],
            WhenMatched =
            [
                MatchedClause.Delete("s.delta = 0"),
                MatchedClause.Update(new Dictionary<string, string> { ["qty"] = "t.qty + s.delta" }, "s.delta < 50"),
            ],
            WhenNotMatched =
            [
                new InsertClause(new Dictionary<string, string> { ["id"] = "s.key", ["qty"] = "s.delta" }, "s.delta is not null"),
                new InsertClause(new Dictionary<string, string> { ["id"] = "s.key", ["sku"] = "'unknown'" }),
            ],
            WhenNotMatchedBySource =
            [
                MatchedClause.Delete("t.id = 7"),
                MatchedClause.Update(new Dictionary<string, string> { ["sku"] = "t.sku || '!'" }, "t.id < 6"),
            ],
        });

        Assert.Equal(["2|s2|9", "3|s3|12", "4|s4|8", "5|s5!|10", "6|s6|12", "90||1", "91|unknown|"], await table.RowsAsync());
        Assert.Equal((2L, 3L, 2L), (report.RowsInserted, report.RowsUpdated, report.RowsDeleted));
    }

    [Fact]
    public async Task Row_that_matches_twice_is_refused_and_nothing_changes()
    {
        await using var table = await CreateAsync(Stock, Properties(true, false));
        await table.AppendAsync("select 1 as id, 'a' as sku, 1 as qty");

        var error = await Assert.ThrowsAsync<DeltaException>(() => table.MergeAsync(Upsert with { Source = "select * from (values (1, 'x', 1), (1, 'y', 2)) v(id, sku, qty)" }));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Contains("1 rows of the table match more than one row of the source", error.Message, StringComparison.Ordinal);
        Assert.Equal(["1|a|1"], await table.RowsAsync());
    }

    [Fact]
    public async Task Null_keys_match_nothing_and_are_inserted()
    {
        await using var table = await CreateAsync(Stock, Properties(true, false));
        await table.AppendAsync("select cast(null as bigint) as id, 'a' as sku, 1 as qty");

        await table.MergeAsync(Upsert with { Source = "select cast(null as bigint) as id, 'b' as sku, 2 as qty" });

        Assert.Equal(["|a|1", "|b|2"], await table.RowsAsync());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Only_files_that_can_hold_a_key_are_read_and_only_touched_ones_change(bool vectors)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, false));
        for (var i = 0; i < 10; i++)
        {
            await table.AppendAsync($"select {i} * 100 + range as id, 's' as sku, 0 as qty from range(100)");
        }

        var report = await table.MergeAsync(Upsert with { Source = "select * from (values (350, 's', 1), (351, 's', 0)) v(id, sku, qty)" });

        Assert.Equal((1, 9), (report.FilesScanned, report.FilesSkipped));
        Assert.Equal((vectors ? 0 : 1, vectors ? 1 : 0, vectors ? 0L : 99L), (report.FilesRemoved, report.DeletionVectorsUpdated, report.RowsCopied));
        Assert.Equal(1, report.RowsUpdated);
        Assert.Equal(1000, (await table.RowsAsync()).Length);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Partitioned_table_keeps_rows_in_their_partitions(bool vectors, bool feed)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, feed), "sku");
        await table.AppendAsync("select range as id, 'a/b ' || (range % 3) as sku, range as qty from range(30)");

        await table.UpdateAsync("id = 7", ("sku", "'moved=%'"));
        await table.UpdateAsync("id = 8", ("sku", "null"));
        var report = await table.DeleteAsync("sku = 'a/b 0' and qty > 20");

        var expected = Enumerable.Range(0, 30).Where(i => i % 3 != 0 || i <= 20).Select(i => $"{i}|{(i == 7 ? "moved=%" : i == 8 ? "" : "a/b " + (i % 3))}|{i}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, await table.RowsAsync());
        Assert.Equal(3, report.RowsDeleted);
        Assert.Equal(1, report.FilesScanned);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Deletes_add_up_until_the_file_goes(bool vectors, bool feed)
    {
        await using var table = await CreateAsync(Stock, Properties(vectors, feed));
        await table.AppendAsync("select range as id, 's' as sku, range as qty from range(1000)");

        await table.DeleteAsync("id % 2 = 0");
        await table.DeleteAsync("id % 3 = 0");
        Assert.Equal(333, (await table.RowsAsync()).Length);
        Assert.Equal(500, (await table.RowsAsync(2)).Length);
        var last = await table.DeleteAsync("qty >= 0");

        Assert.Empty(await table.RowsAsync());
        Assert.Empty((await table.Log.LoadAsync()).Files);
        Assert.Equal(333, last.RowsDeleted);
        Assert.Null((await table.DeleteAsync(null)).Version);
    }

    [Fact]
    public async Task Malformed_condition_of_a_delete_deletes_nothing()
    {
        await using var table = await CreateAsync(Stock, Properties(true, false));
        await table.AppendAsync("select 1 as id, 'a' as sku, 1 as qty");

        var error = await Assert.ThrowsAsync<DeltaException>(() => table.DeleteAsync("id = 1) or (true"));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Single(await table.RowsAsync());
    }

    [Fact]
    public async Task Merge_into_an_empty_table_inserts()
    {
        await using var table = await CreateAsync(Stock, Properties(true, true));

        Assert.Equal(2, (await table.MergeAsync(Upsert)).RowsInserted);

        Assert.Equal(["2|b|20", "4|d|4"], await table.RowsAsync());
    }

    private static Dictionary<string, string> Properties(bool vectors, bool feed)
    {
        var properties = new Dictionary<string, string>();
        if (vectors)
        {
            properties[DeletionVectors] = "true";
        }

        if (feed)
        {
            properties[ChangeDataFeed] = "true";
        }

        return properties;
    }
}
