using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Writing;

public sealed class RowRulesTests
{
    private static readonly StructType Stock = new([Long("id", nullable: false), Text("sku"), Long("qty")]);

    [Theory]
    [InlineData("qty >= 0", "1, 'a', 0", true)]
    [InlineData("qty >= 0", "1, 'a', -1", false)]
    [InlineData("qty >= 0", "1, 'a', null", false)]
    [InlineData("`sku` like \"a%\" and length(sku) < 5", "1, 'abc', 0", true)]
    [InlineData("`sku` like \"a%\" and length(sku) < 5", "1, 'abcde', 0", false)]
    [InlineData("qty between 1 and 3 or sku in ('x', \"it's\")", "1, 'it''s', 9", true)]
    [InlineData("qty between 1 and 3 or sku in ('x', \"it's\")", "1, 'y', 9", false)]
    [InlineData("id is not null", "null, 'a', 0", false)]
    public async Task Check_constraint_holds_for_every_row_that_is_written(string constraint, string row, bool allowed)
    {
        await using var table = await CreateAsync(Stock, new Dictionary<string, string> { ["delta.constraints.rule"] = constraint });

        Task Append() => table.AppendAsync($"select * from (values ({row})) v(id, sku, qty)");

        if (allowed)
        {
            await Append();
            Assert.Single(await table.RowsAsync());
        }
        else
        {
            Assert.Contains("RetailFlow constraint: ", (await Assert.ThrowsAsync<DuckDb.DuckDbException>(Append)).Message, StringComparison.Ordinal);
            Assert.Equal(0, (await table.Log.LoadAsync()).Version);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_that_an_update_would_break_stop_it_by_name(bool vectors)
    {
        await using var table = await CreateAsync(Stock, new Dictionary<string, string> { ["delta.constraints.positive"] = "qty >= 0", [DeletionVectors] = vectors ? "true" : "false" });
        await table.AppendAsync("select range as id, 's' as sku, range as qty from range(5)");

        var error = await Assert.ThrowsAsync<DeltaException>(() => table.UpdateAsync("id = 3", ("qty", "qty - 10")));

        Assert.Equal(DeltaErrorKind.ConstraintViolated, error.Kind);
        Assert.Contains("CHECK constraint positive is violated by the row {\"id\":3,\"sku\":\"s\",\"qty\":-7}", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await table.Log.LoadAsync()).Version);
    }

    [Theory]
    [InlineData("concat(sku, 'x') = 'ax'", "function concat may differ")]
    [InlineData("qty > (select 1)", "SUBQUERY may differ")]
    [InlineData("amount > 0", "there is no column amount")]
    [InlineData("qty >", "the engine cannot parse it")]
    public async Task Constraint_whose_meaning_is_not_certain_is_refused(string constraint, string reason)
    {
        await using var table = await CreateAsync(Stock, new Dictionary<string, string> { ["delta.constraints.rule"] = constraint });

        var error = await Assert.ThrowsAsync<DeltaException>(() => table.AppendAsync("select 1 as id, 'a' as sku, 1 as qty"));

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.Contains($"CHECK constraint rule '{constraint}' cannot be enforced: {reason}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generated_and_default_columns_are_filled_in_and_checked()
    {
        var schema = new StructType(
        [
            Long("id"),
            new StructField("at", PrimitiveType.Timestamp),
            new StructField("day", PrimitiveType.Date, true, new FieldMetadata([new("delta.generationExpression", "\"CAST(at AS DATE)\"")])),
            new StructField("kind", PrimitiveType.String, true, new FieldMetadata([new("CURRENT_DEFAULT", "\"'sale'\"")])),
        ]);
        await using var table = await CreateAsync(schema, new Dictionary<string, string> { ["delta.feature.allowColumnDefaults"] = "supported" });

        await table.MergeAsync(new Merge
        {
            Source = "select 1 as id, timestamptz '2026-03-04 23:30:00+00' as at",
            Keys = Merge.On("id"),
            WhenNotMatched = [new InsertClause()],
        });
        await table.UpdateAsync("id = 1", ("at", "t.\"at\" + interval 1 hour"));

        Assert.Equal(["1|2026-03-05|sale"], table.Rows($"select id, cast(day as varchar), kind from ({await SelectAsync(table)})"));
        var error = await Assert.ThrowsAsync<DeltaException>(() => table.UpdateAsync("id = 1", ("day", "date '2020-01-01'")));
        Assert.Contains("'day' is generated", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> SelectAsync(WorkTable table) =>
        $"select * from read_parquet([{string.Join(", ", (await table.Log.LoadAsync()).Files.Select(f => $"'{Path.Combine(table.Folder, f.DecodedPath)}'"))}])";
}
