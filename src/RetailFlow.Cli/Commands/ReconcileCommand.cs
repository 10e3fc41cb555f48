namespace RetailFlow.Cli.Commands;

/// <summary><c>reconcile</c>: proves that nothing was lost (architecture.md section 6, I3 and I4).</summary>
internal static class ReconcileCommand
{
    private static readonly string[] s_columns = ["invariant", "subject", "holds", "equation", "differences"];

    public static ExampledCommand Create() => new(
        "reconcile",
        "Checks that accepted + duplicate + quarantined = received and that Gold equals a recomputation; prints every difference.",
        "retailflow reconcile",
        async run =>
        {
            var report = await run.WithLakeAsync(async lake => await lake.Reconciliation.RunAsync(run.Cancellation));
            run.Results().Rows(s_columns, report.Checks.Select(c =>
                new object?[] { c.Invariant, c.Subject, c.Holds, c.Equation, c.Differences }));
            run.Note(report.Holds ? "everything reconciles" : $"{report.Checks.Count(c => !c.Holds)} checks do not hold");
            return report.Holds ? ExitCode.Done : ExitCode.CheckFailed;
        });
}
