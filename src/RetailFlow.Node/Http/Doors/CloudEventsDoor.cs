using Microsoft.AspNetCore.Http;
using RetailFlow.Connectors;
using RetailFlow.Connectors.CloudEvents;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Http.Doors;

/// <summary>CloudEvents 1.0 on <c>POST /v1/events</c>, in every mode of the HTTP binding.</summary>
internal sealed class CloudEventsDoor(NodeState node, NodeTelemetry telemetry)
{
    private const string Structured = "application/cloudevents";
    private const string Batch = "application/cloudevents-batch";
    private const string Prefix = "ce-";
    private readonly DocumentDoor _door = new(node, telemetry);

    /// <summary>Whether a request carries CloudEvents: by its content type, or by a header that every event in binary mode has.</summary>
    public static bool Takes(HttpRequest request) =>
        (request.ContentType?.TrimStart().StartsWith(Structured, StringComparison.OrdinalIgnoreCase) ?? false)
        || request.Headers.ContainsKey("ce-specversion") || request.Headers.ContainsKey("ce-id");

    public async Task TakeAsync(HttpContext context)
    {
        if (!await _door.IsOpenAsync(context))
        {
            return;
        }

        var type = context.Request.ContentType?.Split(';', 2)[0].Trim() ?? string.Empty;
        var isEnvelope = type.StartsWith(Structured, StringComparison.OrdinalIgnoreCase);
        if (isEnvelope && !type.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        {
            await Problem.UnsupportedMediaType($"Of the formats of CloudEvents only JSON is taken, not '{type}'.").WriteAsync(context);
            return;
        }

        using var body = await RequestBody.ReadAsync(context, node.Options.MaxBodyBytes);
        if (body.Problem is { } unreadable)
        {
            await unreadable.WriteAsync(context);
            return;
        }

        var isBatch = type.StartsWith(Batch, StringComparison.OrdinalIgnoreCase);
        Func<Translation> translate = !isEnvelope ? () => CloudEventTranslator.Binary(Attributes(context.Request), context.Request.ContentType, body.Memory)
            : isBatch ? () => CloudEventTranslator.Batch(body.Memory)
            : () => CloudEventTranslator.Structured(body.Memory);

        // One event is taken or refused; of a batch the good ones are taken.
        var arrival = new DocumentDoor.Arrival("cloudevents", "events", isEnvelope ? isBatch ? "batch" : "structured" : "binary", "json", WholeOrNothing: !isBatch);
        await _door.TakeAsync(context, arrival, body.Memory, translate);
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(HttpRequest request) => request.Headers
        .Where(h => h.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        .Select(h => KeyValuePair.Create(h.Key[Prefix.Length..].ToLowerInvariant(), h.Value.ToString()));
}
