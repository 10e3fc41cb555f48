using System.CommandLine;
using RetailFlow.Cli.Output;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Http;

namespace RetailFlow.Cli.Commands;

/// <summary><c>stock [SKU]</c>: what is on hand, and why.</summary>
internal static class StockCommand
{
    private static readonly string[] s_columns =
    [
        "sku", "location", "on_hand", "held", "committed", "safety_stock", "available", "last_event_time", "last_count_time", "as_of", "sequence",
    ];

    private static readonly string[] s_recordColumns =
        ["source", "event_id", "line", "type", "quantity", "effect", "event_time", "voided", "reference"];

    public static ExampledCommand Create()
    {
        var sku = new Argument<string?>("SKU") { Description = "One SKU; without it, all.", Arity = ArgumentArity.ZeroOrOne };
        var location = new Option<string?>("--location", "-l") { Description = "One location; without it, all.", HelpName = "L" };
        var asOf = ValueOptions.Time("--as-of", "Stock as it was at that moment, by event time.");
        var explain = new Option<bool>("--explain") { Description = "What makes up the number: the governing count and the records after it." };
        return new ExampledCommand(
            "stock",
            "Shows what is on hand. Off a terminal it prints JSON.",
            "retailflow stock SKU-00001 --location store-0001 --explain",
            RunAsync)
        {
            sku, location, asOf, explain,
        };

        Task<ExitCode> RunAsync(CommandRun run)
        {
            var (item, place, time) = (run.Get(sku), run.Get(location), run.Get(asOf));
            if (!run.Get(explain))
            {
                return run.WithLakeAsync(lake => ListAsync(run, lake, item, place, time), progress: false);
            }

            return item is null || place is null
                ? throw new UsageException("--explain needs a SKU and --location.")
                : run.WithLakeAsync(lake => ExplainAsync(run, lake, item, place, time), progress: false);
        }
    }

    private static async Task<ExitCode> ListAsync(CommandRun run, Lake lake, string? sku, string? location, DateTimeOffset? asOf)
    {
        var sheet = await lake.Stock.GetAsync(sku is null ? [] : [sku], location, asOf, run.Cancellation);
        if (sku is not null && sheet.Rows.Count == 0)
        {
            throw new LakeException(
                LakeErrorKind.InvalidInput,
                $"SKU '{sku}' was never seen{(location is null ? string.Empty : $" at '{location}'")}{(asOf is null ? string.Empty : " by then")}.");
        }

        run.Results(OutputFormat.Json).Rows(s_columns, sheet.Rows.Select(row => new object?[]
        {
            row.Sku, row.Location, StockJson.Exact(row.OnHand), StockJson.Exact(row.Held), StockJson.Exact(row.Committed),
            StockJson.Exact(row.SafetyStock), StockJson.Shown(row.Available), row.LastEventTime, row.LastCountTime,
            sheet.AsOf, sheet.Sequence,
        }), run.Cancellation);
        return ExitCode.Done;
    }

    private static async Task<ExitCode> ExplainAsync(CommandRun run, Lake lake, string sku, string location, DateTimeOffset? asOf)
    {
        var explanation = await lake.Stock.ExplainAsync(sku, location, asOf, run.Cancellation);
        run.Results(OutputFormat.Json).Document(
            json => StockJson.WriteExplanation(json, explanation),
            text => Print(text, explanation));
        return ExitCode.Done;
    }

    private static void Print(ResultWriter text, StockExplanation explanation)
    {
        text.Line($"{explanation.Sku} at {explanation.Location}: {CellText.Of(StockJson.Exact(explanation.OnHand))} on hand");
        text.Line(explanation.GoverningCount is null ? "no count: the sum of every record" : "governing count, then the records after it:");
        var records = explanation.GoverningCount is { } count ? explanation.RecordsAfter.Prepend(count) : explanation.RecordsAfter;
        text.Rows(s_recordColumns, records.Select(r => new object?[]
        {
            r.Source, r.EventId, r.Line, r.Type, StockJson.Exact(r.Quantity), StockJson.Exact(r.Effect), r.EventTime, r.Voided, r.Reference,
        }));
    }
}
