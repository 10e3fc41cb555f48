using Microsoft.Win32.SafeHandles;

namespace RetailFlow.Storage;

/// <summary>
/// A log file on a local disk. The one opened for writing is locked against a second writer, in this process or another on
/// the machine (Linux); readers of any kind are not hindered.
/// </summary>
public sealed class LocalLogFile : ILogFile
{
    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    // Of so many bytes the device begins to write before it is told to sync.
    private const int LargeWrite = 128 * 1024;

    private readonly SafeFileHandle _handle;
    private (long Position, long Length) _writingBack;

    private LocalLogFile(string path, SafeFileHandle handle)
    {
        Name = path;
        _handle = handle;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Length => RandomAccess.GetLength(_handle);

    /// <summary>Opens the log at <paramref name="path"/> for writing; creates it, durably, if it does not exist.</summary>
    /// <exception cref="StorageException">It cannot be opened, or another writer has it (<c>EAGAIN</c>).</exception>
    public static LocalLogFile Open(string path)
    {
        LocalDurability.ThrowIfUnsupported();
        string full = Path.GetFullPath(path);
        LocalLogFile file;
        try
        {
            file = new LocalLogFile(
                full, File.OpenHandle(full, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("open the log", full, exception);
        }

        try
        {
            LocalDurability.LockForWriting(file._handle, full);

            // Also when the file existed: the process that created it may have died before its name was durable.
            LocalDurability.FsyncDirectory(Path.GetDirectoryName(full)!);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return file;
    }

    /// <summary>Opens the log at <paramref name="path"/> for reading alone, also while a writer has it.</summary>
    /// <exception cref="StorageException">It cannot be opened.</exception>
    public static LocalLogFile OpenRead(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            return new LocalLogFile(
                full, File.OpenHandle(full, FileMode.Open, FileAccess.Read, ShareAll));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("open the log", full, exception);
        }
    }

    /// <inheritdoc/>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, position);
            if (bytes.Length >= LargeWrite)
            {
                AwaitWriteBack();
                _writingBack = LocalDurability.BeginWriteBack(_handle, position, bytes.Length) ? (position, bytes.Length) : default;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("write", Name, exception);
        }
    }

    /// <inheritdoc/>
    public void Sync()
    {
        try
        {
            AwaitWriteBack();
            LocalDurability.SyncContent(_handle, Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("sync", Name, exception);
        }
    }

    /// <inheritdoc/>
    public void Truncate(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("truncate", Name, exception);
        }
    }

    /// <inheritdoc/>
    public int Read(long position, Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(_handle, buffer, position);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("read", Name, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    // What comes later must not be on the device before what comes first: an end that is torn has nothing valid behind the tear.
    private void AwaitWriteBack()
    {
        if (_writingBack.Length > 0)
        {
            LocalDurability.AwaitWriteBack(_handle, Name, _writingBack.Position, _writingBack.Length);
            _writingBack = default;
        }
    }
}
