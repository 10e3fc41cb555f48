using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RetailFlow.Storage;

/// <summary>
/// What makes a local file and its name survive power loss, and what decides a race for a name (Linux and macOS).
/// A failed sync is reported once by the system and must never be tried again as if nothing happened.
/// </summary>
public static class LocalDurability
{
    /// <summary>Forces the content and length of a file to the device.</summary>
    /// <exception cref="StorageException">The file cannot be opened or synced.</exception>
    public static void FsyncFile(string path)
    {
        ThrowIfUnsupported();
        try
        {
            using SafeFileHandle handle = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(handle);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Errno.Failure("sync", path, exception);
        }
    }

    /// <summary>
    /// Forces the content of an open file to the device, and of what the system keeps about it as much as reading it needs, like its length, but not its times
    /// (fdatasync of Linux, POSIX.1-2017): bytes written over others are then durable without a commit of the file system's journal.
    /// </summary>
    /// <exception cref="StorageException">The file cannot be synced.</exception>
    internal static void SyncContent(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (Retry(() => Libc.Fdatasync(file), out int error) != 0)
        {
            throw Errno.Failure("sync", path, error);
        }
    }

    /// <summary>
    /// Tells the system to begin writing a part of a file to the device, where it can be told (sync_file_range of Linux). Nothing is durable by it, and nothing
    /// depends on whether it was done.
    /// </summary>
    /// <returns>Whether it has begun.</returns>
    internal static bool BeginWriteBack(SafeFileHandle file, long position, long length) =>
        OperatingSystem.IsLinux() && Libc.SyncFileRange(file, position, length, Libc.SyncFileRangeWrite) == 0;

    /// <summary>Waits until what was begun is written. A failure that is told here is not told again by a sync.</summary>
    /// <exception cref="StorageException">It could not be written.</exception>
    internal static void AwaitWriteBack(SafeFileHandle file, string path, long position, long length)
    {
        if (OperatingSystem.IsLinux() && Retry(() => Libc.SyncFileRange(file, position, length, Libc.SyncFileRangeWaitBefore), out int error) != 0)
        {
            throw Errno.Failure("write", path, error);
        }
    }

    /// <summary>
    /// Forces the names in a directory to the device: files created, renamed and deleted in it. A file system that knows
    /// no sync of directories (it answers EINVAL) orders them itself, and nothing is done.
    /// </summary>
    /// <exception cref="StorageException">The directory cannot be opened or synced.</exception>
    public static void FsyncDirectory(string path)
    {
        ThrowIfUnsupported();
        int descriptor = Retry(() => Libc.Open(path, Libc.OpenReadOnly | Libc.CloseOnExec), out int error);
        if (descriptor < 0)
        {
            throw Errno.Failure("open the directory", path, error);
        }

        try
        {
            if (Retry(() => Libc.Fsync(descriptor), out error) != 0 && error != Errno.Invalid)
            {
                throw Errno.Failure("sync the directory", path, error);
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    /// <summary>
    /// Gives the file <paramref name="existing"/> the further name <paramref name="name"/> in the same file system, if no
    /// file has that name; false if one has. Of many callers racing for one name exactly one gets true. On a file system
    /// without hard links the file is renamed instead, so the old name may be gone afterwards.
    /// </summary>
    /// <exception cref="StorageException">Neither is possible; <c>EXDEV</c> means different file systems.</exception>
    public static bool TryLink(string existing, string name)
    {
        ThrowIfUnsupported();
        if (Retry(() => Libc.Link(existing, name), out int error) == 0)
        {
            return true;
        }

        if (error == Errno.Exists)
        {
            return false;
        }

        bool noHardLinks = error == Errno.OperationNotPermitted || error == Errno.TooManyLinks || error == Errno.NotImplemented
            || error == Errno.NotSupported || error == Errno.OperationNotSupported;
        return noHardLinks ? TryRename(existing, name) : throw Errno.Failure("create", name, error);
    }

    /// <summary>
    /// Renames <paramref name="existing"/> to <paramref name="name"/> if no file has that name, by the system's atomic
    /// no-replace rename; false if one has.
    /// </summary>
    /// <exception cref="StorageException">The rename failed, or the file system has no such rename.</exception>
    public static bool TryRename(string existing, string name)
    {
        ThrowIfUnsupported();
        int result;
        int error;
        try
        {
            result = OperatingSystem.IsMacOS()
                ? Retry(() => Libc.RenameExclusiveMac(existing, name, Libc.RenameExclusive), out error)
                : Retry(
                    () => Libc.RenameAt2(Libc.CurrentDirectory, existing, Libc.CurrentDirectory, name, Libc.RenameNoReplace),
                    out error);
        }
        catch (EntryPointNotFoundException exception)
        {
            throw Errno.Failure("create without replacing", name, Errno.NotImplemented, exception);
        }

        if (result == 0)
        {
            return true;
        }

        return error == Errno.Exists ? false : throw Errno.Failure("create", name, error);
    }

    /// <summary>Renames <paramref name="existing"/> to <paramref name="name"/>, in place of a file of that name.</summary>
    /// <exception cref="StorageException">The rename failed.</exception>
    public static void Replace(string existing, string name)
    {
        if (Retry(() => Libc.Rename(existing, name), out int error) != 0)
        {
            throw Errno.Failure("replace", name, error);
        }
    }

    /// <summary>Removes a name; false if there was none.</summary>
    internal static bool Unlink(string path)
    {
        if (Retry(() => Libc.Unlink(path), out int error) == 0)
        {
            return true;
        }

        return error == Errno.NoEntry || error == Errno.NotDirectory ? false : throw Errno.Failure("delete", path, error);
    }

    /// <summary>
    /// Locks an open file against other writers that do the same, on this machine, until it is closed. Readers are not
    /// concerned: the runtime's own sharing modes use another kind of lock. Linux; elsewhere there is no lock.
    /// </summary>
    internal static void LockForWriting(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Libc.FileLock wholeFile = new() { Type = Libc.WriteLock };
        if (Retry(() => Libc.Fcntl(file, Libc.SetOpenFileLock, ref wholeFile), out int error) != 0)
        {
            throw Errno.Failure("lock the log", path, error);
        }
    }

    internal static void ThrowIfUnsupported()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            throw new PlatformNotSupportedException(
                "A lake on a local disk needs Linux or macOS: this system has no atomic put-if-absent that survives power loss.");
        }
    }

    private static int Retry(Func<int> call, out int error)
    {
        while (true)
        {
            int result = call();
            error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (result >= 0 || error != Errno.Interrupted)
            {
                return result;
            }
        }
    }
}
