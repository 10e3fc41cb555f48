using System.Buffers.Binary;

namespace RetailFlow.Storage;

/// <summary>
/// The files of a cache on disk. Its state is only on disk, so that processes may come, go and crash:
/// <c>lock</c> orders all changes (and holds the sum of all file sizes), <c>files/</c> has whole files under their final
/// names, <c>temporary/</c> has downloads. A file in use is held open with a shared lock, a download with an exclusive one;
/// the system lets go of both when a process ends.
/// </summary>
internal sealed class CacheFolder : IDisposable
{
    // An eviction makes a sixteenth of the limit free, so that not every download has to look through the folder.
    private const int SlackDivisor = 16;

    private readonly string _folder;
    private readonly string _files;
    private readonly string _temporary;
    private readonly long _maxBytes;
    private readonly TimeProvider _timeProvider;
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Opens the folder, removes what crashed downloads left, and counts what there is.</summary>
    /// <exception cref="StorageException">The folder cannot be made or locked.</exception>
    public CacheFolder(string folder, long maxBytes, TimeProvider timeProvider)
    {
        _folder = Path.GetFullPath(folder);
        _files = Path.Join(_folder, "files");
        _temporary = Path.Join(_folder, "temporary");
        _maxBytes = maxBytes;
        _timeProvider = timeProvider;
        try
        {
            Directory.CreateDirectory(_files);
            Directory.CreateDirectory(_temporary);
            using FolderLock locked = FolderLock.Acquire(Path.Join(_folder, "lock"));
            foreach (string file in Directory.EnumerateFiles(_temporary))
            {
                TryDeleteUnused(file);
            }

            locked.TotalBytes = Directory.EnumerateFiles(_temporary).Sum(LengthOf) + CachedFiles().Sum(file => file.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("open the cache", _folder, exception);
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>Opens a cached file for use, or null if it is not there. It stays until the handle is closed.</summary>
    public ValueTask<FileStream?> TryOpenAsync(string name, CancellationToken cancellationToken) =>
        LockedAsync(_ => OpenForUse(name), cancellationToken);

    /// <summary>Makes room and begins a download; the file has its length from the beginning, so that others count it.</summary>
    /// <exception cref="StorageException">There is no room beside the files in use.</exception>
    public ValueTask<FileStream> BeginAsync(string path, long length, CancellationToken cancellationToken) =>
        LockedAsync(
            locked =>
            {
                MakeRoom(locked, path, length);
                FileStream file = new(
                    Path.Join(_temporary, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                try
                {
                    file.SetLength(length);
                }
                catch
                {
                    file.Dispose();
                    File.Delete(file.Name);
                    throw;
                }

                locked.TotalBytes += length;
                return file;
            },
            cancellationToken);

    /// <summary>Gives a finished and synced download its name, unless someone else was first, and opens it for use.</summary>
    public ValueTask<FileStream> PublishAsync(FileStream download, string name) =>
        LockedAsync(
            locked =>
            {
                long length = download.Length;
                string target = PathOf(name);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                download.Dispose();
                if (File.Exists(target))
                {
                    // Others may be using the file that is there, and their lock is on it.
                    File.Delete(download.Name);
                    locked.TotalBytes -= length;
                }
                else
                {
                    LocalDurability.Replace(download.Name, target);
                }

                return OpenForUse(name)!;
            },
            CancellationToken.None);

    /// <summary>Removes an unfinished download.</summary>
    public async ValueTask AbandonAsync(FileStream download) =>
        await LockedAsync(
            locked =>
            {
                long length = download.SafeFileHandle.IsClosed ? 0 : download.Length;
                download.Dispose();
                if (File.Exists(download.Name))
                {
                    File.Delete(download.Name);
                    locked.TotalBytes -= length;
                }

                return true;
            },
            CancellationToken.None);

    /// <summary>Removes a cached file unless it is in use.</summary>
    public async ValueTask RemoveAsync(string name, CancellationToken cancellationToken) =>
        await LockedAsync(
            locked =>
            {
                string file = PathOf(name);
                if (File.Exists(file))
                {
                    long length = LengthOf(file);
                    locked.TotalBytes -= TryDeleteUnused(file) ? length : 0;
                }

                return true;
            },
            cancellationToken);

    private static long LengthOf(string file) => new FileInfo(file).Length;

    /// <summary>Deletes a file that nobody has open; the exclusive lock and the deletion are one step for users of the cache.</summary>
    private static bool TryDeleteUnused(string file)
    {
        try
        {
            using FileStream unused = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            File.Delete(file);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException exception) when (FolderLock.IsInUse(exception))
        {
            return false;
        }
    }

    private string PathOf(string name) => Path.Join(_files, name[..2], name);

    private IEnumerable<FileInfo> CachedFiles() => new DirectoryInfo(_files).EnumerateFiles("*", SearchOption.AllDirectories);

    private FileStream? OpenForUse(string name)
    {
        string file = PathOf(name);
        if (!File.Exists(file))
        {
            return null;
        }

        FileStream opened = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

        // Not the time of the last write: engines take that for a change of the content.
        File.SetLastAccessTimeUtc(file, _timeProvider.GetUtcNow().UtcDateTime);
        return opened;
    }

    private void MakeRoom(FolderLock locked, string path, long length)
    {
        if (length > _maxBytes)
        {
            throw new StorageException(
                $"The cache '{_folder}' holds at most {_maxBytes} bytes, and '{path}' has {length}; raise the limit.", path, "CacheTooSmall");
        }

        if (locked.TotalBytes + length <= _maxBytes)
        {
            return;
        }

        List<FileInfo> files = [.. CachedFiles().OrderBy(file => file.LastAccessTimeUtc).ThenBy(file => file.Name, StringComparer.Ordinal)];
        long total = files.Sum(file => file.Length) + Directory.EnumerateFiles(_temporary).Sum(LengthOf);
        long target = Math.Max(0, _maxBytes - (_maxBytes / SlackDivisor) - length);
        foreach (FileInfo file in files)
        {
            if (total <= target)
            {
                break;
            }

            total -= TryDeleteUnused(file.FullName) ? file.Length : 0;
        }

        locked.TotalBytes = total;
        if (total + length > _maxBytes)
        {
            throw new StorageException(
                $"The cache '{_folder}' holds at most {_maxBytes} bytes, and files in use take {total} of them, which leaves no room for the {length} of '{path}'; raise the limit.",
                path,
                "CacheFull");
        }
    }

    private async ValueTask<T> LockedAsync<T>(Func<FolderLock, T> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            using FolderLock locked = await FolderLock.AcquireAsync(Path.Join(_folder, "lock"), cancellationToken);
            return work(locked);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not StorageException))
        {
            throw Errno.Failure("use the cache", _folder, exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The exclusive right to change the folder, and the sum of the sizes of its files.</summary>
    private sealed class FolderLock(FileStream file) : IDisposable
    {
        private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);
        private const int MostTries = 15_000;

        public long TotalBytes
        {
            get
            {
                Span<byte> bytes = stackalloc byte[sizeof(long)];
                return RandomAccess.Read(file.SafeFileHandle, bytes, 0) == bytes.Length ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;
            }

            set
            {
                Span<byte> bytes = stackalloc byte[sizeof(long)];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
                RandomAccess.Write(file.SafeFileHandle, bytes, 0);
            }
        }

        /// <summary>Whether opening failed because of another's lock.</summary>
        public static bool IsInUse(IOException exception) => exception.GetType() == typeof(IOException);

        public static FolderLock Acquire(string path) =>
            AcquireAsync(path, CancellationToken.None).AsTask().GetAwaiter().GetResult();

        public static async ValueTask<FolderLock> AcquireAsync(string path, CancellationToken cancellationToken)
        {
            for (int tries = 1; ; tries++)
            {
                try
                {
                    return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
                }
                catch (IOException exception) when (IsInUse(exception) && tries < MostTries)
                {
                    // The system has no waiting lock that could be cancelled; holders keep it for milliseconds.
                    await Task.Delay(s_pause, cancellationToken);
                }
            }
        }

        public void Dispose() => file.Dispose();
    }
}
