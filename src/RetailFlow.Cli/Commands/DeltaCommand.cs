using System.CommandLine;
using System.Text.Json;
using RetailFlow.Cli.Output;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Http;

namespace RetailFlow.Cli.Commands;

/// <summary><c>delta read|export|log PATH</c>: any Delta table at a path, no lake needed.</summary>
internal static class DeltaCommand
{
    public static ExampledCommand Create() => new(
        "delta",
        "Reads any Delta table at a path.",
        "retailflow delta read ./lake/gold/stock_on_hand")
    {
        CreateRead(), CreateExport(), CreateLog(),
    };

    private static Argument<string> PathArgument() => new("PATH") { Description = "Folder of the table." };

    private static Option<long?> VersionOption() => ValueOptions.Version("--version", "The table as of this version.");

    private static Option<DateTimeOffset?> TimeOption() => ValueOptions.Time("--timestamp", "The table as of this moment.");

    private static void RefuseBoth(CommandRun run, Option<long?> version, Option<DateTimeOffset?> timestamp)
    {
        if (run.Get(version) is not null && run.Get(timestamp) is not null)
        {
            throw new UsageException("--version and --timestamp exclude each other.");
        }
    }

    private static ExampledCommand CreateRead()
    {
        var (path, version, timestamp) = (PathArgument(), VersionOption(), TimeOption());
        return new ExampledCommand(
            "read",
            "Prints the rows, as NDJSON unless --output says otherwise.",
            "retailflow delta read ./lake/gold/stock_on_hand --version 3",
            async run =>
            {
                RefuseBoth(run, version, timestamp);
                using var result = await DeltaFiles.ReadAsync(run.Host.FullPath(run.Get(path)!), run.Get(version), run.Get(timestamp), run.Cancellation);
                run.Results(OutputFormat.Ndjson, terminal: OutputFormat.Ndjson)
                    .Rows([.. result.Columns.Select(c => c.Name)], result.Rows(), run.Cancellation);
                return ExitCode.Done;
            })
        {
            path, version, timestamp,
        };
    }

    private static ExampledCommand CreateExport()
    {
        var (path, version, timestamp) = (PathArgument(), VersionOption(), TimeOption());
        var to = new Option<string>("--to") { Description = "Parquet file to write.", HelpName = "FILE.parquet", Required = true };
        return new ExampledCommand(
            "export",
            "Writes the rows as one Parquet file with the table's types.",
            "retailflow delta export ./lake/gold/stock_on_hand --to stock.parquet",
            async run =>
            {
                RefuseBoth(run, version, timestamp);
                var file = run.Host.FullPath(run.Get(to)!);
                var rows = await DeltaFiles.ExportAsync(
                    run.Host.FullPath(run.Get(path)!), run.Get(version), run.Get(timestamp), file, run.Cancellation);
                run.Results().Rows(["file", "rows"], [[file, rows]]);
                return ExitCode.Done;
            })
        {
            path, version, timestamp, to,
        };
    }

    private static ExampledCommand CreateLog()
    {
        var (path, version) = (PathArgument(), VersionOption());
        return new ExampledCommand(
            "log",
            "Prints one JSON document: protocol, metaData, live files with partition values and statistics, txns, domains.",
            "retailflow delta log ./lake/silver/inventory_events",
            async run =>
            {
                using (var json = new Utf8JsonWriter(run.Host.Output, RowJson.Options with { Indented = run.Host.OutputIsTerminal }))
                {
                    await DeltaFiles.WriteLogAsync(run.Host.FullPath(run.Get(path)!), run.Get(version), json, run.Cancellation);
                    await json.FlushAsync(run.Cancellation);
                }

                run.Host.Output.WriteByte((byte)'\n');
                return ExitCode.Done;
            })
        {
            path, version,
        };
    }
}
