using System.Text;
using System.Text.Json;

namespace RetailFlow.Cli.Tests;

/// <summary>A command run in this process: what it printed, and its exit code.</summary>
internal sealed record CommandResult(int Exit, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

/// <summary>Runs commands in a folder of their own.</summary>
public sealed class CliFixture : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("retailflow-cli-");

    public string Folder => _folder.FullName;

    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    internal Task<CommandResult> RunAsync(params string[] args) => RunAsync(string.Empty, args);

    internal async Task<CommandResult> RunAsync(string input, string[] args, bool terminal = false, CancellationToken cancellationToken = default)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter();
        using var reader = new StringReader(input);
        var host = new CommandHost
        {
            Output = output,
            Error = error,
            Input = reader,
            OutputIsTerminal = terminal,
            ErrorIsTerminal = false,
            Variable = name => Variables.GetValueOrDefault(name),
            WorkingDirectory = Folder,
            ProgramDirectory = AppContext.BaseDirectory,
        };
        var exit = await new CommandLine(host).RunAsync(args, cancellationToken);
        return new CommandResult((int)exit, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
