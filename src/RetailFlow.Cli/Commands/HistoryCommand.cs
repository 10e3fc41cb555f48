using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>history T</c>: the versions of one table.</summary>
internal static class HistoryCommand
{
    private static readonly string[] s_columns = ["version", "timestamp", "operation", "parameters", "metrics"];

    public static ExampledCommand Create()
    {
        var table = new Argument<string>("TABLE") { Description = "Table as layer.name." };
        var limit = ValueOptions.Count("--limit", "Only the newest N versions.");
        return new ExampledCommand(
            "history",
            "Lists the versions of a table, newest first.",
            "retailflow history silver.inventory_events --limit 5",
            run => run.WithLakeAsync(
                async lake =>
                {
                    var versions = await lake.Catalog.HistoryAsync(run.Get(table)!, run.Get(limit), run.Cancellation);
                    run.Results().Rows(s_columns, versions.Select(v =>
                        new object?[] { v.Version, v.Timestamp, v.Operation, v.Parameters, v.Metrics }));
                    return ExitCode.Done;
                },
                progress: false))
        {
            table, limit,
        };
    }
}
