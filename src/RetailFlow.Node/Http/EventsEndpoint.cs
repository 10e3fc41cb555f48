using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Node.Http.Doors;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Telemetry;
using RetailFlow.Stock.Journal;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Http;

/// <summary><c>POST /v1/events</c>: stock records, answered when they are durable.</summary>
internal sealed class EventsEndpoint(NodeState node, NodeTelemetry telemetry)
{
    private readonly CloudEventsDoor _cloudEvents = new(node, telemetry);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/events", (Delegate)TakeAsync).WithName("PostEvents")
        .WithSummary("Stock records: one object, an array or JSON lines, gzip allowed. Answered once they are durable.")
        .TakesRecords()
        .Answers<EventsAnswer>(400, 413, 415, 503);

    private async Task TakeAsync(HttpContext context)
    {
        if (CloudEventsDoor.Takes(context.Request))
        {
            await _cloudEvents.TakeAsync(context);
            return;
        }

        if (node.Intake is not { Failure: null } intake || node.IsStopping)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        if (!Queries.TryText(context.Request, "source", out var source, out var problem) || !IsSource(source, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        using var body = await RequestBody.ReadAsync(context, node.Options.MaxBodyBytes);
        if (body.Problem is { } unreadable)
        {
            await unreadable.WriteAsync(context);
            return;
        }

        using var slices = new RecordSlices();
        RecordSplitter.Split(body.Memory.Span, IsLines(context.Request.ContentType), slices);
        if (slices.Count == 0 && !IsEmptyArray(body.Memory.Span))
        {
            await Problem.BadRequest("The body is empty: send one record, an array of records, or one record a line.").WriteAsync(context);
            return;
        }

        if (LongestOf(slices) is var longest and > JournalBatch.MaxRecordBytes)
        {
            await new Problem(
                StatusCodes.Status413PayloadTooLarge,
                $"One record is {longest} bytes long; {JournalBatch.MaxRecordBytes} is the most that is kept. Nothing was taken.").WriteAsync(context);
            return;
        }

        var handed = node.Clock.GetTimestamp();
        var answer = await intake.TakeAsync(body.Memory, slices, source, context.RequestAborted);
        telemetry.Count(answer.Batch.Received, answer.Batch.Accepted, answer.Batch.Duplicates, answer.Batch.SetAside.Count, node.Clock.GetElapsedTime(handed));
        if (!answer.IsCounted)
        {
            await Problem.Unavailable(
                $"The records are durable up to sequence {answer.Sequence}, but the lake did not say in time what they take back; send them again to know that they count.").WriteAsync(context);
            return;
        }

        await WriteAsync(context, answer);
    }

    private static bool IsSource(string? source, out Problem problem)
    {
        problem = default;
        if (source == StockLedger.SalesSource)
        {
            problem = Problem.BadRequest($"source '{source}' is the node's own: name the system that the records come from.");
            return false;
        }

        if (source is null || (source.EnumerateRunes().Count() <= StockLimits.SourceCharacters && !source.Any(char.IsControl) && IsWhole(source)))
        {
            return true;
        }

        problem = Problem.BadRequest($"source must be 1 to {StockLimits.SourceCharacters} characters, none of them a control character.");
        return false;
    }

    /// <summary>Half a surrogate pair has no UTF-8 form.</summary>
    private static bool IsWhole(string text) => !text.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar);

    private static bool IsLines(string? contentType) =>
        contentType is not null
        && (contentType.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase)
            || contentType.StartsWith("application/ndjson", StringComparison.OrdinalIgnoreCase)
            || contentType.StartsWith("application/jsonl", StringComparison.OrdinalIgnoreCase));

    private static bool IsEmptyArray(ReadOnlySpan<byte> body) =>
        body.Trim(" \t\r\n"u8) is [(byte)'[', .. var inner, (byte)']'] && inner.Trim(" \t\r\n"u8).IsEmpty;

    private static int LongestOf(RecordSlices slices)
    {
        var longest = 0;
        foreach (var slice in slices.All)
        {
            longest = Math.Max(longest, slice.Length);
        }

        return longest;
    }

    private static Task WriteAsync(HttpContext context, IntakeAnswer answer)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        var writer = context.Response.BodyWriter;
        using (var json = new Utf8JsonWriter(writer, RowJson.Options))
        {
            json.WriteStartObject();
            json.WriteNumber("accepted"u8, answer.Batch.Accepted);
            json.WriteNumber("duplicates"u8, answer.Batch.Duplicates);
            json.WriteStartArray("quarantined"u8);
            foreach (var record in answer.Batch.SetAside)
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, record.Index);
                json.WriteString("rule"u8, record.Rule);
                json.WriteString("reason"u8, record.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("sequence"u8, answer.Sequence);
            json.WriteEndObject();
        }

        return Task.CompletedTask;
    }
}
