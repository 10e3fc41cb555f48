using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using RetailFlow.Connectors;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Http.Doors;

/// <summary>
/// The way in for documents of others: kept in RAW as received, translated, and the records taken as <c>POST /v1/events</c> takes them.
/// If the node dies in between, the sender sends again: the document is there already, and records that are there are duplicates.
/// </summary>
internal sealed class DocumentDoor(NodeState node, NodeTelemetry telemetry)
{
    /// <summary>Whether documents can be taken; otherwise the answer has been given.</summary>
    public async ValueTask<bool> IsOpenAsync(HttpContext context)
    {
        if (node.Intake is { Failure: null } && node.Lake is not null && !node.IsStopping)
        {
            return true;
        }

        await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
        return false;
    }

    /// <summary>Keeps the document, takes its records and answers.</summary>
    public async Task TakeAsync(HttpContext context, Arrival arrival, ReadOnlyMemory<byte> body, Func<Translation> translate)
    {
        var path = await RawDocument.KeepAsync(
            node.Lake!, arrival.Door, arrival.Source, arrival.Kind, arrival.Ending, body, context.RequestAborted);
        var translation = translate();
        if (!translation.IsReadable || (arrival.WholeOrNothing && translation.Refusals.Any()))
        {
            await RefuseAsync(context, arrival, path, translation);
            return;
        }

        var lines = new ArrayBufferWriter<byte>();
        using var slices = new RecordSlices();
        var places = new List<string>();
        foreach (var record in translation.Records)
        {
            slices.Add(lines.WrittenCount, record.Json.Length);
            lines.Write(record.Json.Span);
            lines.Write("\n"u8);
            places.Add(record.Place);
        }

        IntakeAnswer? answer = null;
        if (slices.Count > 0)
        {
            var handed = node.Clock.GetTimestamp();
            var taken = await node.Intake!.TakeAsync(lines.WrittenMemory, slices, null, context.RequestAborted);
            telemetry.Count(taken.Batch.Received, taken.Batch.Accepted, taken.Batch.Duplicates, taken.Batch.SetAside.Count, node.Clock.GetElapsedTime(handed));
            answer = taken;
        }

        context.Response.StatusCode = arrival.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartObject();
        if (arrival.Capture is { } capture)
        {
            json.WriteString("capture_id"u8, capture);
        }

        json.WriteNumber("accepted"u8, answer?.Batch.Accepted ?? 0);
        json.WriteNumber("duplicates"u8, answer?.Batch.Duplicates ?? 0);
        json.WriteStartArray("quarantined"u8);
        foreach (var record in answer?.Batch.SetAside ?? [])
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, record.Index);
            json.WriteString("place"u8, places[record.Index]);
            json.WriteString("rule"u8, record.Rule);
            json.WriteString("reason"u8, record.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteRefused(json, translation);
        WriteRest(json, translation);
        json.WriteNumber("sequence"u8, answer?.Sequence ?? node.Intake!.Sequence);
        json.WriteString("document"u8, path);
        json.WriteEndObject();
    }

    private static void WriteRefused(Utf8JsonWriter json, Translation translation)
    {
        json.WriteStartArray("refused"u8);
        foreach (var refusal in translation.Refusals)
        {
            json.WriteStartObject();
            json.WriteString("place"u8, refusal.Place);
            json.WriteString("rule"u8, refusal.Rule);
            json.WriteString("field"u8, refusal.Field);
            json.WriteString("reason"u8, refusal.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRest(Utf8JsonWriter json, Translation translation)
    {
        json.WriteStartArray("without_effect"u8);
        foreach (var part in translation.Outcomes.OfType<WithoutEffect>())
        {
            json.WriteStartObject();
            json.WriteString("place"u8, part.Place);
            json.WriteString("reason"u8, part.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (translation.Outcomes.OfType<ItemName>().ToList() is { Count: > 0 } names)
        {
            json.WriteStartArray("items"u8);
            foreach (var name in names)
            {
                json.WriteStartObject();
                json.WriteString("item"u8, name.Item);
                json.WriteString("sku"u8, name.Sku);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    /// <summary>A problem (RFC 9457) with every refusal and its place.</summary>
    private static async Task RefuseAsync(HttpContext context, Arrival arrival, string path, Translation translation)
    {
        var response = context.Response;
        var first = translation.Refusals.First();
        response.StatusCode = StatusCodes.Status400BadRequest;
        response.ContentType = Problem.ContentType;
        await using var json = new Utf8JsonWriter(response.BodyWriter, RowJson.Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "about:blank"u8);
        json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(response.StatusCode));
        json.WriteNumber("status"u8, response.StatusCode);
        json.WriteString("detail"u8, $"No record of this {arrival.Door} document was taken: {first.Place}: {first.Detail} ({first.Rule})");
        json.WriteString("instance"u8, context.Request.Path.Value);
        WriteRefused(json, translation);
        json.WriteString("document"u8, path);
        json.WriteEndObject();
        await json.FlushAsync(CancellationToken.None);
    }

    /// <summary>A document that came.</summary>
    /// <param name="Door">The door.</param>
    /// <param name="Source">The system it came from.</param>
    /// <param name="Kind">What it is.</param>
    /// <param name="Ending">Ending of its file.</param>
    /// <param name="Status">Status of a success.</param>
    /// <param name="WholeOrNothing">Whether one refusal refuses the whole document.</param>
    /// <param name="Capture">Name of an EPCIS capture, else null.</param>
    public readonly record struct Arrival(
        string Door, string Source, string Kind, string Ending, int Status = StatusCodes.Status200OK, bool WholeOrNothing = false, string? Capture = null);
}
