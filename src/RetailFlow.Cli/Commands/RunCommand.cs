using System.CommandLine;
using RetailFlow.Lakehouse.Models;

namespace RetailFlow.Cli.Commands;

/// <summary><c>run</c>: brings every table up to date.</summary>
internal static class RunCommand
{
    private static readonly string[] s_columns =
    [
        "table", "outcome", "mode", "version", "received", "accepted", "duplicates", "quarantined", "rows_written", "files_written", "seconds",
    ];

    public static ExampledCommand Create()
    {
        var select = new Option<string?>("--select", "-s") { Description = "Which models: a name, name+, +name, tag:x; several separated by spaces.", HelpName = "SEL" };
        var full = new Option<bool>("--full-refresh") { Description = "Computes the selected tables from their inputs anew." };
        var dry = new Option<bool>("--dry-run") { Description = "Says what would be done, and changes nothing." };
        return new ExampledCommand(
            "run",
            "Brings every table up to date: Bronze, Silver, Gold.",
            "retailflow run --select +gold.stock_on_hand",
            RunAsync)
        {
            select, full, dry,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            var options = new RunOptions { Select = run.Get(select), FullRefresh = run.Get(full), DryRun = run.Get(dry) };
            var report = await run.WithLakeAsync(async lake => await lake.Pipeline.RunAsync(options, run.Cancellation));
            run.Results().Rows(s_columns, report.Steps.Select(s => new object?[]
            {
                s.Table, OutcomeName(s.Outcome), s.Mode, s.Version, s.Received, s.Accepted, s.Duplicates, s.Quarantined,
                s.RowsWritten, s.FilesWritten, Seconds(s.Elapsed),
            }));
            run.Note($"{report.Steps.Count} steps in {Seconds(report.Elapsed)} s");
            return ExitCode.Done;
        }
    }

    private static string OutcomeName(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Committed => "committed",
        StepOutcome.NothingNew => "nothing_new",
        StepOutcome.NoChange => "no_change",
        StepOutcome.Skipped => "skipped",
        StepOutcome.Planned => "planned",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Not an outcome."),
    };

    private static decimal Seconds(TimeSpan elapsed) => decimal.Round(elapsed.Ticks / (decimal)TimeSpan.TicksPerSecond, 3);
}
