using System.Security.Cryptography;
using System.Text;

namespace RetailFlow.Storage;

/// <summary>
/// A remote store with a cache of its immutable files on the local disk, bounded in bytes; the file whose last use is
/// longest ago goes first, and never one in use. Pinned files are downloaded whole, once, however many ask. Reads of
/// an immutable object that happens to be cached come from the disk; everything else goes to the store.
/// </summary>
public sealed class CachedObjectStore : IObjectStore, ILocalFiles, IDisposable
{
    private const string LogFolder = "_delta_log/";

    private readonly IObjectStore _inner;
    private readonly CacheOptions _options;
    private readonly CacheFolder _folder;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pin> _pins = new(StringComparer.Ordinal);
    private long _hits;
    private long _downloads;
    private long _downloadedBytes;

    /// <summary>Opens the cache before <paramref name="inner"/> and removes what downloads that crashed have left.</summary>
    /// <exception cref="ArgumentException">An option breaks its rule.</exception>
    /// <exception cref="StorageException">The folder cannot be used.</exception>
    public CachedObjectStore(IObjectStore inner, CacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _inner = inner;
        _options = options;
        _folder = new CacheFolder(options.Folder, options.MaxBytes, options.TimeProvider);
    }

    /// <summary>Pins and reads that the cache answered.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Files that were downloaded.</summary>
    public long Downloads => Interlocked.Read(ref _downloads);

    /// <summary>Bytes that were downloaded.</summary>
    public long DownloadedBytes => Interlocked.Read(ref _downloadedBytes);

    /// <summary>Lets go of the folder; files that are still leased stay.</summary>
    public void Dispose() => _folder.Dispose();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The object is not one that the cache may hold.</exception>
    public async ValueTask<IFileLease> PinAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        if (!_options.IsImmutable(path))
        {
            throw new ArgumentException($"The object '{path}' may change under its name, so it cannot be pinned.", nameof(path));
        }

        cancellationToken.ThrowIfCancellationRequested();
        Pin pin;
        lock (_gate)
        {
            if (!_pins.TryGetValue(path, out pin!))
            {
                pin = new Pin(path, token => AcquireAsync(path, token));
                _pins.Add(path, pin);
            }

            pin.Users++;
        }

        try
        {
            FileStream file = await pin.Ready.WaitAsync(cancellationToken);
            return new Lease(this, pin, file.Name);
        }
        catch
        {
            LetGo(pin);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<PutOutcome> PutIfAbsentAsync(
        string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        _inner.PutIfAbsentAsync(path, content, cancellationToken);

    /// <inheritdoc/>
    public ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        _inner.PutAsync(path, content, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<PutOutcome> ImportIfAbsentAsync(string path, string localFile, CancellationToken cancellationToken = default) =>
        _inner.ImportIfAbsentAsync(path, localFile, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        using FileStream? cached = await TryOpenAsync(path, cancellationToken);
        if (cached is null)
        {
            return await _inner.ReadAsync(path, cancellationToken);
        }

        byte[] content = new byte[cached.Length];
        await cached.ReadExactlyAsync(content, cancellationToken);
        return content;
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> ReadRangeAsync(
        string path, long offset, int length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        using FileStream? cached = await TryOpenAsync(path, cancellationToken);
        if (cached is null)
        {
            return await _inner.ReadRangeAsync(path, offset, length, cancellationToken);
        }

        byte[] content = new byte[Math.Min(length, Math.Max(0, cached.Length - offset))];
        cached.Position = Math.Min(offset, cached.Length);
        await cached.ReadExactlyAsync(content, cancellationToken);
        return content;
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default) =>
        await TryOpenAsync(path, cancellationToken) is { } cached
            ? new BufferedStream(cached, 1 << 17)
            : await _inner.OpenReadAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) =>
        _inner.HeadAsync(path, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        _inner.ListAsync(prefix, startAfter, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        bool deleted = await _inner.DeleteAsync(path, cancellationToken);
        if (_options.IsImmutable(path))
        {
            await _folder.RemoveAsync(NameOf(path), CancellationToken.None);
        }

        return deleted;
    }

    /// <inheritdoc/>
    public StoreLocation? Location => _inner.Location;

    /// <inheritdoc/>
    /// <returns>Null where the inner store is remote: a cached file is only safe to open through <see cref="PinAsync"/>.</returns>
    public string? LocalPath(string path) => _inner.LocalPath(path);

    private static void ThrowUnless(bool holds, string path, long offset, long got, long wanted, long length)
    {
        if (!holds)
        {
            throw new StorageException(
                $"The download of '{path}' got {got} bytes at offset {offset} where {wanted} were expected; its length was {length}.",
                path,
                "LengthMismatch");
        }
    }

    /// <summary>The cached file's name: a hash, because object names may be longer than file names and differ only in case.</summary>
    private string NameOf(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_options.StoreName}\n{path}"))) + Path.GetExtension(path);

    private async ValueTask<FileStream?> TryOpenAsync(string path, CancellationToken cancellationToken)
    {
        ObjectPath.Validate(path);
        if (!_options.IsImmutable(path) || await _folder.TryOpenAsync(NameOf(path), cancellationToken) is not { } cached)
        {
            return null;
        }

        Interlocked.Increment(ref _hits);
        return cached;
    }

    private async Task<FileStream> AcquireAsync(string path, CancellationToken cancellationToken)
    {
        if (await TryOpenAsync(path, cancellationToken) is { } cached)
        {
            return cached;
        }

        ObjectInfo info = await _inner.HeadAsync(path, cancellationToken)
            ?? throw new FileNotFoundException($"There is no object '{path}'.", path);
        FileStream download = await _folder.BeginAsync(path, info.Length, cancellationToken);
        try
        {
            await DownloadAsync(path, download, info.Length, cancellationToken);
            Interlocked.Increment(ref _downloads);
            Interlocked.Add(ref _downloadedBytes, info.Length);
            return await _folder.PublishAsync(download, NameOf(path));
        }
        catch
        {
            await _folder.AbandonAsync(download);
            throw;
        }
    }

    private async Task DownloadAsync(string path, FileStream download, long length, CancellationToken cancellationToken)
    {
        // A checkpoint may be written again by another writer of the table; a stream never mixes two contents.
        if (path.StartsWith(LogFolder, StringComparison.Ordinal) || path.Contains('/' + LogFolder, StringComparison.Ordinal))
        {
            await DownloadStreamAsync(path, download, length, cancellationToken);
        }
        else
        {
            await DownloadRangesAsync(path, download, length, cancellationToken);
        }

        // A name that survives power loss must not be given to content that does not.
        RandomAccess.FlushToDisk(download.SafeFileHandle);
    }

    private async Task DownloadStreamAsync(string path, FileStream download, long length, CancellationToken cancellationToken)
    {
        await using Stream content = await _inner.OpenReadAsync(path, cancellationToken);
        byte[] buffer = new byte[1 << 18];
        long position = 0;
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; position += read)
        {
            ThrowUnless(position + read <= length, path, position, read, length - position, length);
            RandomAccess.Write(download.SafeFileHandle, buffer.AsSpan(0, read), position);
        }

        ThrowUnless(position == length, path, 0, position, length, length);
    }

    private async Task DownloadRangesAsync(string path, FileStream download, long length, CancellationToken cancellationToken)
    {
        long ranges = (length + _options.RangeBytes - 1) / _options.RangeBytes;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0L, ranges, parallel, async (n, token) =>
        {
            long offset = n * _options.RangeBytes;
            int wanted = (int)Math.Min(_options.RangeBytes, length - offset);
            byte[] bytes = await _inner.ReadRangeAsync(path, offset, wanted, token);
            ThrowUnless(bytes.Length == wanted, path, offset, bytes.Length, wanted, length);
            RandomAccess.Write(download.SafeFileHandle, bytes, offset);
        });
    }

    private void LetGo(Pin pin)
    {
        lock (_gate)
        {
            // A pin that failed is not found again, so that the next caller tries anew.
            bool last = --pin.Users == 0;
            if ((last || pin.Ready.IsFaulted) && _pins.TryGetValue(pin.Path, out Pin? current) && ReferenceEquals(current, pin))
            {
                _pins.Remove(pin.Path);
            }

            if (!last)
            {
                return;
            }
        }

        pin.Dispose();
    }

    /// <summary>One file in use in this process, or on its way.</summary>
    private sealed class Pin : IDisposable
    {
        private readonly CancellationTokenSource _unwanted = new();

        public Pin(string path, Func<CancellationToken, Task<FileStream>> acquire)
        {
            Path = path;
            Ready = Task.Run(() => acquire(_unwanted.Token));
        }

        public string Path { get; }

        public Task<FileStream> Ready { get; }

        /// <summary>Leases and callers that wait for one; guarded by the store's gate.</summary>
        public int Users { get; set; }

        /// <summary>Gives the download up, or lets go of the file.</summary>
        public void Dispose()
        {
            _unwanted.Cancel();
            _unwanted.Dispose();
            _ = Ready.ContinueWith(
                static ready =>
                {
                    if (ready.IsCompletedSuccessfully)
                    {
                        ready.Result.Dispose();
                    }
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    private sealed class Lease(CachedObjectStore store, Pin pin, string path) : IFileLease
    {
        private int _disposed;

        public string Path => path;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                store.LetGo(pin);
            }
        }
    }
}
