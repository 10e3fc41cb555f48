using RetailFlow.Lakehouse;
using RetailFlow.Node;

namespace RetailFlow.Cli;

/// <summary>Failures as one line on the error stream and an exit code.</summary>
internal static class Failure
{
    public const string TraceVariable = "RETAILFLOW_TRACE";

    public static ExitCode Report(Exception failure, CommandHost host, CancellationToken cancellationToken)
    {
        if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            host.Error.WriteLine("cancelled");
            return ExitCode.Cancelled;
        }

        var code = CodeOf(failure);
        host.Error.WriteLine(code is { } known
            ? $"error: {OneLine.Of(failure.Message)}"
            : $"error: unexpected {failure.GetType().Name}: {OneLine.Of(failure.Message)} ({TraceVariable}=1 shows where)");
        if (host.Variable(TraceVariable) == "1")
        {
            host.Error.WriteLine(failure);
        }

        return code ?? ExitCode.Unavailable;
    }

    /// <summary>The exit code of a failure; null for one that nobody foresaw.</summary>
    public static ExitCode? CodeOf(Exception failure) => failure is UsageException
        ? ExitCode.WrongUsage
        : FailureKinds.Of(failure) switch
        {
            LakeErrorKind.InvalidInput or LakeErrorKind.Configuration => ExitCode.InvalidInput,
            LakeErrorKind.Conflict => ExitCode.Conflict,
            LakeErrorKind.Unavailable => ExitCode.Unavailable,
            LakeErrorKind.Corrupt => ExitCode.Corrupt,
            null => null,
            _ => throw new InvalidOperationException("There is no other kind of failure."),
        };
}
