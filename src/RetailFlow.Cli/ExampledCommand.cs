using System.CommandLine;

namespace RetailFlow.Cli;

/// <summary>A command with one example in its help and one body that answers with an exit code.</summary>
internal sealed class ExampledCommand(string name, string description, string example, Func<CommandRun, Task<ExitCode>>? body = null)
    : Command(name, description)
{
    public string Example { get; } = example;

    public void Bind(CommandHost host, CommonOptions common)
    {
        if (body is not null)
        {
            SetAction(async (parsed, cancellationToken) => (int)await body(new CommandRun(host, common, parsed, cancellationToken)));
        }

        foreach (var child in Subcommands.OfType<ExampledCommand>())
        {
            child.Bind(host, common);
        }
    }
}
