using System.CommandLine;
using RetailFlow.Cli.Output;
using RetailFlow.Lakehouse;

namespace RetailFlow.Cli;

/// <summary>One command being run: what was asked for, and how it answers.</summary>
internal sealed class CommandRun(CommandHost host, CommonOptions common, ParseResult parsed, CancellationToken cancellationToken)
{
    public CommandHost Host { get; } = host;

    public CancellationToken Cancellation { get; } = cancellationToken;

    public string LakePath => common.LakePath(parsed, Host);

    public string ProjectPath => common.ProjectPath(parsed, Host);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    public LakeOptions LakeOptions(Action<LakeProgress>? progress = null) => new()
    {
        LakePath = LakePath,
        ProjectPath = ProjectPath,
        Environment = parsed.GetValue(common.Environment)!,
        Clock = Host.Clock,
        Remote = Host.Remote,
        Progress = progress,
        Warn = message => Host.Error.WriteLine($"warning: {message}"),
    };

    /// <summary>Opens the lake for <paramref name="work"/>, shows its progress on a terminal, and closes it.</summary>
    /// <param name="work">What to do; with <paramref name="progress"/> it must not print.</param>
    /// <param name="progress">Whether progress is shown meanwhile.</param>
    public async Task<T> WithLakeAsync<T>(Func<Lake, Task<T>> work, bool progress = true)
    {
        await using var view = ProgressView.Start(Host, progress);
        await using var lake = await Lake.OpenAsync(LakeOptions(view.Report), Cancellation);
        return await work(lake);
    }

    /// <summary>How results are to be printed: as asked, else a table.</summary>
    /// <param name="redirected">What a command prints by default when its output is not a terminal.</param>
    /// <param name="terminal">What it prints by default on a terminal.</param>
    public ResultWriter Results(OutputFormat redirected = OutputFormat.Table, OutputFormat terminal = OutputFormat.Table) => new(
        Host.Output,
        parsed.GetValue(common.Output) ?? (Host.OutputIsTerminal ? terminal : redirected),
        Host.OutputIsTerminal);

    public void Note(string line) => Host.Error.WriteLine(line);
}
