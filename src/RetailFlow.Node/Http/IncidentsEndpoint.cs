using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Http;

/// <summary><c>GET /v1/incidents</c>: where stock turned out to be less than what was promised.</summary>
internal sealed class IncidentsEndpoint(NodeState node)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/incidents", (Delegate)ListAsync).WithName("ListIncidents")
        .WithSummary("The last 1000 oversells that came to light, newest first; bronze.incidents has all of them.")
        .Answers<IncidentAnswer[]>(503);

    private async Task ListAsync(HttpContext context)
    {
        if (node.Intake is not { } intake)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartArray();
        foreach (var (incident, sequence) in node.Incidents.UpTo(intake.Live.Ledger.PublishedSequence))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence"u8, sequence);
            StockJson.WriteTime(json, "at"u8, RecordTime.ToInstant(incident.AtMicros));
            IncidentJson.WriteMembers(incident, json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
