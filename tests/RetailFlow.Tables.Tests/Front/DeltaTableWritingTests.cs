using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Front;

public sealed class DeltaTableWritingTests : FrontTests
{
    [Fact]
    public async Task Append_with_other_columns_is_refused_unless_the_schema_may_grow()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.AppendAsync("select 1 as id, 'a' as name"));
        await table.AppendAsync("select 1 as id, 'a' as name, {'x': 1, 'y': [1, 2]} as extra", mergeSchema: true);
        await table.AppendAsync("select 2 as id");

        Assert.Equal((DeltaErrorKind.InvalidInput, true), (error.Kind, error.Message.Contains("no column 'name'", StringComparison.Ordinal)));
        Assert.Equal("struct<id:long,name:string,extra:struct<x:integer,y:array<integer>>>", (await table.LoadAsync()).Schema.ToString());
        Assert.Equal(["1|a|2", "2||"], await RowsAsync(table, "select id, name, extra.y[2] from {table}"));
    }

    [Fact]
    public async Task Statement_of_an_application_is_done_once()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        var merge = new Merge { Source = "select 9 as id", Keys = Merge.On("id"), WhenNotMatched = [new InsertClause()] };

        Assert.Equal(1, (await table.AppendAsync("select 1 as id", once: new OnceOnly("loader", 7))).Version);
        Assert.Null((await table.AppendAsync("select 1 as id", once: new OnceOnly("loader", 7))).Version);
        Assert.Equal(2, (await table.MergeAsync(merge, new OnceOnly("loader", 8))).Version);
        Assert.Null((await table.MergeAsync(merge, new OnceOnly("loader", 8))).Version);

        Assert.Equal(["1", "9"], await RowsAsync(table, "select * from {table}"));
    }

    [Fact]
    public async Task Renamed_and_dropped_columns_keep_files_and_time_travel()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id"), Text("old"), Long("gone")]), Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id, 'v' || range as old, range as gone from range(3)");

        await table.AlterAsync([new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" })]);
        await table.AlterAsync([new SchemaChange.RenameColumn("old", "new name"), new SchemaChange.DropColumn("gone"), new SchemaChange.AddColumn("gone", PrimitiveType.String)]);
        await table.AppendAsync("select 3 as id, 'v3' as \"new name\", 'back' as gone");
        await table.UpdateAsync(new Dictionary<string, string> { ["new name"] = "\"new name\" || '!'" }, "id >= 2");

        Assert.Equal(["0|v0|", "1|v1|", "2|v2!|", "3|v3!|back"], await RowsAsync(table, "select id, \"new name\", gone from {table}"));
        Assert.Equal(["0|v0|0", "1|v1|1", "2|v2|2"], await RowsAsync(table, "select id, old, gone from {table}", TimeTravel.Version(1)));
    }

    [Fact]
    public async Task Changes_of_one_statement_follow_each_other()
    {
        var table = await CreateAsync(new TableDefinition
        {
            Schema = new([Long("id"), Text("old")]),
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" },
        });

        await table.AlterAsync([new SchemaChange.RenameColumn("old", "renamed"), new SchemaChange.DropColumn("renamed"), new SchemaChange.AddColumn("n", PrimitiveType.Long), new SchemaChange.DropColumn("n")]);

        Assert.Equal("struct<id:long>", (await table.LoadAsync()).Schema.ToString());
    }

    [Fact]
    public async Task Type_is_widened_and_old_files_are_read_with_it()
    {
        var table = await CreateAsync(new TableDefinition
        {
            Schema = new([new StructField("n", PrimitiveType.Integer), new StructField("d", new DecimalType(5, 2))]),
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.enableTypeWidening"] = "true" },
        });
        await table.AppendAsync("select 1::integer as n, 1.25::decimal(5,2) as d");

        await table.AlterAsync([new SchemaChange.WidenType("n", PrimitiveType.Long), new SchemaChange.WidenType("d", new DecimalType(12, 4))]);
        await table.AppendAsync("select 5000000000 as n, 12345678.1234::decimal(12,4) as d");

        Assert.Equal(["1|1.2500", "5000000000|12345678.1234"], await RowsAsync(table, "select n, d from {table}"));
    }

    [Fact]
    public async Task Constraint_is_added_only_when_the_rows_obey_it()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("qty")]) });
        await table.AppendAsync("select range - 1 as qty from range(3)");

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.AlterAsync([new SchemaChange.AddConstraint("positive", "qty >= 0")]));
        await table.DeleteAsync("qty < 0");
        await table.AlterAsync([new SchemaChange.AddConstraint("positive", "qty >= 0")]);
        var refused = await Assert.ThrowsAsync<DeltaException>(async () => await table.AppendAsync("select -1 as qty"));

        Assert.Equal((DeltaErrorKind.ConstraintViolated, DeltaErrorKind.ConstraintViolated), (error.Kind, refused.Kind));
        Assert.Equal(["0", "1"], await RowsAsync(table, "select * from {table}"));
    }

    [Theory]
    [InlineData("delta.enableDeletionVectors", "true", "deletionVectors")]
    [InlineData("delta.columnMapping.mode", "name", "columnMapping")]
    [InlineData("delta.checkpointPolicy", "v2", "v2Checkpoint")]
    public async Task Interop_table_refuses_what_its_readers_lack_by_name(string property, string value, string feature)
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.AlterAsync([new SchemaChange.SetProperties(new Dictionary<string, string> { [property] = value })]));

        Assert.Contains(feature, error.Message, StringComparison.Ordinal);
        Assert.Equal(new Protocol(1, 2), (await table.LoadAsync()).Protocol);
    }

    [Fact]
    public async Task Writers_of_different_rows_of_one_file_both_win()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id"), Long("n")]), Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id, 0 as n from range(1000)");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var id = (w * 100) + i;
                await table.DeleteAsync(string.Create(CultureInfo.InvariantCulture, $"id = {id}"));
            }
        })));

        var expected = Enumerable.Range(0, 1000).Where(i => i >= 800 || i % 100 >= 5).Select(i => i.ToString(CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal);
        Assert.Equal(expected, await RowsAsync(table, "select id from {table}"));
        Assert.Equal(41, (await table.LoadAsync()).Version);
    }

    [Fact]
    public async Task Overwrite_replaces_every_row_and_keeps_the_versions_before()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select range as id from range(3)");

        var report = await table.OverwriteAsync("select 7 as id");

        Assert.Equal((2L, 1L, 1, 1), (report.Version!.Value, report.Rows, report.FilesAdded, report.FilesRemoved));
        Assert.Equal(["7"], await RowsAsync(table, "select * from {table}"));
        Assert.Equal(["0", "1", "2"], await RowsAsync(table, "select * from {table}", TimeTravel.Version(1)));
    }
}
