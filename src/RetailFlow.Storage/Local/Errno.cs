namespace RetailFlow.Storage;

/// <summary>Error numbers of Linux and macOS, with the words for them.</summary>
internal static class Errno
{
    public const int OperationNotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int Invalid = 22;
    public const int TooManyLinks = 31;

    // Numbers above 34 differ between Linux and macOS.
    private static readonly bool s_mac = OperatingSystem.IsMacOS();

    public static int NameTooLong => s_mac ? 63 : 36;

    public static int NotImplemented => s_mac ? 78 : 38;

    public static int NotSupported => s_mac ? 45 : 95;

    public static int OperationNotSupported => s_mac ? 102 : 95;

    public static StorageException Failure(string action, string path, int error, Exception? inner = null)
    {
        (string name, string words) = Describe(error);
        return new StorageException($"Cannot {action} '{path}': {words} ({name}).", path, name, inner);
    }

    /// <summary>Turns what the runtime's file calls throw into the store's one failure.</summary>
    public static StorageException Failure(string action, string path, Exception exception)
    {
        if (exception is StorageException already)
        {
            return already;
        }

        int error = exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => NoEntry,
            PathTooLongException => NameTooLong,
            UnauthorizedAccessException { InnerException: IOException { HResult: > 0 } inner } => inner.HResult,
            UnauthorizedAccessException => AccessDenied,
            // On Unix the runtime carries the raw error number in HResult; its own codes are negative.
            IOException { HResult: > 0 and < 1000 } io => io.HResult,
            _ => InputOutput,
        };
        return Failure(action, path, error, exception);
    }

    private static (string Name, string Words) Describe(int error)
    {
        (string, string)? common = error switch
        {
            1 => ("EPERM", "the operation is not permitted"),
            2 => ("ENOENT", "there is no such file or directory"),
            5 => ("EIO", "the device reported an input/output error"),
            9 => ("EBADF", "the file is not open for this"),
            12 => ("ENOMEM", "the system has no memory left for it"),
            13 => ("EACCES", "permission is denied"),
            16 => ("EBUSY", "it is in use"),
            17 => ("EEXIST", "it exists already"),
            18 => ("EXDEV", "it is on another file system"),
            20 => ("ENOTDIR", "a part of the path is a file, not a directory"),
            21 => ("EISDIR", "it is a directory"),
            22 => ("EINVAL", "the file system does not support the operation"),
            23 => ("ENFILE", "the system has too many open files"),
            24 => ("EMFILE", "the process has too many open files"),
            27 => ("EFBIG", "the file is larger than the limit"),
            28 => ("ENOSPC", "no space is left on the device"),
            30 => ("EROFS", "the file system is read-only"),
            31 => ("EMLINK", "the file has too many names"),
            _ => null,
        };
        if (common is { } known)
        {
            return known;
        }

        return (s_mac, error) switch
        {
            (false, 36) or (true, 63) => ("ENAMETOOLONG", "the name is too long"),
            (false, 40) or (true, 62) => ("ELOOP", "there are too many symbolic links on the way"),
            (false, 122) or (true, 69) => ("EDQUOT", "the disk quota is used up"),
            (false, 116) or (true, 70) => ("ESTALE", "the network file system lost the file"),
            (false, 38) or (true, 78) => ("ENOSYS", "the system does not have the operation"),
            (false, 95) or (true, 45) or (true, 102) => ("ENOTSUP", "the file system does not support the operation"),
            (false, 11) or (true, 35) => ("EAGAIN", "another process has it locked"),
            _ => (FormattableString.Invariant($"error {error}"), "the system reported an error"),
        };
    }
}
