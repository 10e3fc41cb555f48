namespace RetailFlow.Cli;

/// <summary>What a script can tell from how the command ended. The numbers are a public interface: never changed.</summary>
internal enum ExitCode
{
    Done = 0,
    CheckFailed = 1,
    WrongUsage = 2,
    InvalidInput = 3,
    Conflict = 4,
    Unavailable = 5,
    Corrupt = 6,

    /// <summary>Ended by Ctrl+C or SIGTERM before it was done, as shells number it.</summary>
    Cancelled = 130,
}
