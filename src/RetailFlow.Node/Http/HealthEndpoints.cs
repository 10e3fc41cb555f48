using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Node.Kafka;
using RetailFlow.Node.Live;
using RetailFlow.Node.Refresh;

namespace RetailFlow.Node.Http;

/// <summary>Whether the node lives and can acknowledge, and how far behind its tables are.</summary>
internal sealed class HealthEndpoints(NodeState node)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", (Delegate)LiveAsync).WithName("Live").WithSummary("The process answers.").Answers<object>();
        routes.MapGet("/health/ready", (Delegate)ReadyAsync).WithName("Ready")
            .WithSummary("Ready when recovered and able to acknowledge; a pipeline that is behind does not make it unready.").Answers<object>(503);
        routes.MapGet("/v1/status", (Delegate)StatusAsync).WithName("GetStatus")
            .WithSummary("Sequences, lag, counts since start, the pipeline's last run, the stock that changed last.").Answers<object>();
    }

    private static Task LiveAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync("{\"status\":\"live\"}", context.RequestAborted);
    }

    private async Task ReadyAsync(HttpContext context)
    {
        if (!node.IsReady)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartObject();
        json.WriteString("status"u8, node.IsDegraded ? "degraded"u8 : "ready"u8);
        WriteState(json);
        json.WriteEndObject();
    }

    private async Task StatusAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartObject();
        json.WriteBoolean("ready"u8, node.IsReady);
        json.WriteString("detail"u8, node.WhyNotReady);
        StockJson.WriteTime(json, "started_at"u8, node.StartedAt);
        StockJson.WriteTime(json, "now"u8, node.Clock.GetUtcNow());
        WriteState(json);
        if (node.Intake is { } intake)
        {
            var counts = intake.Counts;
            json.WriteStartObject("records_since_start"u8);
            json.WriteNumber("received"u8, counts.Received);
            json.WriteNumber("accepted"u8, counts.Accepted);
            json.WriteNumber("duplicates"u8, counts.Duplicates);
            json.WriteNumber("quarantined"u8, counts.Quarantined);
            json.WriteEndObject();
        }

        KafkaStatus.Write(json, node.Kafka);
        json.WriteStartArray("latest"u8);
        foreach (var row in node.Gold.Current?.Latest ?? [])
        {
            json.WriteStartObject();
            json.WriteString("sku"u8, row.Sku);
            json.WriteString("location"u8, row.Location);
            StockJson.WriteNumbers(json, row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteComparison(Utf8JsonWriter json, Comparison comparison)
    {
        json.WriteStartObject("ledger_equals_gold"u8);
        json.WriteBoolean("holds"u8, comparison.Differed == 0);
        json.WriteNumber("comparisons"u8, comparison.Made);
        json.WriteNumber("sequence"u8, comparison.Sequence);
        json.WriteNumber("differences"u8, comparison.Differed);
        json.WriteStartArray("last"u8);
        foreach (var difference in comparison.Last)
        {
            json.WriteStartObject();
            json.WriteString("sku"u8, difference.Sku);
            json.WriteString("location"u8, difference.Location);
            json.WriteNumber("ledger"u8, difference.Ledger.ToDecimal());
            json.WriteNumber("gold"u8, difference.Gold.ToDecimal());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteReconciliation(Utf8JsonWriter json, ReconciliationStatus status)
    {
        json.WriteStartObject("reconciliation"u8);
        if (status.Holds is { } holds)
        {
            json.WriteBoolean("ok"u8, holds);
        }
        else
        {
            json.WriteNull("ok"u8);
        }

        StockJson.WriteTime(json, "at"u8, status.At);
        json.WriteNumber("sequence"u8, status.Sequence);
        json.WriteNumber("checks"u8, status.Checks);
        json.WriteStartArray("differences"u8);
        foreach (var difference in status.Differences)
        {
            json.WriteStringValue(difference);
        }

        json.WriteEndArray();
        json.WriteNumber("duration_ms"u8, (long)status.Elapsed.TotalMilliseconds);
        json.WriteNumber("runs"u8, status.Runs);
        json.WriteString("reason"u8, status.Reason);
        StockJson.WriteTime(json, "next"u8, status.Next);
        json.WriteEndObject();
    }

    private void WriteState(Utf8JsonWriter json)
    {
        json.WriteNumber("sequence"u8, node.Intake?.Sequence ?? 0);
        json.WriteNumber("gold_sequence"u8, node.Gold.Current?.Sequence ?? 0);
        json.WriteNumber("gold_version"u8, node.Gold.Current?.Version ?? -1);
        json.WriteNumber("stock_rows"u8, node.Gold.Current?.Count ?? 0);
        json.WriteNumber("lag_records"u8, node.Lag);
        var run = node.LastRun;
        json.WriteStartObject("pipeline"u8);
        json.WriteString("state"u8, run.Failures > 0 ? "failing"u8 : node.Lag > 0 ? "behind"u8 : "up to date"u8);
        json.WriteNumber("runs"u8, run.Runs);
        json.WriteNumber("failures_in_a_row"u8, run.Failures);
        json.WriteString("reason"u8, run.Reason);
        StockJson.WriteTime(json, "last_run"u8, run.EndedAt);
        json.WriteNumber("last_run_ms"u8, (long)run.Elapsed.TotalMilliseconds);
        json.WriteEndObject();
        WriteComparison(json, node.Comparison);
        WriteReconciliation(json, node.Reconciliation);
    }
}
