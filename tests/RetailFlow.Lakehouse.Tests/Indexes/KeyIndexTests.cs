using RetailFlow.Delta;
using RetailFlow.Lakehouse.Indexes;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Lakehouse.Tables;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tests.Indexes;

/// <summary>The index gives every row that has a key, through appends, merges of runs, rewritten files and damaged runs.</summary>
public sealed class KeyIndexTests
{
    /// <summary>The index of a table, which gets five files one after the other.</summary>
    private static async Task<KeyIndex> FiveFilesAsync(TestLake lake, LakeTable table, string folder)
    {
        var index = new KeyIndex(table, ["a", "b"], folder, Guid.NewGuid);
        for (var i = 0; i < 5; i++)
        {
            await AppendAsync(lake, table, s_schema, 60, i);
            await AssertFoundAsync(lake, table, index);
        }

        return index;
    }

    private static readonly StructType s_schema = new([new StructField("a", PrimitiveType.String), new StructField("b", PrimitiveType.Long)]);

    [Fact]
    public async Task Files_that_are_announced_before_their_commit_are_not_indexed_again_after_it()
    {
        await using var lake = await TestLake.OpenAsync();
        var (table, folder) = await CreateAsync(lake);
        using var index = await FiveFilesAsync(lake, table, folder);

        using var connection = lake.Lake.Engine.Connect();
        var before = Directory.GetFiles(folder, "*.run");
        var snapshot = await table.LatestAsync(default);
        var optimize = new TableOptimize(table.Access, lake.Lake.Tables.Writer, []);
        var transaction = (await optimize.PlanAsync(connection, snapshot, default))!;
        await index.AnnounceAsync(connection, snapshot, transaction.Adds, default);
        var announced = Assert.Single(Directory.GetFiles(folder, "*.run").Except(before));
        await AssertFoundAsync(lake, table, index);
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(transaction, default));
        await AssertFoundAsync(lake, table, index);

        Assert.Equal([announced], Directory.GetFiles(folder, "*.run"));
    }

    [Fact]
    public async Task Rows_of_files_that_left_and_came_back_are_found()
    {
        await using var lake = await TestLake.OpenAsync();
        var (table, folder) = await CreateAsync(lake);
        using var index = await FiveFilesAsync(lake, table, folder);

        var version = (await table.LatestAsync(default)).Version;
        await lake.Lake.Maintenance.OptimizeAsync(table.Name, [], default);
        await AssertFoundAsync(lake, table, index);
        await lake.Lake.Maintenance.RestoreAsync(table.Name, version, default);

        Assert.Equal(5, (await table.LatestAsync(default)).FileCount);
        await AssertFoundAsync(lake, table, index);
    }

    [Fact]
    public async Task Every_row_of_a_key_is_found_whatever_happened_to_the_files_and_the_runs()
    {
        await using var lake = await TestLake.OpenAsync();
        var (table, folder) = await CreateAsync(lake);
        var random = new Random(5);
        var index = new KeyIndex(table, ["a", "b"], folder, Guid.NewGuid);
        for (var round = 0; round < 40; round++)
        {
            await AppendAsync(lake, table, s_schema, random.Next(1, 60), random.Next());
            if (round % 13 == 12)
            {
                await lake.Lake.Maintenance.OptimizeAsync("silver.keys", [], default);
            }

            if (round % 9 == 8)
            {
                index.Dispose();
                foreach (var run in Directory.GetFiles(folder, "*.run").Take(round == 17 ? 1 : 0))
                {
                    await using var file = File.OpenWrite(run);
                    file.SetLength(file.Length - 5);
                }

                index = new KeyIndex(table, ["a", "b"], folder, Guid.NewGuid);
            }

            await AssertFoundAsync(lake, table, index);
        }

        Assert.InRange(Directory.GetFiles(folder, "*.run").Length, 1, 13);
        index.Dispose();
    }

    private static async Task<(LakeTable Table, string Folder)> CreateAsync(TestLake lake)
    {
        var table = lake.Lake.Tables["silver.keys"];
        await table.EnsureAsync(s_schema, null, Guid.NewGuid, TimeProvider.System, default);
        return (table, Path.Combine(lake.Folder, "index"));
    }

    private static async Task AppendAsync(TestLake lake, LakeTable table, StructType schema, int rows, int seed)
    {
        using var connection = lake.Lake.Engine.Connect();
        var select = $"select case when hash(i, {seed}) % 11 = 0 then null else 'k' || (hash(i, {seed}) % 50) end as a, cast(hash(i, {seed}, 1) % 3 as bigint) as b from range({rows}) r(i)";
        var transaction = DeltaTransaction.Create(await table.LatestAsync(default), "WRITE");
        foreach (var file in await lake.Lake.Tables.Writer.WriteAsync(connection, select, table.Path, schema, WriteLayout.AsTheyCome, default))
        {
            transaction.Add(file);
        }

        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(transaction, default));
    }

    private static async Task AssertFoundAsync(TestLake lake, LakeTable table, KeyIndex index)
    {
        using var connection = lake.Lake.Engine.Connect();
        var snapshot = await table.LatestAsync(default);
        using var scan = await table.ScanPositionsAsync(connection, snapshot, default);
        var expected = connection.Query($"select {scan.FileColumn}, {scan.RowColumn}, a || chr(31) || b from {scan.Relation} where a in ('k7', 'k31')")
            .Rows().ToList();
        var keys = expected.Select(row => KeyHash.Of(System.Text.Encoding.UTF8.GetBytes((string)row[2]!))).ToHashSet();
        var rows = await index.FindAsync(connection, snapshot, keys, default);
        var found = rows.SelectMany(f => f.Value.Select(row => (f.Key, (long)row))).ToHashSet();
        Assert.Equal(expected.Select(row => (scan.Files[(int)row[0]!].DecodedPath, (long)row[1]!)).ToHashSet(), found);
    }
}
