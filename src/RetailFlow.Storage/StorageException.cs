namespace RetailFlow.Storage;

/// <summary>
/// The store could not do what was asked: no space, no permission, a device error. Whether a write took effect is not
/// known to the caller unless the operation's contract says so.
/// </summary>
public sealed class StorageException : IOException
{
    /// <summary>Describes one failed operation.</summary>
    /// <param name="message">What was tried and why it failed, in plain words.</param>
    /// <param name="path">The path that was being worked on.</param>
    /// <param name="errorName">The symbolic name of the error, for example <c>ENOSPC</c>.</param>
    /// <param name="innerException">The failure underneath, if there is one.</param>
    public StorageException(string message, string path, string errorName, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
        ErrorName = errorName;
    }

    /// <summary>The path that was being worked on.</summary>
    public string Path { get; }

    /// <summary>The symbolic name of the error, for example <c>ENOSPC</c> or <c>EACCES</c>.</summary>
    public string ErrorName { get; }
}
