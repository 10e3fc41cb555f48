using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RetailFlow.Storage;

/// <summary>
/// The system calls that decide what survives power loss and who wins a name; the runtime has no equivalent.
/// None is called with variadic arguments on macOS, where their passing differs on arm64.
/// </summary>
internal static partial class Libc
{
    public const int OpenReadOnly = 0;

    /// <summary>Fail instead of replacing (renameat2, Linux).</summary>
    public const uint RenameNoReplace = 1;

    /// <summary>Fail instead of replacing (renamex_np, macOS).</summary>
    public const uint RenameExclusive = 4;

    /// <summary>AT_FDCWD of Linux.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>F_OFD_SETLK of Linux: the lock belongs to the open file, not to the process, and goes with its last handle.</summary>
    public const int SetOpenFileLock = 37;

    /// <summary>F_WRLCK.</summary>
    public const short WriteLock = 1;

    public static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    /// <summary>SYNC_FILE_RANGE_WRITE of Linux: begin, do not wait.</summary>
    public const uint SyncFileRangeWrite = 2;

    /// <summary>SYNC_FILE_RANGE_WAIT_BEFORE of Linux: wait for what is being written.</summary>
    public const uint SyncFileRangeWaitBefore = 1;

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    /// <summary>MADV_HUGEPAGE of Linux.</summary>
    public const int AdviseHugePage = 14;

    [LibraryImport("libc", EntryPoint = "madvise")]
    public static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameExclusiveMac(string from, string to, uint flags);

    /// <summary>Linux alone, where the variadic argument is passed like any other.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, int command, ref FileLock fileLock);

    /// <summary><c>struct flock</c> of 64-bit Linux; all zero but the type means the whole file.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
