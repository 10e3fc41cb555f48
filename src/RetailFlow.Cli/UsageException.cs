namespace RetailFlow.Cli;

/// <summary>The command line asks for something the command does not do: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
