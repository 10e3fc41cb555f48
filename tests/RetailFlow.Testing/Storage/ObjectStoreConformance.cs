using System.Text;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Testing.Storage;

/// <summary>
/// What every <see cref="IObjectStore"/> must do. An implementation's test class derives from it and makes empty stores.
/// </summary>
public abstract partial class ObjectStoreConformance
{
    /// <summary>How many names the racing writers fight for.</summary>
    protected virtual int RaceRounds => 2000;

    /// <summary>A store without objects, independent of those made before.</summary>
    protected abstract IObjectStore CreateEmpty();

    [Fact]
    public async Task Put_if_absent_creates_once_and_keeps_the_first_content()
    {
        IObjectStore store = CreateEmpty();

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a/b/c.json", Bytes("first")));
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("a/b/c.json", Bytes("second, longer")));

        Assert.Equal("first", await Text(store, "a/b/c.json"));
    }

    [Fact]
    public async Task Put_creates_and_replaces_whole_contents()
    {
        IObjectStore store = CreateEmpty();

        await store.PutAsync("x/_last_checkpoint", Bytes("a longer first content"));
        await store.PutAsync("x/_last_checkpoint", Bytes("short"));

        Assert.Equal("short", await Text(store, "x/_last_checkpoint"));
        Assert.Equal(["x/_last_checkpoint"], await Paths(store, ""));
    }

    [Fact]
    public async Task Put_if_absent_after_delete_creates_again()
    {
        IObjectStore store = CreateEmpty();
        await store.PutIfAbsentAsync("a", Bytes("1"));
        await store.DeleteAsync("a");

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a", Bytes("2")));
        Assert.Equal("2", await Text(store, "a"));
    }

    [Fact]
    public async Task Stored_content_is_independent_of_the_callers_buffers()
    {
        IObjectStore store = CreateEmpty();
        byte[] buffer = Bytes("kept");
        await store.PutIfAbsentAsync("a", buffer);
        buffer[0] = (byte)'X';
        (await store.ReadAsync("a"))![1] = (byte)'X';

        Assert.Equal("kept", await Text(store, "a"));
    }

    [Fact]
    public async Task An_empty_object_exists_and_is_empty()
    {
        IObjectStore store = CreateEmpty();
        await store.PutIfAbsentAsync("empty", ReadOnlyMemory<byte>.Empty);

        Assert.Empty((await store.ReadAsync("empty"))!);
        Assert.Equal(0, (await store.HeadAsync("empty"))!.Value.Length);
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("empty", Bytes("x")));
    }

    [Fact]
    public async Task What_does_not_exist_is_null_or_file_not_found()
    {
        IObjectStore store = CreateEmpty();
        await store.PutIfAbsentAsync("dir/file", Bytes("x"));

        foreach (string absent in new[] { "nothing", "dir", "dir/other", "dir/file/below" })
        {
            Assert.Null(await store.ReadAsync(absent));
            Assert.Null(await store.HeadAsync(absent));
            Assert.False(await store.DeleteAsync(absent));
            await Assert.ThrowsAsync<FileNotFoundException>(async () => await store.ReadRangeAsync(absent, 0, 1));
            await Assert.ThrowsAsync<FileNotFoundException>(async () => await store.OpenReadAsync(absent));
        }

        Assert.Equal(["dir/file"], await Paths(store, ""));
    }

    [Theory]
    [InlineData(0, 10, "0123456789")]
    [InlineData(0, 3, "012")]
    [InlineData(4, 3, "456")]
    [InlineData(8, 100, "89")]
    [InlineData(10, 5, "")]
    [InlineData(500, 5, "")]
    [InlineData(3, 0, "")]
    public async Task A_ranged_read_gives_the_bytes_that_there_are(long offset, int length, string expected)
    {
        IObjectStore store = CreateEmpty();
        await store.PutAsync("r", Bytes("0123456789"));

        Assert.Equal(expected, Encoding.UTF8.GetString(await store.ReadRangeAsync("r", offset, length)));
    }

    [Fact]
    public async Task A_negative_range_is_refused()
    {
        IObjectStore store = CreateEmpty();
        await store.PutAsync("r", Bytes("0123456789"));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.ReadRangeAsync("r", -1, 1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.ReadRangeAsync("r", 0, -1));
    }

    [Fact]
    public async Task A_stream_gives_the_whole_content()
    {
        IObjectStore store = CreateEmpty();
        byte[] content = new byte[300_000];
        new Random(3).NextBytes(content);
        await store.PutIfAbsentAsync("big", content);

        await using Stream stream = await store.OpenReadAsync("big");
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy);

        Assert.Equal(content, copy.ToArray());
        Assert.Equal(content, await store.ReadAsync("big"));
    }

    [Fact]
    public async Task A_stream_opened_before_a_replacement_or_deletion_gives_the_old_content()
    {
        IObjectStore store = CreateEmpty();
        await store.PutAsync("a", Bytes("old content"));
        await using Stream replaced = await store.OpenReadAsync("a");
        await store.PutAsync("a", Bytes("new"));
        await using Stream deleted = await store.OpenReadAsync("a");
        await store.DeleteAsync("a");

        Assert.Equal("old content", await new StreamReader(replaced).ReadToEndAsync());
        Assert.Equal("new", await new StreamReader(deleted).ReadToEndAsync());
    }

    [Fact]
    public async Task Head_gives_length_and_time()
    {
        IObjectStore store = CreateEmpty();
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        await store.PutIfAbsentAsync("d/h", Bytes("12345"));
        DateTimeOffset after = TimeProvider.System.GetUtcNow();

        ObjectInfo info = (await store.HeadAsync("d/h"))!.Value;

        // File systems stamp with the tick of a coarser clock.
        TimeSpan coarse = TimeSpan.FromSeconds(2);
        Assert.Equal("d/h", info.Path);
        Assert.Equal(5, info.Length);
        Assert.Equal(TimeSpan.Zero, info.LastModified.Offset);
        Assert.InRange(info.LastModified, before - coarse, after + coarse);
    }

    [Fact]
    public async Task Import_takes_the_file_in_and_consumes_it()
    {
        IObjectStore store = CreateEmpty();
        using TemporaryDirectory directory = new();
        string file = directory.File("finished.parquet");
        await File.WriteAllTextAsync(file, "columns");

        Assert.Equal(PutOutcome.Created, await store.ImportIfAbsentAsync("t/part=1/x.parquet", file));

        Assert.Equal("columns", await Text(store, "t/part=1/x.parquet"));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Import_onto_an_existing_object_changes_nothing_and_leaves_the_file()
    {
        IObjectStore store = CreateEmpty();
        using TemporaryDirectory directory = new();
        string file = directory.File("late.parquet");
        await File.WriteAllTextAsync(file, "late");
        await store.PutIfAbsentAsync("t/x", Bytes("first"));

        Assert.Equal(PutOutcome.AlreadyExists, await store.ImportIfAbsentAsync("t/x", file));

        Assert.Equal("first", await Text(store, "t/x"));
        Assert.Equal("late", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Import_of_a_missing_file_is_file_not_found()
    {
        IObjectStore store = CreateEmpty();
        using TemporaryDirectory directory = new();

        await Assert.ThrowsAsync<FileNotFoundException>(
            async () => await store.ImportIfAbsentAsync("t/x", directory.File("none")));
        Assert.Empty(await Paths(store, ""));
    }

    [Fact]
    public async Task Delete_removes_exactly_one_object_once()
    {
        IObjectStore store = CreateEmpty();
        await store.PutAsync("d/a", Bytes("1"));
        await store.PutAsync("d/ab", Bytes("2"));

        Assert.True(await store.DeleteAsync("d/a"));
        Assert.False(await store.DeleteAsync("d/a"));

        Assert.Null(await store.ReadAsync("d/a"));
        Assert.Equal(["d/ab"], await Paths(store, ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/absolute")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a/.tmp-1/b")]
    [InlineData(".tmp-1")]
    public async Task A_path_that_breaks_the_rules_is_refused_by_every_operation(string path)
    {
        IObjectStore store = CreateEmpty();
        using TemporaryDirectory directory = new();
        string file = directory.File("f");
        await File.WriteAllTextAsync(file, "x");

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.PutIfAbsentAsync(path, Bytes("x")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.PutAsync(path, Bytes("x")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ImportIfAbsentAsync(path, file));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ReadAsync(path));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ReadRangeAsync(path, 0, 1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.OpenReadAsync(path));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.HeadAsync(path));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.DeleteAsync(path));
        Assert.Throws<ArgumentException>(() => store.LocalPath(path));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        IObjectStore store = CreateEmpty();
        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.PutIfAbsentAsync("a", Bytes("1"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.PutAsync("a", Bytes("1"), cancelled));

        Assert.Null(await store.ReadAsync("a"));
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static async Task<string> Text(IObjectStore store, string path) =>
        Encoding.UTF8.GetString((await store.ReadAsync(path))!);

    protected static async Task<List<string>> Paths(IObjectStore store, string prefix, string? startAfter = null)
    {
        List<string> paths = [];
        await foreach (ObjectInfo info in store.ListAsync(prefix, startAfter))
        {
            paths.Add(info.Path);
        }

        return paths;
    }
}
