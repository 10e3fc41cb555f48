using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>clone SOURCE TARGET [--version N]</c>: creates a table over the files of another.</summary>
internal static class CloneCommand
{
    private static readonly string[] s_columns = ["table", "version", "source", "source_version", "files"];

    public static ExampledCommand Create()
    {
        var source = new Argument<string>("SOURCE") { Description = "Table as layer.name." };
        var target = new Argument<string>("TARGET") { Description = "The new table as layer.name." };
        var version = ValueOptions.Version("--version", "The version of the source; the newest unless given.");
        return new ExampledCommand(
            "clone",
            "Creates a table over the files of another without copying them; what is written to one does not change the other. A vacuum of the source may take files that the clone needs.",
            "retailflow clone gold.stock_on_hand gold.stock_trial --version 12",
            async run =>
            {
                var report = await run.WithLakeAsync(
                    async lake => await lake.Maintenance.CloneAsync(run.Get(source)!, run.Get(target)!, run.Get(version), run.Cancellation));
                run.Results().Rows(s_columns, [[report.Table, report.Version, report.Source, report.SourceVersion, report.Files]]);
                return ExitCode.Done;
            })
        {
            source, target, version,
        };
    }
}
