using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RetailFlow.Node.Http;

/// <summary><c>GET /v1/tables</c>: what is in the lake.</summary>
internal sealed class CatalogEndpoints(NodeState node)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tables", (Delegate)TablesAsync).WithName("ListTables")
        .WithSummary("The tables with version, size and time of the last commit.").Answers<TableAnswer[]>(503);

    private async Task TablesAsync(HttpContext context)
    {
        if (node.Lake is not { } lake)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        var tables = await lake.Catalog.TablesAsync(context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartArray();
        foreach (var table in tables)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, table.Name);
            json.WriteString("kind"u8, table.Kind);
            json.WriteNumber("version"u8, table.Version);
            json.WriteNumber("files"u8, table.Files);
            json.WriteNumber("bytes"u8, table.Bytes);
            json.WritePropertyName("rows"u8);
            RowJson.WriteValue(json, table.Rows);
            StockJson.WriteTime(json, "last_commit"u8, table.LastCommit);
            json.WriteString("description"u8, table.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
