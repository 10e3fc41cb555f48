using RetailFlow.Lakehouse.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Lakehouse.Tests.Landing;

public sealed class FileLandingTests
{
    private const string Record = """{"source":"s","event_id":"1","type":"receipt","sku":"A","location":"L","quantity":5,"event_time":"2026-01-05T10:00:00Z"}""";

    [Fact]
    public async Task The_same_file_twice_in_one_call_or_in_two_is_landed_once_and_stays_as_it_was()
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder.File("a"));
        Directory.CreateDirectory(folder.File("b"));
        await File.WriteAllTextAsync(folder.File("a/x.ndjson"), Record);
        await File.WriteAllTextAsync(folder.File("b/x.ndjson"), Record);
        await using var lake = await TestLake.OpenAsync();
        var first = await lake.Lake.Landing.LandAsync("inventory", [folder.File("a"), folder.File("b")], null, null, default);
        var second = await lake.Lake.Landing.LandAsync("inventory", [folder.File("b/x.ndjson")], null, null, default);
        Assert.Equal([false, true, true], first.Batches.Concat(second.Batches).Select(b => b.AlreadyThere));
        Assert.Equal(1L, await lake.ScalarAsync("select count(*) from system.landed_files"));
        Assert.Equal(Record, await File.ReadAllTextAsync(Path.Combine(lake.Folder, "lake", first.Batches[0].Path)));
    }

    [Fact]
    public async Task A_batch_id_with_other_content_is_a_conflict()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.File("x.ndjson"), Record);
        await File.WriteAllTextAsync(folder.File("y.ndjson"), Record + " ");
        await using var lake = await TestLake.OpenAsync();
        await lake.Lake.Landing.LandAsync("inventory", [folder.File("x.ndjson")], null, "monday", default);
        Assert.True((await lake.Lake.Landing.LandAsync("inventory", [folder.File("x.ndjson")], null, "monday", default)).Batches[0].AlreadyThere);
        var error = await Assert.ThrowsAsync<LakeException>(async () => await lake.Lake.Landing.LandAsync("inventory", [folder.File("y.ndjson")], null, "monday", default));
        Assert.Equal(LakeErrorKind.Conflict, error.Kind);
        Assert.Contains("monday", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", "x.ndjson", null, "Feed 'nothing'")]
    [InlineData("inventory", "x.xlsx", null, "x.xlsx")]
    [InlineData("inventory", "absent.csv", null, "absent.csv")]
    [InlineData("inventory", "x.ndjson", "../up", "../up")]
    public async Task What_cannot_be_landed_is_refused_by_name_and_leaves_nothing(string feed, string file, string? batch, string named)
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.File("x.ndjson"), Record);
        await File.WriteAllTextAsync(folder.File("x.xlsx"), Record);
        await using var lake = await TestLake.OpenAsync();
        var error = await Assert.ThrowsAsync<LakeException>(async () => await lake.Lake.Landing.LandAsync(feed, [folder.File(file)], null, batch, default));
        Assert.Equal(LakeErrorKind.InvalidInput, error.Kind);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(lake.Folder, "lake", "raw")));
    }

    [Fact]
    public async Task A_file_that_another_tool_put_under_raw_is_found_and_registered()
    {
        await using var lake = await TestLake.OpenAsync();
        var folder = Path.Combine(lake.Folder, "lake", "raw", "inventory", "ingestion_date=2026-01-05", "source=scanner");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "drop-1.ndjson"), Record.Replace("\"source\":\"s\",", "", StringComparison.Ordinal));
        await lake.RunAsync();
        await lake.RunAsync();
        Assert.Equal("scanner|1|5.00000", await lake.TextAsync("select source, event_id, quantity from silver.inventory_events"));
        Assert.Equal("drop-1|file", await lake.TextAsync("select batch_id, kind from system.landed_files"));
    }
}
