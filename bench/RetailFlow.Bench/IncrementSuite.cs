namespace RetailFlow.Bench;

/// <summary>What one small batch costs on histories of growing size; beside it, folding the whole history again.</summary>
internal sealed class IncrementSuite(BenchOptions options, string folder, BenchReport report)
{
    private const string Script = "whole again";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Note(FormattableString.Invariant(
            $"batches of {options.BatchRecords:#,0} records, landed and brought to Gold; median of {options.Batches} after {options.WarmUpBatches} to warm up; {BenchInput.Describe(options)}"));
        report.Note("baseline: the bare script over the history and all batches, from the beginning");
        var agree = true;
        var totals = new List<double>();
        var cpu = new List<double>();
        foreach (var records in options.Histories)
        {
            var input = Directory.CreateDirectory(Path.Combine(folder, "input")).FullName;
            var (history, batches) = BenchInput.WriteHistory(options, input, records);
            var script = records <= options.LargestBaselineHistory
                ? await MeasureAsync(MeasuredSide.Script, history, batches, cancellationToken)
                : null;
            var lake = options.BaselineOnly ? null : await MeasureAsync(MeasuredSide.Lake, history, batches, cancellationToken);
            Directory.Delete(input, recursive: true);
            Print(records, script, lake, totals, cpu);
            agree &= script is null || lake is null || script.Agrees(lake);
        }

        if (totals.Count > 1)
        {
            report.Add(new BenchFigure("largest history / smallest", "times", totals[^1] / totals[0], "first", 1));
            report.Add(new BenchFigure("  in processor time", "times", cpu[^1] / cpu[0], "first", 1));
        }

        report.Note(agree ? "both sides agree wherever both were measured" : "the two sides do NOT agree");
        return agree;
    }

    private void Print(long records, MeasuredOutcome? script, MeasuredOutcome? lake, List<double> totals, List<double> cpu)
    {
        var name = FormattableString.Invariant($"batch on {records:#,0} records");
        var measured = lake?.Batches.Skip(options.WarmUpBatches).ToList();
        var own = measured is null ? (double?)null : Median.Of(measured.Select(batch => batch[MeasuredOutcome.Total]));
        report.Add(new BenchFigure(name, "ms", own, Script, script?.Seconds * 1_000));
        if (measured is not { Count: > 0 })
        {
            return;
        }

        totals.Add(own!.Value);
        cpu.Add(Median.Of(measured.Select(batch => batch[MeasuredOutcome.ProcessorTime])));
        report.Add(new BenchFigure("  processor time", "ms", cpu[^1], Script, script?.CpuSeconds * 1_000));
        foreach (var phase in measured[0].Keys.Where(phase => phase is not (MeasuredOutcome.Total or MeasuredOutcome.ProcessorTime)))
        {
            report.Add(new BenchFigure($"  of it {phase}", "ms", Median.Of(measured.Select(batch => batch.GetValueOrDefault(phase))), Script, null));
        }

        report.Add(new BenchFigure("  slowest batch", "ms", measured.Max(batch => batch[MeasuredOutcome.Total]), Script, null));
        report.Add(new BenchFigure("  building the history", "s", lake!.Seconds, Script, null));
        report.Add(new BenchFigure("  peak resident memory", "MiB", lake.PeakBytes / (double)(1 << 20), Script, script?.PeakBytes / (double)(1 << 20)));
    }

    private async Task<MeasuredOutcome> MeasureAsync(
        MeasuredSide side, IReadOnlyList<string> history, IReadOnlyList<string> batches, CancellationToken cancellationToken)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, side.ToString())).FullName;
        var job = new MeasuredJob(side, target, history, batches, Path.GetFullPath(options.ProjectPath), options.Threads, options.MemoryLimitBytes);
        var outcome = await ChildProcess.MeasureAsync(job, cancellationToken);
        Directory.Delete(target, recursive: true);
        return outcome;
    }
}
