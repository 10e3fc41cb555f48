namespace RetailFlow.Delta;

/// <summary>What a caller can do about a <see cref="DeltaException"/>.</summary>
public enum DeltaErrorKind
{
    /// <summary>There is no Delta table at the path.</summary>
    TableNotFound,

    /// <summary>The table exists, the version or time asked for does not (not yet, or no longer).</summary>
    VersionNotFound,

    /// <summary>The log breaks the protocol or cannot be parsed.</summary>
    Corrupt,

    /// <summary>The table needs a feature that is not supported; the message names it.</summary>
    UnsupportedFeature,

    /// <summary>The transaction breaks a rule for writers; nothing was written.</summary>
    InvalidCommit,

    /// <summary>The request names something that does not exist or is not allowed.</summary>
    InvalidInput,

    /// <summary>Rows break a constraint of the table; nothing was written.</summary>
    ConstraintViolated,

    /// <summary>Another writer did something that contradicts the request; nothing was written. On a fresh snapshot it may succeed.</summary>
    Conflict,

    /// <summary>The store failed or the log is too contended; nothing was written, trying again may help.</summary>
    Unavailable,

    /// <summary>The store failed in such a way that the commit may or may not exist. A <c>txn</c> action in the commit tells.</summary>
    CommitOutcomeUnknown,
}

/// <summary>A failure of the Delta log, told from the caller's side.</summary>
public sealed class DeltaException : Exception
{
    /// <summary>Creates the failure.</summary>
    public DeltaException(DeltaErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>What kind of failure this is.</summary>
    public DeltaErrorKind Kind { get; }

    /// <summary>True when files that were seen do not fit together, as they may while others write: worth another look.</summary>
    internal bool MayHaveMoved { get; init; }

    internal static DeltaException Corrupt(string message, Exception? inner = null) => new(DeltaErrorKind.Corrupt, message, inner);

    internal static DeltaException Unsupported(string message) => new(DeltaErrorKind.UnsupportedFeature, message);

    internal static DeltaException InvalidCommit(string message) => new(DeltaErrorKind.InvalidCommit, message);
}
