using System.Text;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class LocalObjectStoreTests : IDisposable
{
    private static readonly byte[] s_content = "content"u8.ToArray();

    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("lake");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reading_a_lake_that_is_not_there_creates_nothing()
    {
        LocalObjectStore store = new(Root);

        Assert.Null(await store.ReadAsync("a"));
        Assert.Null(await store.HeadAsync("a/b"));
        Assert.Empty(await store.ListAsync("a/").ToListAsync());
        Assert.False(await store.DeleteAsync("a"));
        Assert.Equal(0, store.RemoveAbandonedTemporaries(TimeSpan.Zero, TimeProvider.System));

        Assert.False(Directory.Exists(Root));
    }

    [Fact]
    public async Task An_object_is_a_plain_file_at_its_local_path()
    {
        IObjectStore store = new LocalObjectStore(Root);
        await store.PutIfAbsentAsync("raw/x/1.json", s_content);

        string path = store.LocalPath("raw/x/1.json")!;

        Assert.Equal(Path.Join(Root, "raw/x/1.json"), path);
        Assert.Equal(s_content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task Writers_leave_no_temporaries_whoever_wins()
    {
        LocalObjectStore store = new(Root);
        await store.PutIfAbsentAsync("d/a", s_content);
        await store.PutIfAbsentAsync("d/a", s_content);
        await store.PutAsync("d/a", s_content);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => store.PutIfAbsentAsync("d/b", s_content).AsTask()));

        Assert.Equal(["a", "b"], Directory.GetFileSystemEntries(Path.Join(Root, "d")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task What_a_dead_writer_left_is_not_listed_and_is_removed_only_when_old()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("d/e/a", s_content);
        string old = Path.Join(Root, "d/e/.tmp-dead-1");
        string young = Path.Join(Root, "d/.tmp-alive-1");
        await File.WriteAllTextAsync(old, "half a fi");
        await File.WriteAllTextAsync(young, "half a fi");
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        File.SetLastWriteTimeUtc(old, now.AddHours(-2));

        Assert.Equal(["d/e/a"], (await store.ListAsync("").ToListAsync()).Select(info => info.Path));
        Assert.Equal(1, store.RemoveAbandonedTemporaries(TimeSpan.FromHours(1), TimeProvider.System));

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        Assert.Equal(s_content, await store.ReadAsync("d/e/a"));
    }

    [Fact]
    public async Task A_temporary_that_became_an_object_before_the_crash_is_removed_without_harm()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("a", s_content);
        string temporary = Path.Join(Root, ".tmp-dead-2");
        Assert.True(LocalDurability.TryLink(Path.Join(Root, "a"), temporary));
        File.SetLastWriteTimeUtc(temporary, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1));

        Assert.Equal(1, store.RemoveAbandonedTemporaries(TimeSpan.FromHours(1), TimeProvider.System));

        Assert.Equal(s_content, await store.ReadAsync("a"));
    }

    [Fact]
    public async Task A_temporary_name_that_is_taken_is_passed_over()
    {
        Directory.CreateDirectory(Root);
        string taken = Path.Join(Root, FormattableString.Invariant($".tmp-{Environment.ProcessId:x}-1"));
        await File.WriteAllTextAsync(taken, "of another process with this id");
        LocalObjectStore store = new(Root);

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a", s_content));

        Assert.Equal("of another process with this id", await File.ReadAllTextAsync(taken));
        Assert.Equal(s_content, await store.ReadAsync("a"));
    }

    [Fact]
    public async Task A_directory_deleted_behind_the_stores_back_is_made_again()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("t/x/a", s_content);
        Directory.Delete(Root, recursive: true);

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("t/x/a", s_content));
        Assert.Equal(s_content, await store.ReadAsync("t/x/a"));
    }

    [Fact]
    public async Task A_name_that_is_a_directory_is_an_error_and_not_an_object()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("d/a", s_content);

        StorageException absent = await Assert.ThrowsAsync<StorageException>(
            async () => await store.PutIfAbsentAsync("d", s_content));
        StorageException replace = await Assert.ThrowsAsync<StorageException>(async () => await store.PutAsync("d", s_content));

        Assert.Equal(("EISDIR", "EISDIR"), (absent.ErrorName, replace.ErrorName));
        Assert.Equal(Path.Join(Root, "d"), absent.Path);
        Assert.Equal(["d"], Directory.GetFileSystemEntries(Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_name_below_a_file_is_an_error_that_says_so()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("file", s_content);

        StorageException exception = await Assert.ThrowsAsync<StorageException>(
            async () => await store.PutIfAbsentAsync("file/below", s_content));

        Assert.Equal("ENOTDIR", exception.ErrorName);
        Assert.Contains("a part of the path is a file", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_too_long_for_the_file_system_is_a_storage_failure()
    {
        LocalObjectStore store = new(Root);

        StorageException exception = await Assert.ThrowsAsync<StorageException>(
            async () => await store.PutIfAbsentAsync(new string('n', 300), s_content));

        Assert.Equal("ENAMETOOLONG", exception.ErrorName);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void A_full_device_is_a_storage_failure_in_plain_words()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has /dev/full.");
        using LocalLogFile full = LocalLogFile.Open("/dev/full");

        StorageException exception = Assert.Throws<StorageException>(() => full.Write(0, s_content));

        Assert.Equal("ENOSPC", exception.ErrorName);
        Assert.Equal("Cannot write '/dev/full': no space is left on the device (ENOSPC).", exception.Message);
    }

    [Fact]
    public async Task A_file_from_another_file_system_is_copied_in()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "Needs a second file system.");
        LocalObjectStore store = new(Root);
        string file = Path.Join("/dev/shm", Path.GetFileName(_directory.Path));
        byte[] content = new byte[3_000_000];
        new Random(5).NextBytes(content);
        await File.WriteAllBytesAsync(file, content);
        try
        {
            Assert.Equal(PutOutcome.Created, await store.ImportIfAbsentAsync("t/part-0.parquet", file));

            Assert.False(File.Exists(file));
            Assert.Equal(content, await store.ReadAsync("t/part-0.parquet"));
            Assert.Equal(["part-0.parquet"], Directory.GetFileSystemEntries(Path.Join(Root, "t")).Select(Path.GetFileName));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Import_in_the_same_file_system_moves_without_copying()
    {
        LocalObjectStore store = new(Root);
        string file = _directory.File("part");
        await File.WriteAllBytesAsync(file, s_content);
        string kept = _directory.File("second-name");
        Assert.True(LocalDurability.TryLink(file, kept));

        await store.ImportIfAbsentAsync("t/part", file);

        // The second name still shows the same file, so a write through it is seen in the object.
        await File.AppendAllTextAsync(kept, "!");
        Assert.Equal("content!", Encoding.UTF8.GetString((await store.ReadAsync("t/part"))!));
    }

    [Fact]
    public void Link_and_exclusive_rename_give_a_name_once()
    {
        string a = _directory.File("a");
        string b = _directory.File("b");
        File.WriteAllText(a, "a");
        File.WriteAllText(b, "b");
        string name = _directory.File("name");

        Assert.True(LocalDurability.TryRename(a, name));
        Assert.False(LocalDurability.TryRename(b, name));
        Assert.False(LocalDurability.TryLink(b, name));

        Assert.Equal("a", File.ReadAllText(name));
        Assert.Equal("b", File.ReadAllText(b));
        Assert.False(File.Exists(a));
    }

    [Fact]
    public void Syncing_what_does_not_exist_is_a_storage_failure()
    {
        Assert.Equal("ENOENT", Assert.Throws<StorageException>(() => LocalDurability.FsyncFile(_directory.File("x"))).ErrorName);
        Assert.Equal("ENOENT", Assert.Throws<StorageException>(() => LocalDurability.FsyncDirectory(_directory.File("x"))).ErrorName);
    }

    [Fact]
    public void A_file_and_a_directory_that_exist_are_synced()
    {
        string file = _directory.File("x");
        File.WriteAllText(file, "x");

        LocalDurability.FsyncFile(file);
        LocalDurability.FsyncDirectory(_directory.Path);

        Assert.Equal("x", File.ReadAllText(file));
    }

    [Fact]
    public async Task Listing_from_a_start_opens_only_directories_that_can_hold_later_names()
    {
        LocalObjectStore store = new(Root);
        await store.PutAsync("t/d1/a", s_content);
        await store.PutAsync("t/d2/b", s_content);
        await store.PutAsync("t/d3/c", s_content);
        List<string> opened = [];

        LocalListing listing = new(Root, "t/d", "t/d2/a", opened.Add);
        List<ObjectInfo>? page = listing.NextPage(CancellationToken.None);

        Assert.Equal(["t/d2/b", "t/d3/c"], page!.Select(info => info.Path));
        Assert.Equal(["t/", "t/d2/", "t/d3/"], opened);
    }
}
