using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables.Tests.Support;
using RetailFlow.Testing.Storage;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Maintenance;

public sealed class TableOptimizeTests : FrontTests
{
    [Fact]
    public async Task Small_files_are_gathered_by_partition_without_their_deleted_rows()
    {
        var table = await CreateAsync(new TableDefinition
        {
            Schema = new([Long("id"), Text("day")]),
            PartitionColumns = ["day"],
            Profile = TableProfile.Modern,
            Properties = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" },
        });
        for (var i = 0; i < 3; i++)
        {
            await table.AppendAsync(string.Create(CultureInfo.InvariantCulture, $"select {i * 10} + range as id, case when range < 5 then 'a/b' end as day from range(10)"));
        }

        await table.DeleteAsync("id % 10 in (1, 6)");
        var before = await RowsAsync(table);

        var done = await table.OptimizeAsync();

        Assert.Equal((5L, 6, 2, 6), (done.Version!.Value, done.FilesRemoved, done.FilesAdded, done.DeletionVectorsRemoved));
        Assert.Equal(24, before.Length);
        Assert.Equal(before, await RowsAsync(table));
        Assert.Equal(before, await RowsAsync(table, TimeTravel.Version(4)));
        Assert.Equal(30, (await RowsAsync(table, TimeTravel.Version(3))).Length);
        var files = (await table.LoadAsync()).Files.ToList();
        Assert.All(files, f => Assert.Equal((null, 12L, false), (f.DeletionVector, f.ParsedStatistics!.NumRecords!.Value, f.DataChange)));
        Assert.Equal([null, "a/b"], files.Select(f => f.PartitionValues.Values.Single()).Order(StringComparer.Ordinal));
        var metrics = (await table.HistoryAsync(1)).Single().CommitInfo!.OperationMetrics;
        Assert.Equal(("6", "2", "6"), (metrics["numRemovedFiles"], metrics["numAddedFiles"], metrics["numDeletionVectorsRemoved"]));
        Assert.Null((await table.OptimizeAsync()).Version);
    }

    [Fact]
    public async Task Ordered_rows_stay_the_same_and_lie_along_the_curve()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("x"), Long("y"), Text("p")]), PartitionColumns = ["p"] });
        await table.AppendAsync("select (range * 7) % 16 as x, range // 16 as y, 'one' as p from range(256)");
        await table.AppendAsync("select 99 as x, null as y, 'two' as p");
        var before = await RowsAsync(table);

        var done = await table.OptimizeAsync(["x", "y"]);

        Assert.Equal((3L, 2, 2), (done.Version!.Value, done.FilesRemoved, done.FilesAdded));
        Assert.Equal(before, await RowsAsync(table));
        Assert.Equal(before, await RowsAsync(table, TimeTravel.Version(2)));

        // Of each 64 neighbours on the curve all lie in one quarter of the square.
        using var rows = await table.QueryAsync("select x, y from {table} where p = 'one'");
        var points = rows.Rows().Select(r => (X: Convert.ToInt64(r[0], CultureInfo.InvariantCulture), Y: Convert.ToInt64(r[1], CultureInfo.InvariantCulture))).ToList();
        Assert.Equal(4, points.Chunk(64).Select(c => Assert.Single(c.Select(p => (p.X / 8, p.Y / 8)).Distinct())).Distinct().Count());
    }

    [Theory]
    [InlineData("colour", "no column 'colour'")]
    [InlineData("p", "partition column")]
    public async Task Column_that_cannot_order_is_refused_by_name(string column, string message)
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("x"), Text("p")]), PartitionColumns = ["p"] });
        await table.AppendAsync("select 1 as x, 'a' as p");

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.OptimizeAsync([column]));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await table.LoadAsync()).Version);
    }

    [Fact]
    public async Task Clustered_table_is_ordered_by_its_columns_until_all_of_it_is()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id"), Text("sku")]), ClusterBy = ["sku"], Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id, 's' || (range * 7) % 10 as sku from range(10)");

        var first = await table.OptimizeAsync();
        var second = await table.OptimizeAsync();
        await table.AppendAsync("select 10 as id, 's35' as sku");
        var third = await table.OptimizeAsync();

        Assert.Equal((2L, null, 4L), (first.Version!.Value, second.Version, third.Version!.Value));
        Assert.Equal((2, 1), (third.FilesRemoved, third.FilesAdded));
        Assert.Equal("RetailFlow", (await table.LoadAsync()).Files.Single().ClusteringProvider);
        using var rows = await table.QueryAsync("select sku from {table}");
        Assert.Equal(["s0", "s1", "s2", "s3", "s35", "s4", "s5", "s6", "s7", "s8", "s9"], rows.Rows().Select(r => (string)r[0]!));
        Assert.Equal(10, (await RowsAsync(table, TimeTravel.Version(1))).Length);
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.OptimizeAsync(["id"]));
        Assert.Contains("is clustered", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("modern")]
    [InlineData("interop")]
    public async Task Rows_deleted_while_files_are_rewritten_stay_deleted(string profile)
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]), Profile = profile == "modern" ? TableProfile.Modern : TableProfile.Interop });
        await table.AppendAsync("select range as id from range(5)");
        await table.AppendAsync("select 5 + range as id from range(5)");
        var store = new InterruptedStore(Store, async () =>
        {
            await table.DeleteAsync("id in (1, 7)");
            await table.AppendAsync("select 100 as id");
        });
        using var session = Open(store, "other");

        var done = await DeltaTable.Open(session, "t").OptimizeAsync();

        Assert.Equal(1, store.Interruptions);
        Assert.Equal(5, done.Version);
        Assert.Equal(["0", "100", "2", "3", "4", "5", "6", "8", "9"], await RowsAsync(table));
        Assert.Equal(["0", "100", "2", "3", "4", "5", "6", "8", "9"], await RowsAsync(table, TimeTravel.Version(4)));
        Assert.Equal(10, (await RowsAsync(table, TimeTravel.Version(2))).Length);
    }

    [Fact]
    public async Task Table_that_tracks_rows_is_changed_and_rewritten()
    {
        var table = await CreateAsync(new TableDefinition
        {
            Schema = new([Long("id"), Long("n")]),
            Profile = null,
            Properties = new Dictionary<string, string>
            {
                ["delta.enableRowTracking"] = "true",
                ["delta.rowTracking.materializedRowIdColumnName"] = "_row_id",
                ["delta.rowTracking.materializedRowCommitVersionColumnName"] = "_row_version",
            },
        });
        await table.AppendAsync("select range as id, 0 as n from range(5)");
        await table.UpdateAsync(new Dictionary<string, string> { ["n"] = "1" }, "id = 3");
        await table.AppendAsync("select 5 as id, 0 as n");

        Assert.Equal(4, (await table.OptimizeAsync()).Version);

        Assert.Equal(["0|0", "1|0", "2|0", "3|1", "4|0", "5|0"], await RowsAsync(table));
        Assert.Equal(["0|0", "1|0", "2|0", "3|0", "4|0"], await RowsAsync(table, TimeTravel.Version(1)));
        Assert.Equal(11, (await table.LoadAsync()).Files.Single().BaseRowId);
    }

    /// <summary>Lets others work once, before the first data file is taken in.</summary>
    private sealed class InterruptedStore(IObjectStore inner, Func<Task> others) : PassingObjectStore(inner)
    {
        public int Interruptions { get; private set; }

        public override async ValueTask<PutOutcome> ImportIfAbsentAsync(string path, string localFile, CancellationToken cancellationToken = default)
        {
            if (Interruptions == 0)
            {
                Interruptions++;
                await others();
            }

            return await base.ImportIfAbsentAsync(path, localFile, cancellationToken);
        }
    }
}
