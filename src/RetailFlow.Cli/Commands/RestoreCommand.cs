using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>restore T --version N</c>: brings a table back to an earlier version, as a new one.</summary>
internal static class RestoreCommand
{
    private static readonly string[] s_columns = ["table", "version", "restored_version", "files_restored", "files_removed", "nothing_to_do"];

    public static ExampledCommand Create()
    {
        var table = new Argument<string>("TABLE") { Description = "Table as layer.name." };
        var version = ValueOptions.Version("--version", "The version to bring back.");
        version.Required = true;
        return new ExampledCommand(
            "restore",
            "Brings a table back to an earlier version; what was there since stays in the history.",
            "retailflow restore gold.stock_on_hand --version 12",
            async run =>
            {
                var name = run.Get(table)!;
                var report = await run.WithLakeAsync(async lake => await lake.Maintenance.RestoreAsync(name, run.Get(version)!.Value, run.Cancellation));
                run.Results().Rows(s_columns, [[name, report.Version, report.RestoredVersion, report.FilesRestored, report.FilesRemoved, report.Version is null]]);
                return ExitCode.Done;
            })
        {
            table, version,
        };
    }
}
