namespace RetailFlow.Cli.Commands;

/// <summary><c>tables</c>: what is there.</summary>
internal static class TablesCommand
{
    private static readonly string[] s_columns = ["name", "kind", "version", "files", "bytes", "rows", "last_commit", "description"];

    public static ExampledCommand Create() => new(
        "tables",
        "Lists the tables with version, size and time of the last commit.",
        "retailflow tables --output json",
        run => run.WithLakeAsync(
            async lake =>
            {
                var tables = await lake.Catalog.TablesAsync(run.Cancellation);
                run.Results().Rows(s_columns, tables.Select(t =>
                    new object?[] { t.Name, t.Kind, t.Version, t.Files, t.Bytes, t.Rows, t.LastCommit, t.Description }));
                return ExitCode.Done;
            },
            progress: false));
}
