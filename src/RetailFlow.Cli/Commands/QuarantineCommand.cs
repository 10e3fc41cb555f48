using System.CommandLine;

namespace RetailFlow.Cli.Commands;

/// <summary><c>quarantine list|show|replay</c>: what was set aside, and another try after a fix.</summary>
internal static class QuarantineCommand
{
    private const int DefaultLimit = 100;
    private static readonly string[] s_summaryColumns = ["feed", "layer", "rule", "records", "first", "last"];
    private static readonly string[] s_recordColumns = ["id", "feed", "layer", "rule", "field", "detail", "source_file", "row", "at", "raw"];
    private static readonly string[] s_replayColumns = ["feed", "tried", "accepted", "still_quarantined"];

    public static ExampledCommand Create() => new(
        "quarantine",
        "What was set aside, why, and another try after a fix.",
        "retailflow quarantine list")
    {
        CreateList(), CreateShow(), CreateReplay(),
    };

    private static ExampledCommand CreateList()
    {
        var feed = new Argument<string?>("FEED") { Description = "One feed; without it, all.", Arity = ArgumentArity.ZeroOrOne };
        return new ExampledCommand(
            "list",
            "Counts the records set aside by feed, layer and rule.",
            "retailflow quarantine list inventory",
            run => run.WithLakeAsync(
                async lake =>
                {
                    var summaries = await lake.Quarantine.ListAsync(run.Get(feed), run.Cancellation);
                    run.Results().Rows(s_summaryColumns, summaries.Select(s =>
                        new object?[] { s.Feed, s.Layer, s.Rule, s.Records, s.First, s.Last }));
                    return ExitCode.Done;
                },
                progress: false))
        {
            feed,
        };
    }

    private static ExampledCommand CreateShow()
    {
        var feed = new Argument<string>("FEED") { Description = "Feed whose records to show." };
        var rule = new Option<string?>("--rule") { Description = "Only the records that break this rule.", HelpName = "R" };
        var limit = ValueOptions.Count("--limit", $"At most N records (default {DefaultLimit}).");
        return new ExampledCommand(
            "show",
            "Shows records that were set aside, with their bytes.",
            "retailflow quarantine show inventory --rule identity_conflict --output ndjson",
            run => run.WithLakeAsync(
                async lake =>
                {
                    var records = await lake.Quarantine.ShowAsync(run.Get(feed)!, run.Get(rule), run.Get(limit) ?? DefaultLimit, run.Cancellation);
                    run.Results().Rows(s_recordColumns, records.Select(r => new object?[]
                    {
                        r.Id, r.Feed, r.Layer, r.Rule, r.Field, r.Detail, r.SourceFile, r.Row, r.At, r.Raw,
                    }));
                    return ExitCode.Done;
                },
                progress: false))
        {
            feed, rule, limit,
        };
    }

    private static ExampledCommand CreateReplay()
    {
        var feed = new Argument<string>("FEED") { Description = "Feed whose records to try again." };
        var rule = new Option<string?>("--rule") { Description = "Only the records that break this rule.", HelpName = "R" };
        return new ExampledCommand(
            "replay",
            "Tries records that were set aside again, after a fix of contract or rules.",
            "retailflow quarantine replay inventory --rule unknown_type",
            async run =>
            {
                var report = await run.WithLakeAsync(async lake => await lake.Quarantine.ReplayAsync(run.Get(feed)!, run.Get(rule), run.Cancellation));
                run.Results().Rows(s_replayColumns, [[run.Get(feed), report.Tried, report.Accepted, report.StillQuarantined]]);
                return ExitCode.Done;
            })
        {
            feed, rule,
        };
    }
}
