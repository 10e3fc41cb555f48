using System.Text;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Stores;

namespace RetailFlow.Cli;

/// <summary>The world around one command: where it prints, what the environment says, which clock it reads.</summary>
internal sealed record CommandHost
{
    /// <summary>Standard output as bytes: documents and rows, nothing else.</summary>
    public required Stream Output { get; init; }

    /// <summary>Standard error: progress, logs, the one line of an error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard input.</summary>
    public required TextReader Input { get; init; }

    public required bool OutputIsTerminal { get; init; }

    public required bool ErrorIsTerminal { get; init; }

    public required Func<string, string?> Variable { get; init; }

    /// <summary>Relative paths start here.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Where the build put the project that is used when the working directory has none.</summary>
    public required string ProgramDirectory { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Standard output for lines, each of them written at once.</summary>
    public TextWriter Text => new StreamWriter(Output, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };

    public string FullPath(string path) => Path.GetFullPath(path, WorkingDirectory);

    /// <summary>The full path of a folder; a URL as it is.</summary>
    public string PathOrUrl(string location) => Lake.IsUrl(location) ? location : FullPath(location);

    /// <summary>How places in Azure are reached: by this host's environment.</summary>
    public RemoteOptions Remote => new() { Variable = Variable };
}
