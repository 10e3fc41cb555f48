using System.CommandLine;
using System.Text;
using System.Text.Json;
using RetailFlow.Cli.Output;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Http;
using RetailFlow.Tables;

namespace RetailFlow.Cli.Commands;

/// <summary><c>delta read|export|changes|log|profile|conformance PATH</c>: any Delta table at a path, no lake needed.</summary>
internal static class DeltaCommand
{
    public static ExampledCommand Create() => new(
        "delta",
        "Works on any Delta table at a path.",
        "retailflow delta read ./lake/gold/stock_on_hand")
    {
        CreateRead(), CreateExport(), CreateChanges(), CreateLog(), CreateProfile(), CreateConformance(),
    };

    private static Argument<string> PathArgument() => new("PATH") { Description = "Folder of the table, or its URL in Azure." };

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
                using var result = await DeltaFiles.ReadAsync(run.Host.PathOrUrl(run.Get(path)!), run.Get(version), run.Get(timestamp), run.Cancellation, run.Host.Remote);
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
                    run.Host.PathOrUrl(run.Get(path)!), run.Get(version), run.Get(timestamp), file, run.Cancellation, run.Host.Remote);
                run.Results().Rows(["file", "rows"], [[file, rows]]);
                return ExitCode.Done;
            })
        {
            path, version, timestamp, to,
        };
    }

    private static ExampledCommand CreateChanges()
    {
        var path = PathArgument();
        var from = ValueOptions.Version("--from", "The first version whose changes are wanted.");
        from.Required = true;
        var to = ValueOptions.Version("--to", "The last one; the newest if not given.");
        var file = new Option<string?>("--to-file") { Description = "Parquet file to write.", HelpName = "FILE.parquet" };
        return new ExampledCommand(
            "changes",
            "Prints or writes the rows that changed between versions, from the table's change data feed.",
            "retailflow delta changes ./lake/silver/inventory_events --from 3 --to 5 --to-file changes.parquet",
            async run =>
            {
                var folder = run.Host.PathOrUrl(run.Get(path)!);
                var (first, last) = (run.Get(from)!.Value, run.Get(to));
                if (last < first)
                {
                    throw new UsageException("--to must not be before --from.");
                }

                if (run.Get(file) is { } target)
                {
                    var full = run.Host.FullPath(target);
                    var rows = await DeltaFiles.ExportChangesAsync(folder, first, last, full, run.Cancellation, run.Host.Remote);
                    run.Results().Rows(["file", "rows"], [[full, rows]]);
                    return ExitCode.Done;
                }

                using var result = await DeltaFiles.ChangesAsync(folder, first, last, run.Cancellation, run.Host.Remote);
                run.Results(OutputFormat.Ndjson, terminal: OutputFormat.Ndjson)
                    .Rows([.. result.Columns.Select(c => c.Name)], result.Rows(), run.Cancellation);
                return ExitCode.Done;
            })
        {
            path, from, to, file,
        };
    }

    private static ExampledCommand CreateLog()
    {
        var (path, version, timestamp) = (PathArgument(), VersionOption(), TimeOption());
        return new ExampledCommand(
            "log",
            "Prints one JSON document: protocol, metaData, live files with partition values, statistics and deletion vectors, txns, domains.",
            "retailflow delta log ./lake/silver/inventory_events",
            async run =>
            {
                RefuseBoth(run, version, timestamp);
                using (var json = new Utf8JsonWriter(run.Host.Output, RowJson.Options with { Indented = run.Host.OutputIsTerminal }))
                {
                    await DeltaFiles.WriteLogAsync(run.Host.PathOrUrl(run.Get(path)!), run.Get(version), run.Get(timestamp), json, run.Cancellation, run.Host.Remote);
                    await json.FlushAsync(run.Cancellation);
                }

                run.Host.Output.WriteByte((byte)'\n');
                return ExitCode.Done;
            })
        {
            path, version, timestamp,
        };
    }

    private static ExampledCommand CreateProfile()
    {
        var path = PathArgument();
        var profile = new Argument<string>("PROFILE") { Description = "interop or modern." };
        profile.AcceptOnlyFromAmong("interop", "modern");
        return new ExampledCommand(
            "profile",
            "Converts a table to a profile by one commit: modern adds deletion vectors and in-commit timestamps, which cannot be taken back.",
            "retailflow delta profile ./lake/gold/stock_on_hand modern",
            async run =>
            {
                var version = await DeltaFiles.ConvertAsync(run.Host.PathOrUrl(run.Get(path)!), run.Get(profile)!, run.Cancellation, run.Host.Remote);
                run.Results().Rows(["path", "profile", "version", "nothing_to_do"], [[run.Get(path), run.Get(profile), version, version is null]]);
                return ExitCode.Done;
            })
        {
            path, profile,
        };
    }

    private static ExampledCommand CreateConformance()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder with tables that other writers made." };
        return new ExampledCommand(
            "conformance",
            "Reads every table below a folder and compares it with its checksums, its change data feed and the content that an 'expected' folder beside it holds.",
            "retailflow delta conformance ./tables",
            async run =>
            {
                var report = await DeltaFiles.JudgeAsync(run.Host.FullPath(run.Get(folder)!), run.Cancellation);
                var results = run.Results();
                results.Rows(["name", "verdict", "detail"], report.Tables.Select(t => new object?[] { t.Name, Words(t.Verdict), OneLine.Of(t.Detail) }));
                if (results.Format == OutputFormat.Table)
                {
                    run.Host.Output.Write(Encoding.UTF8.GetBytes(report.Summary + "\n"));
                }
                else
                {
                    run.Note(report.Summary);
                }

                return report.Holds ? ExitCode.Done : ExitCode.CheckFailed;
            })
        {
            folder,
        };
    }

    private static string Words(ConformanceVerdict verdict) => verdict switch
    {
        ConformanceVerdict.Right => "right",
        ConformanceVerdict.RefusedAsItMustBe => "refused as it must be",
        ConformanceVerdict.RefusedByName => "refused by name",
        ConformanceVerdict.Wrong => "WRONG",
        _ => throw new InvalidOperationException("There is no other verdict."),
    };
}
