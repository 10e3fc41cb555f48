namespace RetailFlow.Lakehouse.Models;

/// <summary>What to run, and how.</summary>
public sealed record RunOptions
{
    /// <summary>dbt-style selector (<c>model</c>, <c>+model</c>, <c>model+</c>, <c>tag:x</c>, separated by spaces); null means everything.</summary>
    public string? Select { get; init; }

    /// <summary>True to evaluate the selected tables from everything that their inputs hold.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>True to say what would be done, and do nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>True to look for files that other tools put below <c>raw/</c>.</summary>
    public bool Discover { get; init; } = true;

    /// <summary>
    /// True to gather the small files of the tables that were written, when their steps are through; false where the caller does that with
    /// <see cref="Maintenance.TableMaintenance.CompactAsync"/>, which can go on beside the next run.
    /// </summary>
    public bool Compact { get; init; } = true;

    /// <summary>Told of each table when its step is through, before the next one begins; null for nobody.</summary>
    public Func<StepReport, ValueTask>? StepEnded { get; init; }
}

/// <summary>What a run did.</summary>
/// <param name="Steps">One per table, in the order they ran.</param>
/// <param name="Elapsed">Time from start to end.</param>
public sealed record RunReport(IReadOnlyList<StepReport> Steps, TimeSpan Elapsed)
{
    /// <summary>Tables that have more files than before, among them that of the landed files, which runs write too.</summary>
    public IEnumerable<string> Written => Steps.Where(s => s.Outcome == StepOutcome.Committed).Select(s => s.Table).Prepend(Landing.LandedFiles.TableName);
}

/// <summary>What happened to one table.</summary>
public enum StepOutcome
{
    /// <summary>A version was committed.</summary>
    Committed,

    /// <summary>The inputs hold nothing that the table has not consumed.</summary>
    NothingNew,

    /// <summary>New input changed no row.</summary>
    NoChange,

    /// <summary>The selector left it out.</summary>
    Skipped,

    /// <summary>A dry run: it would be brought up to date.</summary>
    Planned,
}

/// <summary>What happened to one table.</summary>
public sealed record StepReport(string Table, StepOutcome Outcome)
{
    /// <summary>The version committed, or null.</summary>
    public long? Version { get; init; }

    /// <summary>Records that came in.</summary>
    public long Received { get; init; }

    /// <summary>Records that are rows.</summary>
    public long Accepted { get; init; }

    /// <summary>Records that had been accepted before.</summary>
    public long Duplicates { get; init; }

    /// <summary>Records that broke a rule.</summary>
    public long Quarantined { get; init; }

    /// <summary>Rows written.</summary>
    public long RowsWritten { get; init; }

    /// <summary>Data files written.</summary>
    public long FilesWritten { get; init; }

    /// <summary>For a model of rows by key: data files of its table that were read for the rows of the changed keys.</summary>
    public int FilesRead { get; init; }

    /// <summary>
    /// How it was evaluated: <c>append</c>, <c>full</c>, <c>fold</c> (from new rows alone), <c>changes</c> (folded from rows that came and left too),
    /// <c>keys</c>.
    /// </summary>
    public string Mode { get; init; } = "";

    /// <summary>Time it took.</summary>
    public TimeSpan Elapsed { get; init; }
}
