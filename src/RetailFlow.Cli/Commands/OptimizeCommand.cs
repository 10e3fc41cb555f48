using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>optimize T [--zorder A,B]</c>: fewer, larger, better sorted files.</summary>
internal static class OptimizeCommand
{
    private static readonly string[] s_columns =
    [
        "table", "version", "files_removed", "files_added", "bytes_removed", "bytes_added", "nothing_to_do",
        "lookup_column", "files_before", "files_read_before", "files_after", "files_read_after",
    ];

    public static ExampledCommand Create()
    {
        var table = new Argument<string>("TABLE") { Description = "Table as layer.name." };
        var zorder = new Option<string?>("--zorder") { Description = "Columns to sort by together, separated by commas.", HelpName = "A,B" };
        return new ExampledCommand(
            "optimize",
            "Rewrites a table's files to sensible sizes, sorted so that queries read fewer of them; changes no row.",
            "retailflow optimize silver.inventory_events --zorder sku,location",
            RunAsync)
        {
            table, zorder,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            string[] columns = run.Get(zorder)?.Split(',', StringSplitOptions.TrimEntries) ?? [];
            if (columns.Any(c => c.Length == 0))
            {
                throw new UsageException("--zorder names columns separated by commas, none of them empty.");
            }

            var report = await run.WithLakeAsync(async lake => await lake.Maintenance.OptimizeAsync(run.Get(table)!, columns, run.Cancellation));
            run.Results().Rows(s_columns,
            [
                [
                    report.Table, report.Version, report.FilesRemoved, report.FilesAdded, report.BytesRemoved, report.BytesAdded, report.NothingToDo,
                    report.Lookup?.Column, report.Lookup?.FilesBefore, report.Lookup?.ReadBefore, report.Lookup?.FilesAfter, report.Lookup?.ReadAfter,
                ],
            ]);
            return ExitCode.Done;
        }
    }
}
