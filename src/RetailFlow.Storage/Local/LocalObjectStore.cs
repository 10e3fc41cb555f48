using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace RetailFlow.Storage;

/// <summary>
/// Objects as files below one directory. Whole and durable by construction: content is written to a hidden file in the
/// target's directory, synced, given its name by <c>link(2)</c>, and the directory is synced. Directories are made on
/// demand by writes, never by reads. Links between the file systems of several machines (NFS) are not supported.
/// Failures are <see cref="StorageException"/>.
/// </summary>
public sealed class LocalObjectStore : IObjectStore
{
    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;
    private const int CopyBufferBytes = 1 << 20;

    private readonly string _root;
    private readonly DurableDirectories _directories;
    private long _temporaries;

    /// <summary>A store below <paramref name="root"/>, which need not exist before the first write.</summary>
    /// <exception cref="PlatformNotSupportedException">Neither Linux nor macOS.</exception>
    public LocalObjectStore(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        LocalDurability.ThrowIfUnsupported();
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _directories = new DurableDirectories(_root);
        Location = StoreLocation.OfFolder(_root);
    }

    /// <inheritdoc/>
    public StoreLocation Location { get; }

    /// <inheritdoc/>
    StoreLocation? IObjectStore.Location => Location;

    /// <inheritdoc/>
    public ValueTask<PutOutcome> PutIfAbsentAsync(
        string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        string target = LocalPath(path);
        return new ValueTask<PutOutcome>(Task.Run(
            () =>
            {
                if (File.Exists(target))
                {
                    return Finish(created: false, target);
                }

                string temporary = WriteTemporary(target, content);
                return PublishIfAbsent(temporary, target, cancellationToken);
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        string target = LocalPath(path);
        return new ValueTask(Task.Run(
            () =>
            {
                string temporary = WriteTemporary(target, content);
                try
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    LocalDurability.Replace(temporary, target);
                }
                catch
                {
                    LocalDurability.Unlink(temporary);
                    throw;
                }

                LocalDurability.FsyncDirectory(DirectoryOf(target));
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    /// <exception cref="FileNotFoundException"><paramref name="localFile"/> does not exist.</exception>
    public ValueTask<PutOutcome> ImportIfAbsentAsync(string path, string localFile, CancellationToken cancellationToken = default)
    {
        string target = LocalPath(path);
        return new ValueTask<PutOutcome>(Task.Run(() => Import(target, localFile, cancellationToken), cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        string file = LocalPath(path);
        using SafeFileHandle? handle = OpenOrNull(file);
        if (handle is null)
        {
            return null;
        }

        long length = RandomAccess.GetLength(handle);
        if (length > Array.MaxLength)
        {
            throw new StorageException($"Cannot read '{file}' whole: it is longer than 2 GB (EFBIG).", file, "EFBIG");
        }

        return await ReadAsync(handle, file, 0, (int)length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> ReadRangeAsync(
        string path, long offset, int length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        string file = LocalPath(path);
        using SafeFileHandle handle = OpenOrNull(file) ?? throw NotFound(path);
        long available = Math.Max(0, RandomAccess.GetLength(handle) - offset);
        return await ReadAsync(handle, file, offset, (int)Math.Min(length, available), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SafeFileHandle handle = OpenOrNull(LocalPath(path)) ?? throw NotFound(path);
        return new ValueTask<Stream>(new FileStream(handle, FileAccess.Read, bufferSize: 64 * 1024));
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<ObjectInfo?>(LocalListing.Describe(path, LocalPath(path)));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix,
        string? startAfter = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.ValidatePrefix(prefix);
        LocalListing listing = new(_root, prefix, startAfter);
        while (await Task.Run(() => listing.NextPage(cancellationToken), cancellationToken).ConfigureAwait(false) is { } page)
        {
            foreach (ObjectInfo info in page)
            {
                yield return info;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>The deletion survives power loss when the call returns.</remarks>
    public ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        string target = LocalPath(path);
        return new ValueTask<bool>(Task.Run(
            () =>
            {
                if (Directory.Exists(target) || !LocalDurability.Unlink(target))
                {
                    return false;
                }

                LocalDurability.FsyncDirectory(DirectoryOf(target));
                return true;
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    string? IObjectStore.LocalPath(string path) => LocalPath(path);

    /// <summary>The absolute path of the file that holds the object <paramref name="path"/>.</summary>
    public string LocalPath(string path)
    {
        ObjectPath.Validate(path);
        return Path.Join(_root, path);
    }

    /// <summary>
    /// Deletes the unfinished files that writers left behind when their process died, if they were last written more than
    /// <paramref name="olderThan"/> ago. The age protects writers at work, in this process and in others.
    /// </summary>
    /// <returns>The number of files deleted.</returns>
    public int RemoveAbandonedTemporaries(TimeSpan olderThan, TimeProvider timeProvider)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        DateTime before = timeProvider.GetUtcNow().UtcDateTime - olderThan;
        int removed = 0;
        foreach (string file in LocalListing.Temporaries(_root))
        {
            if (File.GetLastWriteTimeUtc(file) < before && LocalDurability.Unlink(file))
            {
                removed++;
            }
        }

        return removed;
    }

    private static string DirectoryOf(string file) => Path.GetDirectoryName(file)!;

    private static FileNotFoundException NotFound(string path) => new($"There is no object '{path}'.", path);

    /// <summary>Gives a synced file its name. The temporary is gone afterwards, whatever happens.</summary>
    private PutOutcome PublishIfAbsent(string temporary, string target, CancellationToken cancellationToken)
    {
        bool created;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            created = LocalDurability.TryLink(temporary, target);
        }
        finally
        {
            LocalDurability.Unlink(temporary);
        }

        return Finish(created, target);
    }

    /// <summary>
    /// Syncs the name for the loser of a race too: it may acknowledge what the winner wrote before the winner has synced it.
    /// </summary>
    private PutOutcome Finish(bool created, string target)
    {
        if (!created && Directory.Exists(target))
        {
            throw Errno.Failure("create", target, Errno.IsDirectory);
        }

        string directory = DirectoryOf(target);
        _directories.Ensure(directory);
        LocalDurability.FsyncDirectory(directory);
        return created ? PutOutcome.Created : PutOutcome.AlreadyExists;
    }

    private static SafeFileHandle? OpenOrNull(string file)
    {
        try
        {
            return File.OpenHandle(file, FileMode.Open, FileAccess.Read, ShareAll);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A directory is no object, and a file has nothing below it.
            return Directory.Exists(file) || exception.HResult == Errno.NotDirectory
                ? null
                : throw Errno.Failure("open", file, exception);
        }
    }

    private static async ValueTask<byte[]> ReadAsync(
        SafeFileHandle handle, string file, long offset, int length, CancellationToken cancellationToken)
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(length);
        int done = 0;
        try
        {
            while (done < length)
            {
                int read = await RandomAccess.ReadAsync(handle, content.AsMemory(done), offset + done, cancellationToken)
                    .ConfigureAwait(false);
                if (read == 0)
                {
                    return content[..done];
                }

                done += read;
            }
        }
        catch (IOException exception)
        {
            throw Errno.Failure("read", file, exception);
        }

        return content;
    }

    private PutOutcome Import(string target, string localFile, CancellationToken cancellationToken)
    {
        if (!File.Exists(localFile))
        {
            throw new FileNotFoundException($"There is no file '{localFile}' to take in.", localFile);
        }

        if (File.Exists(target))
        {
            return Finish(created: false, target);
        }

        LocalDurability.FsyncFile(localFile);
        _directories.Ensure(DirectoryOf(target));
        cancellationToken.ThrowIfCancellationRequested();
        PutOutcome outcome;
        try
        {
            outcome = Finish(LocalDurability.TryLink(localFile, target), target);
        }
        catch (StorageException exception) when (exception.ErrorName is "EXDEV" or "EPERM")
        {
            outcome = PublishIfAbsent(CopyToTemporary(target, localFile, cancellationToken), target, cancellationToken);
        }

        if (outcome == PutOutcome.Created)
        {
            LocalDurability.Unlink(localFile);
        }

        return outcome;
    }

    private string WriteTemporary(string target, ReadOnlyMemory<byte> content) =>
        CreateTemporary(target, handle => RandomAccess.Write(handle, content.Span, 0));

    private string CopyToTemporary(string target, string localFile, CancellationToken cancellationToken) =>
        CreateTemporary(
            target,
            handle =>
            {
                using SafeFileHandle source = File.OpenHandle(localFile, FileMode.Open, FileAccess.Read, ShareAll);
                byte[] buffer = GC.AllocateUninitializedArray<byte>(CopyBufferBytes);
                long position = 0;
                int read;
                while ((read = RandomAccess.Read(source, buffer, position)) > 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    RandomAccess.Write(handle, buffer.AsSpan(0, read), position);
                    position += read;
                }
            });

    private string CreateTemporary(string target, Action<SafeFileHandle> write)
    {
        string directory = DirectoryOf(target);
        string? temporary = null;
        try
        {
            // Closed before it gets its name: an open handle of the writer could otherwise stand in a reader's way.
            using SafeFileHandle handle = OpenTemporary(directory, out temporary);
            write(handle);
            RandomAccess.FlushToDisk(handle);
            return temporary;
        }
        catch (Exception exception)
        {
            if (temporary is not null)
            {
                LocalDurability.Unlink(temporary);
            }

            if (exception is IOException or UnauthorizedAccessException)
            {
                throw Errno.Failure("write", target, exception);
            }

            throw;
        }
    }

    private SafeFileHandle OpenTemporary(string directory, out string temporary)
    {
        _directories.Ensure(directory);
        bool directoryRenewed = false;
        while (true)
        {
            // Unique among the writers of this process; a name left by a dead process of the same id is passed over.
            long number = Interlocked.Increment(ref _temporaries);
            string name = Path.Join(
                directory, FormattableString.Invariant($"{ObjectPath.TemporaryPrefix}{Environment.ProcessId:x}-{number:x}"));
            try
            {
                SafeFileHandle handle = File.OpenHandle(name, FileMode.CreateNew, FileAccess.Write, ShareAll);
                temporary = name;
                return handle;
            }
            catch (DirectoryNotFoundException) when (!directoryRenewed)
            {
                // Somebody deleted the directory since this process last saw it.
                directoryRenewed = true;
                _directories.Forget();
                _directories.Ensure(directory);
            }
            catch (IOException) when (File.Exists(name))
            {
            }
        }
    }
}
