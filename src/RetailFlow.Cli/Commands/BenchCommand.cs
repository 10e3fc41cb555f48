using System.CommandLine;
using RetailFlow.Bench;
using RetailFlow.Lakehouse;

namespace RetailFlow.Cli.Commands;

/// <summary><c>bench [SUITE]</c>: the benchmarks, each beside its baseline.</summary>
internal static class BenchCommand
{
    public static ExampledCommand Create()
    {
        var names = string.Join(", ", BenchSuites.Names);
        var suite = new Argument<string?>("SUITE") { Description = $"One of {names}; without it, all.", Arity = ArgumentArity.ZeroOrOne };
        suite.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !BenchSuites.Names.Contains(token.Value))
            {
                result.AddError($"There is no suite '{token.Value}'; there are {names}.");
            }
        });
        var records = ValueOptions.Count("--records", "Stock records of the medallion suite (default 5,000,000).");
        var runs = ValueOptions.Count("--runs", "Times that each side of the medallion suite runs (default 3); the median counts.");
        var results = new Option<string?>("--results") { Description = "Folder for the results as JSON (default artifacts/bench).", HelpName = "DIR" };
        var baseline = new Option<bool>("--baseline-only") { Description = "Measures the baselines alone." };
        var child = new Option<string?>("--child") { Hidden = true };
        return new ExampledCommand(
            "bench",
            "Runs the benchmarks, each beside its baseline; exit code 1 when the two sides disagree about what they computed.",
            "retailflow bench medallion --records 1000000",
            RunAsync)
        {
            suite, records, runs, results, baseline, child,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            if (run.Get(child) is { } job)
            {
                return (ExitCode)await BenchSuites.RunChildAsync(job, run.Host.Text, run.Cancellation);
            }

            var defaults = new BenchOptions();
            var options = defaults with
            {
                Records = run.Get(records) ?? defaults.Records,
                Runs = run.Get(runs) ?? defaults.Runs,
                ResultFolder = run.Host.FullPath(run.Get(results) ?? defaults.ResultFolder),
                ProjectPath = run.ProjectPath,
                BaselineOnly = run.Get(baseline),
                Clock = run.Host.Clock,
            };
            var exit = ExitCode.Done;
            foreach (var name in run.Get(suite) is { } one ? [one] : BenchSuites.Names)
            {
                exit = await RunSuiteAsync(run, name, options) == 0 ? exit : ExitCode.CheckFailed;
            }

            return exit;
        }
    }

    private static async Task<int> RunSuiteAsync(CommandRun run, string name, BenchOptions options)
    {
        try
        {
            return await BenchSuites.RunAsync(name, options, run.Host.Text, run.Cancellation);
        }
        catch (BenchException unmeasured)
        {
            throw new LakeException(LakeErrorKind.Unavailable, $"bench {name}: {unmeasured.Message}", unmeasured);
        }
    }
}
