using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Connectors.Epcis;
using RetailFlow.Connectors.PosLog;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Http.Doors;

/// <summary>Doors for documents in the formats of others: POSLog and EPCIS.</summary>
internal sealed class ConnectorEndpoints(NodeState node, NodeTelemetry telemetry)
{
    private const int SourceCharacters = 64;
    private readonly DocumentDoor _door = new(node, telemetry);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/poslog", (Delegate)PosLogAsync).WithName("PostPosLog")
            .WithSummary("An ARTS POSLog document: sold and returned lines become stock records.")
            .TakesFiles(["application/xml", "text/xml"])
            .Answers<EventsAnswer>(400, 413, 415, 503);
        routes.MapPost("/v1/epcis/capture", (Delegate)EpcisAsync).WithName("CaptureEpcis")
            .WithSummary("An EPCIS 2.0 document or event in JSON-LD; one invalid event refuses the document unless GS1-EPCIS-Capture-Error-Behaviour is proceed.")
            .TakesFiles(["application/json", "application/ld+json"])
            .Describes(StatusCodes.Status202Accepted, typeof(EventsAnswer), 400, 413, 415, 503);
    }

    private async Task PosLogAsync(HttpContext context)
    {
        if (!await _door.IsOpenAsync(context) || !await IsTypeAsync(context, "application/xml", "text/xml"))
        {
            return;
        }

        if (!Queries.TryText(context.Request, "source", out var source, out var problem) || !IsSource(source, out problem)
            || !Queries.TryText(context.Request, "zone", out var zoneName, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var zone = node.Options.Doors.Zone();

        // A plus sign in a query means a space.
        if (zoneName is not null && !LocalZone.TryParse(zoneName.Replace(' ', '+'), out zone))
        {
            await Problem.BadRequest($"zone '{zoneName}' is neither a known zone such as Europe/Berlin nor an offset such as +01:00.").WriteAsync(context);
            return;
        }

        using var body = await RequestBody.ReadAsync(context, node.Options.MaxBodyBytes);
        if (body.Problem is { } unreadable)
        {
            await unreadable.WriteAsync(context);
            return;
        }

        var options = new PosLogOptions(source ?? "poslog", zone);
        var bytes = body.Memory.ToArray();
        await _door.TakeAsync(context, new("poslog", options.Source, "poslog", "xml"), bytes, () => PosLogTranslator.Translate(new MemoryStream(bytes), options));
    }

    private async Task EpcisAsync(HttpContext context)
    {
        if (!await _door.IsOpenAsync(context) || !await IsTypeAsync(context, "application/json", "application/ld+json"))
        {
            return;
        }

        if (!Queries.TryText(context.Request, "source", out var source, out var problem) || !IsSource(source, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var behaviour = context.Request.Headers["GS1-EPCIS-Capture-Error-Behaviour"].ToString();
        if (behaviour is not ("" or "rollback" or "proceed"))
        {
            await Problem.BadRequest($"GS1-EPCIS-Capture-Error-Behaviour '{behaviour}' is neither rollback nor proceed.").WriteAsync(context);
            return;
        }

        using var body = await RequestBody.ReadAsync(context, node.Options.MaxBodyBytes);
        if (body.Problem is { } unreadable)
        {
            await unreadable.WriteAsync(context);
            return;
        }

        var name = source ?? "epcis";
        var capture = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body.Memory.Span))[..32];
        var arrival = new DocumentDoor.Arrival("epcis", name, "capture", "json", StatusCodes.Status202Accepted, behaviour != "proceed", capture);
        await _door.TakeAsync(context, arrival, body.Memory, () => EpcisTranslator.Translate(body.Memory, name));
    }

    private static async ValueTask<bool> IsTypeAsync(HttpContext context, params string[] types)
    {
        var type = context.Request.ContentType?.Split(';', 2)[0].Trim() ?? string.Empty;
        if (types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        await Problem.UnsupportedMediaType($"Content type '{type}' is none of {string.Join(", ", types)}.").WriteAsync(context);
        return false;
    }

    private static bool IsSource(string? source, out Problem problem)
    {
        problem = default;
        if (source is null || (source.Length <= SourceCharacters && source.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or ':')))
        {
            return true;
        }

        problem = Problem.BadRequest($"source must be 1 to {SourceCharacters} of the characters A-Z, a-z, 0-9, '.', '_', '-' and ':'.");
        return false;
    }
}
