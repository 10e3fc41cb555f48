using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Cli.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Failures => new()
    {
        { new UsageException("wrong"), 2 },
        { new LakeException(LakeErrorKind.InvalidInput, "m"), 3 },
        { new LakeException(LakeErrorKind.Configuration, "m"), 3 },
        { new LakeException(LakeErrorKind.Conflict, "m"), 4 },
        { new LakeException(LakeErrorKind.Unavailable, "m"), 5 },
        { new LakeException(LakeErrorKind.Corrupt, "m"), 6 },
        { new DeltaException(DeltaErrorKind.TableNotFound, "m"), 3 },
        { new DeltaException(DeltaErrorKind.VersionNotFound, "m"), 3 },
        { new DeltaException(DeltaErrorKind.UnsupportedFeature, "m"), 3 },
        { new DeltaException(DeltaErrorKind.InvalidCommit, "m"), 4 },
        { new DeltaException(DeltaErrorKind.Unavailable, "m"), 5 },
        { new DeltaException(DeltaErrorKind.CommitOutcomeUnknown, "m"), 5 },
        { new DeltaException(DeltaErrorKind.Corrupt, "m"), 6 },
        { new DuckDbException(DuckDbErrorKind.Parser, "m"), 3 },
        { new DuckDbException(DuckDbErrorKind.Catalog, "m"), 3 },
        { new DuckDbException(DuckDbErrorKind.OutOfMemory, "m"), 5 },
        { new StorageException("m", "p", "ENOSPC"), 5 },
        { new LogCorruptException("journal", 12), 6 },
        { new FileNotFoundException("m"), 3 },
        { new UnauthorizedAccessException("m"), 5 },
        { new AggregateException(new LakeException(LakeErrorKind.Conflict, "m")), 4 },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Each_kind_of_failure_has_its_exit_code(Exception failure, int exit) => Assert.Equal(exit, (int)Failure.CodeOf(failure)!);

    [Fact]
    public void A_failure_nobody_foresaw_has_no_code_of_its_own() => Assert.Null(Failure.CodeOf(new InvalidOperationException("bug")));

    [Fact]
    public void A_message_of_several_lines_is_printed_as_one_without_control_characters() =>
        Assert.Equal("first second third", OneLine.Of("first\r\n\tsecond\n\u001bthird\n"));
}
