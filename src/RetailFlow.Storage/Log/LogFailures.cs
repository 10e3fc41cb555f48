namespace RetailFlow.Storage;

/// <summary>
/// A log holds bytes that are no valid record where a valid one was written: the device returned something else.
/// The log refuses to go on; it repairs nothing.
/// </summary>
public sealed class LogCorruptException : IOException
{
    /// <summary>Names the first bad record.</summary>
    /// <param name="fileName">The log's name.</param>
    /// <param name="offset">Where the bad line begins, in bytes.</param>
    public LogCorruptException(string fileName, long offset)
        : base(FormattableString.Invariant(
            $"The log '{fileName}' is damaged at byte {offset}: the line there is no valid record, and it is not an unfinished end."))
    {
        FileName = fileName;
        Offset = offset;
    }

    /// <summary>The log's name.</summary>
    public string FileName { get; }

    /// <summary>Where the bad line begins, in bytes.</summary>
    public long Offset { get; }
}

/// <summary>
/// A write or sync of the log failed, so what is on the device is unknown. The writer acknowledges nothing more; opening
/// the log again recovers what is there.
/// </summary>
public sealed class LogPoisonedException : IOException
{
    /// <summary>Names the log and the failure that ended it.</summary>
    public LogPoisonedException(string fileName, Exception cause)
        : base($"The log '{fileName}' has stopped and acknowledges nothing more: {cause.Message}", cause)
    {
        FileName = fileName;
    }

    /// <summary>The log's name.</summary>
    public string FileName { get; }
}
