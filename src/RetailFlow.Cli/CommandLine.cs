using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RetailFlow.Cli.Commands;

namespace RetailFlow.Cli;

/// <summary>The whole command line: every command, parsed and run to an exit code. Never throws.</summary>
internal sealed class CommandLine
{
    private readonly CommandHost _host;

    public CommandLine(CommandHost host)
    {
        _host = host;
        var common = new CommonOptions();
        Root = new RootCommand("A retail lakehouse with a live stock counter: RAW files, Bronze, Silver and Gold Delta tables, and what is on hand.");
        common.AddTo(Root);
        ExampledCommand[] commands =
        [
            UpCommand.Create(),
            LandCommand.Create(),
            IngestCommand.Create(),
            RunCommand.Create(),
            StockCommand.Create(),
            SqlCommand.Create(),
            TablesCommand.Create(),
            DescribeCommand.Create(),
            HistoryCommand.Create(),
            QuarantineCommand.Create(),
            ReconcileCommand.Create(),
            OptimizeCommand.Create(),
            VacuumCommand.Create(),
            RestoreCommand.Create(),
            CloneCommand.Create(),
            GenerateCommand.Create(),
            DeltaCommand.Create(),
            BenchCommand.Create(),
        ];
        foreach (var command in commands)
        {
            command.Bind(host, common);
            Root.Subcommands.Add(command);
        }

        foreach (var help in Root.Options.OfType<HelpOption>())
        {
            help.Action = new ExampleHelp();
        }
    }

    public RootCommand Root { get; }

    public async Task<ExitCode> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        // A query or a SKU may begin with '@': no response files.
        var parsed = Root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction)
        {
            var name = string.Join(' ', parsed.CommandResult.Command.Parents.OfType<Command>().Skip(1).Select(c => c.Name)
                .Append(parsed.CommandResult.Command == Root ? string.Empty : parsed.CommandResult.Command.Name).Where(n => n.Length > 0));
            _host.Error.WriteLine($"error: {OneLine.Of(parsed.Errors[0].Message)} (retailflow {name}{(name.Length > 0 ? " " : string.Empty)}--help tells more)");
            return ExitCode.WrongUsage;
        }

        var output = _host.Text;
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = _host.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return (ExitCode)await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (Exception failure)
        {
            return Failure.Report(failure, _host, cancellationToken);
        }
    }

    /// <summary>The generated help, then the command's example.</summary>
    private sealed class ExampleHelp : SynchronousCommandLineAction
    {
        private readonly HelpAction _help = new();

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = _help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Example:");
            output.WriteLine(parseResult.CommandResult.Command is ExampledCommand command
                ? $"  {command.Example}"
                : "  retailflow up --demo");
            output.WriteLine();
            return result;
        }
    }
}
