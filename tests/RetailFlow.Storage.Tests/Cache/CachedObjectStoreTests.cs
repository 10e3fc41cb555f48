using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests.Cache;

public sealed class CachedObjectStoreConformance : ObjectStoreConformance, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<CachedObjectStore> _stores = [];

    protected override int RaceRounds => 200;

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        _directory.Dispose();
    }

    protected override IObjectStore CreateEmpty()
    {
        CacheOptions options = new()
        {
            Folder = _directory.Path,
            MaxBytes = 1 << 20,
            StoreName = FormattableString.Invariant($"store {_stores.Count}"),
        };
        _stores.Add(new CachedObjectStore(new InMemoryObjectStore(), options));
        return _stores[^1];
    }
}

public sealed class CachedObjectStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualClock _clock = new();
    private readonly List<CachedObjectStore> _caches = [];
    private readonly FaultInjectingObjectStore _remote = new(new InMemoryObjectStore(), FaultPlan.None);

    public void Dispose()
    {
        _caches.ForEach(cache => cache.Dispose());
        _directory.Dispose();
    }

    [Theory]
    [InlineData("t/part=A/1.parquet")]
    [InlineData("t/_delta_log/00000000000000000010.checkpoint.parquet")]
    [InlineData("_delta_log/00000000000000000010.checkpoint.parquet")]
    [InlineData("t/deletion_vector_1.bin")]
    public async Task A_pinned_object_is_a_local_file_that_is_downloaded_once(string path)
    {
        byte[] content = Content(1, 1000);
        await _remote.PutAsync(path, content);
        CachedObjectStore cache = Open(10_000);

        using (IFileLease lease = await cache.PinAsync(path))
        {
            Assert.Equal(content, await File.ReadAllBytesAsync(lease.Path));
            Assert.Equal(Path.GetExtension(path), Path.GetExtension(lease.Path));
        }

        using IFileLease again = await cache.PinAsync(path);
        Assert.Equal(content, await File.ReadAllBytesAsync(again.Path));
        Assert.Equal((1, 1000, 1), (cache.Downloads, cache.DownloadedBytes, cache.Hits));
        Assert.Null(cache.LocalPath(path));
    }

    [Fact]
    public async Task An_empty_object_can_be_pinned()
    {
        await _remote.PutAsync("a.parquet", Array.Empty<byte>());
        using IFileLease lease = await Open(100).PinAsync("a.parquet");

        Assert.Equal(0, new FileInfo(lease.Path).Length);
    }

    [Fact]
    public async Task Many_callers_of_one_object_share_one_download()
    {
        await _remote.PutAsync("a.parquet", Content(1, 1000));
        using ManualResetEventSlim open = new();
        _remote.Follow(FaultPlan.When((operation, _, _) =>
        {
            open.Wait();
            return StoreFault.None;
        }));
        CachedObjectStore cache = Open(10_000);

        Task<IFileLease>[] callers = [.. Enumerable.Range(0, 16).Select(_ => cache.PinAsync("a.parquet").AsTask())];
        using CancellationTokenSource impatient = new();
        Task<IFileLease> cancelled = cache.PinAsync("a.parquet", impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        open.Set();
        IFileLease[] leases = await Task.WhenAll(callers);

        Assert.Single(leases.Select(lease => lease.Path).Distinct());
        Assert.Equal(1, cache.Downloads);
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task The_file_whose_use_is_longest_ago_goes_first_and_the_limit_holds()
    {
        await PutAsync("a", "b", "c", "d");
        CachedObjectStore cache = Open(3200);
        await UseAsync(cache, "a.parquet", "b.parquet", "c.parquet", "a.parquet");

        await UseAsync(cache, "d.parquet");

        Assert.Equal(4, cache.Downloads);
        Assert.InRange(CachedBytes(), 1, 3200);
        await UseAsync(cache, "a.parquet", "c.parquet", "d.parquet");
        Assert.Equal(4, cache.Downloads);
        await UseAsync(cache, "b.parquet");
        Assert.Equal(5, cache.Downloads);
        Assert.InRange(CachedBytes(), 1, 3200);
    }

    [Fact]
    public async Task Files_in_use_stay_even_when_another_process_needs_room()
    {
        await PutAsync("a", "b", "c");
        CachedObjectStore cache = Open(2200);
        CachedObjectStore other = Open(2200);
        IFileLease a = await cache.PinAsync("a.parquet");
        IFileLease b = await cache.PinAsync("b.parquet");

        StorageException full = await Assert.ThrowsAsync<StorageException>(async () => await other.PinAsync("c.parquet"));

        Assert.Equal("CacheFull", full.ErrorName);
        Assert.Contains("2200", full.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(a.Path) && File.Exists(b.Path));
        a.Dispose();
        a.Dispose();
        using IFileLease c = await other.PinAsync("c.parquet");
        Assert.False(File.Exists(a.Path));
        Assert.Equal(Content(1, 1000), await File.ReadAllBytesAsync(b.Path));
        Assert.InRange(CachedBytes(), 1, 2200);
        b.Dispose();
    }

    [Fact]
    public async Task A_lease_holds_until_the_last_of_its_users_is_done()
    {
        await PutAsync("a", "b");
        CachedObjectStore cache = Open(1500);
        IFileLease first = await cache.PinAsync("a.parquet");
        IFileLease second = await cache.PinAsync("a.parquet");
        first.Dispose();

        await Assert.ThrowsAsync<StorageException>(async () => await cache.PinAsync("b.parquet"));
        second.Dispose();

        (await cache.PinAsync("b.parquet")).Dispose();
        Assert.False(File.Exists(second.Path));
    }

    [Fact]
    public async Task A_process_uses_what_another_downloaded()
    {
        await PutAsync("a");
        CachedObjectStore cache = Open(5000);
        CachedObjectStore other = Open(5000);
        (await cache.PinAsync("a.parquet")).Dispose();
        (await other.PinAsync("a.parquet")).Dispose();

        Assert.Equal((1, 0, 1), (cache.Downloads, other.Downloads, other.Hits));
    }

    [Fact]
    public async Task Stores_of_one_folder_do_not_see_each_others_objects()
    {
        await PutAsync("a");
        CachedObjectStore cache = Open(5000);
        CachedObjectStore other = Open(5000, "another store");
        (await cache.PinAsync("a.parquet")).Dispose();
        (await other.PinAsync("a.parquet")).Dispose();

        Assert.Equal((1, 1), (cache.Downloads, other.Downloads));
    }

    [Fact]
    public async Task Racing_processes_with_too_little_room_for_all_stay_within_the_limit_and_read_right()
    {
        string[] names = [.. Enumerable.Range(0, 12).Select(n => ((char)('a' + n)).ToString())];
        await PutAsync(names);
        CachedObjectStore[] caches = [.. Enumerable.Range(0, 3).Select(_ => Open(9000))];

        await Task.WhenAll(caches.Select((cache, seed) => Task.Run(async () =>
        {
            Random random = new(seed);
            for (int n = 0; n < 150; n++)
            {
                int k = random.Next(names.Length);
                using IFileLease lease = await cache.PinAsync(names[k] + ".parquet");
                Assert.Equal(Content((byte)k, 1000), await File.ReadAllBytesAsync(lease.Path));
                Assert.InRange(await QuietBytesAsync(), 1, 9000);
            }
        })));
    }

    [Fact]
    public async Task What_a_crash_left_is_removed_and_a_download_under_way_is_not()
    {
        await PutAsync("a");
        string temporary = Path.Join(_directory.Path, "temporary");
        Directory.CreateDirectory(temporary);
        string left = Path.Join(temporary, "left");
        await File.WriteAllBytesAsync(left, new byte[700]);
        using ManualResetEventSlim open = new();
        using ManualResetEventSlim reached = new();
        _remote.Follow(FaultPlan.When((operation, _, _) =>
        {
            if (operation == StoreOperation.ReadRange)
            {
                reached.Set();
                open.Wait();
            }

            return StoreFault.None;
        }));
        CachedObjectStore cache = Open(1000);
        Assert.False(File.Exists(left));

        Task<IFileLease> pin = cache.PinAsync("a.parquet").AsTask();
        Assert.True(reached.Wait(TimeSpan.FromSeconds(30)));
        Open(1000);
        Assert.Single(Directory.GetFiles(temporary));
        open.Set();
        using IFileLease lease = await pin;

        Assert.Equal(Content(0, 1000), await File.ReadAllBytesAsync(lease.Path));
        Assert.Empty(Directory.GetFiles(temporary));
    }

    [Fact]
    public async Task A_failed_download_leaves_nothing_and_the_next_pin_tries_again()
    {
        await PutAsync("a");
        _remote.Follow(FaultPlan.Scripted((StoreOperation.ReadRange, 2, StoreFault.FailBefore)));
        CachedObjectStore cache = Open(1000);

        await Assert.ThrowsAsync<StorageException>(async () => await cache.PinAsync("a.parquet"));
        Assert.Equal(0, CachedBytes());

        using IFileLease lease = await cache.PinAsync("a.parquet");
        Assert.Equal(Content(0, 1000), await File.ReadAllBytesAsync(lease.Path));
    }

    [Fact]
    public async Task What_cannot_be_pinned_is_refused_with_the_reason()
    {
        await PutAsync("a");
        CachedObjectStore cache = Open(900);

        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.PinAsync("t/_delta_log/_last_checkpoint"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.PinAsync("../a.parquet"));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await cache.PinAsync("none.parquet"));
        StorageException small = await Assert.ThrowsAsync<StorageException>(async () => await cache.PinAsync("a.parquet"));
        Assert.Equal("CacheTooSmall", small.ErrorName);
    }

    [Fact]
    public async Task Reads_of_a_cached_object_need_no_request_and_deletion_removes_it()
    {
        await PutAsync("a");
        CachedObjectStore cache = Open(5000);
        (await cache.PinAsync("a.parquet")).Dispose();
        int before = _remote.Calls(StoreOperation.ReadRange);

        Assert.Equal(Content(0, 1000), await cache.ReadAsync("a.parquet"));
        Assert.Equal(10, (await cache.ReadRangeAsync("a.parquet", 990, 100)).Length);
        Assert.Empty(await cache.ReadRangeAsync("a.parquet", 2000, 5));
        await using (Stream stream = await cache.OpenReadAsync("a.parquet"))
        {
            Assert.Equal(1000, stream.Length);
        }

        Assert.Equal((before, 0, 0), (
            _remote.Calls(StoreOperation.ReadRange), _remote.Calls(StoreOperation.Read), _remote.Calls(StoreOperation.OpenRead)));
        Assert.True(await cache.DeleteAsync("a.parquet"));
        Assert.Null(await cache.ReadAsync("a.parquet"));
        Assert.Equal(0, CachedBytes());
    }

    [Fact]
    public async Task Pinning_all_gives_the_paths_in_order_or_nothing()
    {
        await PutAsync("a", "b", "c");
        CachedObjectStore cache = Open(3000);

        using (FileLeases leases = await cache.PinAllAsync(["c.parquet", "a.parquet", "c.parquet"], parallelism: 2))
        {
            Assert.Equal([2, 0, 2], leases.Paths.Select(path => (int)File.ReadAllBytes(path)[0]));
        }

        // One after the other: a download that is given up lets go of its room in its own time.
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await cache.PinAllAsync(["a.parquet", "none.parquet", "b.parquet"], parallelism: 1));

        // Nothing is in use any more, so everything can go.
        await _remote.PutAsync("big.parquet", Content(9, 2900));
        (await cache.PinAsync("big.parquet")).Dispose();
        Assert.Equal(2900, CachedBytes());
    }

    [Fact]
    public async Task Files_of_a_local_store_are_leased_in_place()
    {
        LocalObjectStore store = new(_directory.File("lake"));
        await store.PutAsync("t/a.parquet", Content(1, 10));
        InPlaceFiles files = new(store);

        using IFileLease lease = await files.PinAsync("t/a.parquet");

        Assert.Equal(store.LocalPath("t/a.parquet"), lease.Path);
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await files.PinAsync("t/b.parquet"));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await new InPlaceFiles(new InMemoryObjectStore()).PinAsync("t/a.parquet"));
    }

    private static byte[] Content(byte value, int length) => [.. Enumerable.Range(0, length).Select(n => (byte)((value + n) % 251))];

    /// <summary>Counts while nobody may change the folder: otherwise a file that is renamed meanwhile counts twice.</summary>
    private async Task<long> QuietBytesAsync()
    {
        while (true)
        {
            try
            {
                using FileStream locked = new(_directory.File("lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                return CachedBytes();
            }
            catch (IOException)
            {
                await Task.Yield();
            }
        }
    }

    private long CachedBytes() => new DirectoryInfo(_directory.Path).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.Name != "lock").Sum(file => file.Exists ? file.Length : 0);

    private async Task PutAsync(params string[] names)
    {
        for (int n = 0; n < names.Length; n++)
        {
            await _remote.PutAsync(names[n] + ".parquet", Content((byte)n, 1000));
        }
    }

    private async Task UseAsync(CachedObjectStore cache, params string[] paths)
    {
        foreach (string path in paths)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            (await cache.PinAsync(path)).Dispose();
        }
    }

    private CachedObjectStore Open(long maxBytes, string name = "store")
    {
        CacheOptions options = new()
        {
            Folder = _directory.Path,
            MaxBytes = maxBytes,
            StoreName = name,
            RangeBytes = 300,
            TimeProvider = _clock,
        };
        _caches.Add(new CachedObjectStore(_remote, options));
        return _caches[^1];
    }

    private sealed class ManualClock : TimeProvider
    {
        private DateTimeOffset _now = new(2031, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
