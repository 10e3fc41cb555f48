using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>land FEED PATH...</c>: files into RAW, byte for byte.</summary>
internal static class LandCommand
{
    private static readonly string[] s_columns = ["feed", "source", "batch_id", "path", "bytes", "already_there", "from"];

    public static ExampledCommand Create()
    {
        var feed = new Argument<string>("FEED") { Description = "Feed that the files belong to." };
        var paths = new Argument<string[]>("PATH") { Description = "Files or folders.", Arity = ArgumentArity.OneOrMore };
        var source = new Option<string?>("--source") { Description = "System that sent them.", HelpName = "S" };
        var batch = new Option<string?>("--batch") { Description = "Name of the batch; without it the content names it.", HelpName = "ID" };
        return new ExampledCommand(
            "land",
            "Puts files into RAW, byte for byte; landing the same batch again changes nothing.",
            "retailflow land inventory ./export/*.ndjson --source wms",
            RunAsync)
        {
            feed, paths, source, batch,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            string[] from = [.. run.Get(paths)!.Select(run.Host.FullPath)];
            var report = await run.WithLakeAsync(async lake =>
                await lake.Landing.LandAsync(run.Get(feed)!, from, run.Get(source), run.Get(batch), run.Cancellation));
            run.Results().Rows(s_columns, report.Batches.Select(b =>
                new object?[] { b.Feed, b.Source, b.BatchId, b.Path, b.Bytes, b.AlreadyThere, b.From }));
            return ExitCode.Done;
        }
    }
}
