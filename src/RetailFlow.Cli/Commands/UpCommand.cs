using System.CommandLine;
using RetailFlow.Node;

namespace RetailFlow.Cli.Commands;

/// <summary><c>up</c>: the node, until it is told to stop.</summary>
internal static class UpCommand
{
    public static ExampledCommand Create()
    {
        var urls = new Option<string?>("--urls") { Description = $"Where to listen (default {NodeOptions.DefaultUrls}).", HelpName = "URL" };
        var demo = new Option<bool>("--demo") { Description = "Feeds it a live simulated retailer." };
        var takeOver = new Option<bool>("--take-over") { Description = "Begins the journal of a lake in Azure on this machine; the one it had is lost." };
        var interval = ValueOptions.Count("--interval", "Milliseconds between two runs of the pipeline (default 1000).");
        var runAt = ValueOptions.Count("--run-at", "Records waiting that start a run before its time (default 1,000,000).");
        var reconcile = ValueOptions.Count("--reconcile-every", "Seconds between two proofs that the tables are what the records come to (default 900; 0 for none).", smallest: 0);
        return new ExampledCommand(
            "up",
            "Starts the node: HTTP, journal, pipeline. Stops cleanly on Ctrl+C or SIGTERM, losing nothing.",
            "retailflow up --demo",
            RunAsync)
        {
            urls, demo, interval, runAt, reconcile, takeOver,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            var options = new NodeOptions { Lake = run.LakeOptions(), Demo = run.Get(demo), TakeOver = run.Get(takeOver), Announce = run.Host.Text, Log = run.Host.Error };
            if (run.Get(urls) is { } chosen)
            {
                options = options with { Urls = chosen };
            }

            if (run.Get(interval) is { } milliseconds)
            {
                options = options with { RunInterval = TimeSpan.FromMilliseconds(milliseconds) };
            }

            if (run.Get(runAt) is { } records)
            {
                options = options with { RunAtRecords = records };
            }

            if (run.Get(reconcile) is { } seconds)
            {
                options = options with { ReconcileInterval = TimeSpan.FromSeconds(seconds) };
            }

            await NodeHost.RunAsync(options, run.Cancellation);
            return ExitCode.Done;
        }
    }
}
