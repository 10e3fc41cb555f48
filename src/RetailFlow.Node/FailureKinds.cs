using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse;
using RetailFlow.Stock.Journal;
using RetailFlow.Storage;

namespace RetailFlow.Node;

/// <summary>Failures of every layer told from the caller's side: exit codes and HTTP statuses both follow from it.</summary>
public static class FailureKinds
{
    /// <summary>What a caller can do about a failure; null for one that nobody foresaw.</summary>
    public static LakeErrorKind? Of(Exception failure) => failure switch
    {
        LakeException lake => lake.Kind,
        DeltaException delta => Of(delta.Kind),
        DuckDbException engine => Of(engine.Kind),
        LogCorruptException or JournalCorruptException => LakeErrorKind.Corrupt,
        FileNotFoundException or DirectoryNotFoundException => LakeErrorKind.InvalidInput,
        IOException or UnauthorizedAccessException or TimeoutException => LakeErrorKind.Unavailable,
        AggregateException { InnerExceptions.Count: 1 } one => Of(one.InnerExceptions[0]),
        _ => null,
    };

    private static LakeErrorKind Of(DeltaErrorKind kind) => kind switch
    {
        DeltaErrorKind.TableNotFound or DeltaErrorKind.VersionNotFound => LakeErrorKind.InvalidInput,
        DeltaErrorKind.UnsupportedFeature => LakeErrorKind.InvalidInput,
        DeltaErrorKind.Corrupt => LakeErrorKind.Corrupt,
        DeltaErrorKind.InvalidInput or DeltaErrorKind.ConstraintViolated => LakeErrorKind.InvalidInput,
        DeltaErrorKind.InvalidCommit or DeltaErrorKind.Conflict => LakeErrorKind.Conflict,
        DeltaErrorKind.Unavailable or DeltaErrorKind.CommitOutcomeUnknown => LakeErrorKind.Unavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of Delta failure."),
    };

    /// <summary>Apart from what the machine refuses, an engine's complaint is about the query it was given.</summary>
    private static LakeErrorKind? Of(DuckDbErrorKind kind) => kind switch
    {
        DuckDbErrorKind.IO or DuckDbErrorKind.OutOfMemory or DuckDbErrorKind.Interrupt or DuckDbErrorKind.Connection
            or DuckDbErrorKind.Network or DuckDbErrorKind.Http => LakeErrorKind.Unavailable,
        DuckDbErrorKind.Internal or DuckDbErrorKind.Fatal or DuckDbErrorKind.NullPointer => null,
        _ => LakeErrorKind.InvalidInput,
    };
}
