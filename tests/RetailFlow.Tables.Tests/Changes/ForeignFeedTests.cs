using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Conformance;
using static RetailFlow.Tables.Tests.Conformance.ForeignTable;

namespace RetailFlow.Tables.Tests.Changes;

/// <summary>Feeds as other writers leave them: schemas that change, files that are gone, changes that are none.</summary>
public sealed class ForeignFeedTests
{
    private const string On = "\"delta.enableChangeDataFeed\":\"true\"";

    [Fact]
    public async Task Changes_of_before_a_new_column_have_null_in_it()
    {
        using var table = Table()
            .Commit(1, Metadata(Field("id", "long") + "," + Field("more", "string"), configuration: On), Remove("a.parquet", more: ",\"partitionValues\":{}"), Add("b.parquet"))
            .Data("b.parquet", "select 2::bigint as id, 'x' as more");

        Assert.Equal(["1|null|delete|1", "1|null|insert|0", "2|x|insert|1"], await table.ChangesAsync(0));
        Assert.Equal(["1|insert|0"], await table.ChangesAsync(0, 0));
    }

    [Theory]
    [InlineData("string", "'x'", "", "cannot go from long to string")]
    [InlineData("long", "2::bigint", "\"id\"", "partitioned by other columns")]
    public async Task Rows_that_are_removed_while_their_schema_changes_are_refused_and_not_misread(string type, string value, string partition, string reason)
    {
        using var table = Table()
            .Commit(1, Metadata(Field("id", type), partition, On), Remove("a.parquet"), Add("b.parquet", partition.Length > 0 ? "\"id\":\"2\"" : ""))
            .Data("b.parquet", $"select {value} as id");

        foreach (var from in new[] { 0, 1 })
        {
            var refused = await Assert.ThrowsAsync<DeltaException>(() => table.ChangesAsync(from, 1));

            Assert.Equal(DeltaErrorKind.InvalidInput, refused.Kind);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["1|insert|0"], await table.ChangesAsync(0, 0));
    }

    [Fact]
    public async Task Files_that_say_that_they_change_nothing_are_no_changes()
    {
        using var table = Table()
            .Commit(1, Remove("a.parquet", dataChange: false), Add("b.parquet").Replace("\"dataChange\":true", "\"dataChange\":false", StringComparison.Ordinal))
            .Data("b.parquet", "select 1::bigint as id");

        Assert.Equal(["1|insert|0"], await table.ChangesAsync(0));
    }

    [Fact]
    public async Task A_range_over_versions_with_the_feed_off_is_refused_by_the_version()
    {
        using var table = Table()
            .Commit(1, Metadata(Field("id", "long")))
            .Commit(2, Add("b.parquet"))
            .Commit(3, Metadata(Field("id", "long"), configuration: On))
            .Commit(4, Remove("a.parquet"));

        var refused = await Assert.ThrowsAsync<DeltaException>(() => table.ChangesAsync(0, 4));

        Assert.Contains("not on in version 1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["1|delete|4"], await table.ChangesAsync(3));
    }

    [Fact]
    public async Task A_file_that_was_vacuumed_is_named()
    {
        using var table = Table().Commit(1, Change("_change_data/gone.parquet"), Remove("a.parquet"));

        var refused = await Assert.ThrowsAsync<DeltaException>(() => table.ChangesAsync(0));

        Assert.Contains("_change_data/gone.parquet", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_files_say_all_of_their_version()
    {
        using var table = Table()
            .Commit(1, Change("_change_data/c.parquet"), Remove("a.parquet"), Add("b.parquet"))
            .Data("_change_data/c.parquet", "select * from (values (1::bigint, 'update_preimage'), (5, 'update_postimage')) as t(id, _change_type)");

        Assert.Equal(["1|update_preimage|1", "5|update_postimage|1"], await table.ChangesAsync(1));
    }

    private static ForeignTable Table() => new ForeignTable()
        .Commit(0, ForeignTable.Protocol, Metadata(Field("id", "long"), configuration: On), Add("a.parquet"))
        .Data("a.parquet", "select 1::bigint as id");
}
