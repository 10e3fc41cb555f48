using System.Collections.Concurrent;
using RetailFlow.Lakehouse;
using Spectre.Console;

namespace RetailFlow.Cli.Output;

/// <summary>Bars on the error stream while long work runs; nothing at all when that is no terminal.</summary>
internal sealed class ProgressView : IAsyncDisposable
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<LakeProgress> _reports = new();
    private readonly Task _drawing;

    private ProgressView(CommandHost host, bool visible) => _drawing = visible ? DrawAsync(host) : Task.CompletedTask;

    public static ProgressView Start(CommandHost host, bool wanted = true) => new(host, wanted && host.ErrorIsTerminal);

    public void Report(LakeProgress progress)
    {
        if (!_drawing.IsCompleted)
        {
            _reports.Enqueue(progress);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _finished.TrySetResult();
        await _drawing;
    }

    private async Task DrawAsync(CommandHost host)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error) });
        var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
        await console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new ElapsedTimeColumn())
            .StartAsync(async drawing =>
            {
                using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100), host.Clock);
                while (!_finished.Task.IsCompleted)
                {
                    while (_reports.TryDequeue(out var report))
                    {
                        Show(drawing, bars, report);
                    }

                    await Task.WhenAny(_finished.Task, tick.WaitForNextTickAsync().AsTask());
                }
            });
    }

    private static void Show(ProgressContext drawing, Dictionary<string, ProgressTask> bars, LakeProgress report)
    {
        if (!bars.TryGetValue(report.Step, out var bar))
        {
            bar = drawing.AddTask(string.Empty, maxValue: 1);
            bars.Add(report.Step, bar);
        }

        bar.Description = Markup.Escape(OneLine.Of($"{report.Step} {report.Detail}"));
        bar.IsIndeterminate = report.Fraction is null;
        bar.Value = report.Fraction ?? 0;
    }
}
