using System.Runtime.InteropServices;

namespace RetailFlow.Storage;

/// <summary>
/// The system calls that decide what survives power loss and who wins a name; the runtime has no equivalent.
/// None is called with variadic arguments, whose passing differs on arm64 macOS.
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

    public static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int descriptor);

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
}
