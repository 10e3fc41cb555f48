using System.CommandLine;
using System.Globalization;

namespace RetailFlow.Cli.Commands;

/// <summary><c>vacuum T [--retain H] [--force] [--dry-run]</c>: deletes files that no version within the retention needs.</summary>
internal static class VacuumCommand
{
    // A century: what a time can be set back by without leaving the calendar.
    private const double MostHours = 876_600;

    private static readonly string[] s_columns = ["table", "files", "bytes", "deleted_before", "dry_run"];

    public static ExampledCommand Create()
    {
        var table = new Argument<string>("TABLE") { Description = "Table as layer.name." };
        var retain = new Option<double?>("--retain")
        {
            Description = "Hours for which files that left the table are kept; 168 unless the table says otherwise.",
            HelpName = "H",
            CustomParser = result =>
            {
                if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var hours) && hours is >= 0 and <= MostHours)
                {
                    return hours;
                }

                result.AddError($"--retain '{result.Tokens[0].Value}' is not a number of hours from 0 on.");
                return null;
            },
        };
        var force = new Option<bool>("--force") { Description = "Allows fewer hours than the table asks for; older versions, and runs that are behind, may then fail." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tells how much would be deleted." };
        return new ExampledCommand(
            "vacuum",
            "Deletes the files of a table that left it longer ago than the retention, and files that never belonged to it.",
            "retailflow vacuum gold.stock_on_hand --dry-run",
            async run =>
            {
                TimeSpan? retention = run.Get(retain) is { } hours ? TimeSpan.FromHours(hours) : null;
                var name = run.Get(table)!;
                var report = await run.WithLakeAsync(async lake => await lake.Maintenance.VacuumAsync(name, retention, run.Get(force), run.Get(dryRun), run.Cancellation));
                run.Results().Rows(s_columns, [[name, report.Files.Count, report.Bytes, report.DeletedBefore, report.DryRun]]);
                return ExitCode.Done;
            })
        {
            table, retain, force, dryRun,
        };
    }
}
