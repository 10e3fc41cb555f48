namespace RetailFlow.Bench;

/// <summary>From files to Gold: the lake beside the bare script, over the same files.</summary>
internal sealed class MedallionSuite(BenchOptions options, string folder, BenchReport report)
{
    private const string Script = "bare script";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var input = Directory.CreateDirectory(Path.Combine(folder, "input")).FullName;
        var files = BenchInput.Retailer(options).WriteBenchmarkFiles(input, options.Records, options.Files);
        var bytes = files.Sum(file => new FileInfo(file).Length);
        report.Note(FormattableString.Invariant($"{options.Records:#,0} records in {files.Count} files of JSON lines ({bytes / 1e6:#,0} MB), {BenchInput.Describe(options)}"));
        report.Note(FormattableString.Invariant(
            $"{options.Threads} threads and {options.MemoryLimitBytes >> 20:#,0} MiB for the engine on both sides, a process per run, {options.Runs} runs each in turn, medians; input in the page cache"));

        var script = new List<MeasuredOutcome>();
        var lake = new List<MeasuredOutcome>();
        for (var run = 0; run < options.Runs; run++)
        {
            script.Add(await MeasureAsync(MeasuredSide.Script, files, run, cancellationToken));
            if (!options.BaselineOnly)
            {
                lake.Add(await MeasureAsync(MeasuredSide.Lake, files, run, cancellationToken));
            }
        }

        report.Add(new BenchFigure("files to Gold", "s", Seconds(lake), Script, Seconds(script)));
        report.Add(new BenchFigure("  processor time", "s", Cpu(lake), Script, Cpu(script)));
        foreach (var phase in script.Concat(lake).SelectMany(outcome => outcome.Phases.Keys).Distinct())
        {
            report.Add(new BenchFigure($"  of it {phase}", "s", Phase(lake, phase), Script, Phase(script, phase)));
        }

        report.Add(new BenchFigure("peak resident memory", "MiB", Peak(lake), Script, Peak(script)));
        var agree = script.Concat(lake).All(script[0].Agrees);
        report.Note(FormattableString.Invariant(
            $"{script[0].SilverRows:#,0} distinct records, {script[0].GoldRows:#,0} keys, on hand {script[0].OnHand:#,0.#####}: {(lake.Count == 0 ? "by the script alone" : agree ? "the same on both sides" : "NOT the same on both sides")}"));
        return agree;
    }

    private async Task<MeasuredOutcome> MeasureAsync(MeasuredSide side, IReadOnlyList<string> files, int run, CancellationToken cancellationToken)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, $"{side}-{run}")).FullName;
        var job = new MeasuredJob(side, target, files, [], Path.GetFullPath(options.ProjectPath), options.Threads, options.MemoryLimitBytes);
        var outcome = await ChildProcess.MeasureAsync(job, cancellationToken);
        Directory.Delete(target, recursive: true);
        return outcome;
    }

    private static double? Seconds(List<MeasuredOutcome> runs) => runs.Count == 0 ? null : Median.Of(runs.Select(run => run.Seconds));

    private static double? Cpu(List<MeasuredOutcome> runs) => runs.Count == 0 ? null : Median.Of(runs.Select(run => run.CpuSeconds));

    private static double? Phase(List<MeasuredOutcome> runs, string phase) =>
        runs.Count == 0 || !runs[0].Phases.ContainsKey(phase) ? null : Median.Of(runs.Select(run => run.Phases[phase]));

    private static double? Peak(List<MeasuredOutcome> runs) => runs.Count == 0 ? null : runs.Max(run => run.PeakBytes) / (double)(1 << 20);
}
