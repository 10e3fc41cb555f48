using RetailFlow.Delta;
using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tests.Maintenance;

public sealed class CompactionTests
{
    private const string Name = "silver.stream";

    private static readonly StructType Schema = new([new StructField("n", PrimitiveType.Long)]);

    [Fact]
    public async Task Stream_of_small_commits_keeps_the_number_of_files_bounded()
    {
        await using var lake = await TestLake.OpenAsync();
        var most = 0;
        for (var i = 0; i < 90; i++)
        {
            await AppendAsync(lake.Lake, $"select {i} as n");
            await lake.Lake.Maintenance.CompactAsync([Name, "silver.absent"], default);
            most = Math.Max(most, (await lake.Lake.Tables[Name].LatestAsync(default)).FileCount);
        }

        Assert.Equal(39, most);
        Assert.Equal("90|4005", await lake.TextAsync($"select count(*), sum(n) from {Name}"));
    }

    [Fact]
    public async Task What_was_gathered_is_moved_again_only_together_with_files_of_its_size()
    {
        const int commits = 195;
        await using var lake = await TestLake.OpenAsync();
        var gathered = new List<int>();
        var before = 0;
        for (var i = 0; i < commits; i++)
        {
            await AppendAsync(lake.Lake, $"select cast(hash(range, {i}) >> 2 as bigint) as n from range(200)");
            await lake.Lake.Maintenance.CompactAsync([Name], default);
            var files = (await lake.Lake.Tables[Name].LatestAsync(default)).FileCount;
            if (files <= before)
            {
                gathered.Add(before + 2 - files);
            }

            before = files;
        }

        Assert.Equal([40, 39, 38, 37, 40], gathered.Take(5));
        Assert.Equal($"{commits * 200}", await lake.TextAsync($"select count(*) from {Name}"));
    }

    [Fact]
    public async Task Table_with_deletion_vectors_is_gathered_without_its_deleted_rows()
    {
        await using var lake = await TestLake.OpenAsync();
        await CreateWithVectorsAsync(lake.Lake);
        for (var i = 0; i < 40; i++)
        {
            await AppendAsync(lake.Lake, $"select {i} * 10 + range as n from range(10)");
        }

        await DeleteAsync(lake.Lake, "n % 10 = 3");
        await lake.Lake.Maintenance.CompactAsync([Name], default);

        var file = Assert.Single((await lake.Lake.Tables[Name].LatestAsync(default)).Files);
        Assert.Equal((360L, null), (file.ParsedStatistics!.NumRecords, file.DeletionVector));
    }

    [Theory]
    [InlineData("n % 10 = 3", true)]
    [InlineData("n % 20 = 3", false)]
    public async Task File_of_the_right_size_is_rewritten_once_a_tenth_of_its_rows_is_deleted(string where, bool rewritten)
    {
        await using var lake = await TestLake.OpenAsync();
        await CreateWithVectorsAsync(lake.Lake, ("delta.targetFileSize", "8kb"));
        await AppendAsync(lake.Lake, "select range as n from range(2000)");
        Assert.InRange((await lake.Lake.Tables[Name].LatestAsync(default)).Files.Single().Size, 4 << 10, 16 << 10);

        await DeleteAsync(lake.Lake, where);
        await lake.Lake.Maintenance.CompactAsync([Name], default);

        Assert.Equal(rewritten, (await lake.Lake.Tables[Name].LatestAsync(default)).Files.All(f => f.DeletionVector is null));
    }

    [Fact]
    public async Task Conflict_with_another_writer_leaves_the_table_as_that_one_left_it()
    {
        await using var lake = await TestLake.OpenAsync();
        for (var i = 0; i < 40; i++)
        {
            await AppendAsync(lake.Lake, $"select {i} as n");
        }

        var told = new List<string>();
        await using var other = await Lake.OpenAsync(new LakeOptions
        {
            LakePath = Path.Combine(lake.Folder, "lake"),
            ProjectPath = Repository.Folder("lakehouse"),
            Threads = 1,
            Progress = step =>
            {
                told.Add($"{step.Step}: {step.Detail}");
                RemoveOne(lake.Lake);
            },
        });

        await other.Maintenance.CompactAsync([Name], default);
        var left = await lake.Lake.Tables[Name].LatestAsync(default);
        Assert.Equal((39, "DELETE"), (left.FileCount, left.LastCommit!.Operation));
        Assert.Equal([$"{Name}: rewriting 40 files"], told);

        var error = await Assert.ThrowsAsync<LakeException>(async () => await other.Maintenance.OptimizeAsync(Name, [], default));
        Assert.Equal(LakeErrorKind.Conflict, error.Kind);
        Assert.Equal(38, (await lake.Lake.Tables[Name].LatestAsync(default)).FileCount);
    }

    private static async Task CreateWithVectorsAsync(Lake lake, params (string Key, string Value)[] properties)
    {
        var metadata = Metadata.Create(
            Guid.NewGuid(), Schema, [], TableProfile.Modern.Properties(properties.ToDictionary(p => p.Key, p => p.Value)), 0);
        var create = DeltaTransaction.Create(null, "CREATE TABLE");
        create.SetProtocol(TableProfile.Modern.CreateProtocol(metadata));
        create.SetMetadata(metadata);
        Assert.IsType<CommitResult.Committed>(await lake.Tables[Name].CommitAsync(create, default));
    }

    private static async Task AppendAsync(Lake lake, string select)
    {
        var table = lake.Tables[Name];
        var snapshot = await table.TryLatestAsync(default) ?? await table.EnsureAsync(Schema, null, Guid.NewGuid, TimeProvider.System, default);
        using var connection = lake.Engine.Connect();
        var append = DeltaTransaction.Create(snapshot, "WRITE");
        foreach (var file in await lake.Tables.Writer.WriteAsync(connection, select, table.Path, Schema, WriteLayout.AsTheyCome, default))
        {
            append.Add(file);
        }

        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(append, default));
    }

    private static async Task DeleteAsync(Lake lake, string where)
    {
        var table = lake.Tables[Name];
        using var connection = lake.Engine.Connect();
        var changes = new RowChanges(new TableAccess(lake.Engine, lake.Store, table.Path), lake.Tables.Writer, Guid.NewGuid);
        var (transaction, _) = await changes.DeleteAsync(connection, await table.LatestAsync(default), where, default);
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(transaction!, default));
    }

    private static void RemoveOne(Lake lake) => RemoveOneAsync(lake).GetAwaiter().GetResult();

    private static async Task RemoveOneAsync(Lake lake)
    {
        var table = lake.Tables[Name];
        var snapshot = await table.LatestAsync(default);
        var delete = DeltaTransaction.Create(snapshot, "DELETE");
        delete.Remove(snapshot.Files.First());
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(delete, default));
    }
}
