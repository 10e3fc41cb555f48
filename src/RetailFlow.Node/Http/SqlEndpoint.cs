using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Lakehouse.Serving;

namespace RetailFlow.Node.Http;

/// <summary><c>POST /v1/sql</c>: a query, its rows streamed.</summary>
internal sealed class SqlEndpoint(NodeState node)
{
    private const int FlushBytes = 1 << 16;
    private const int MaxQueryBytes = 1 << 20;
    private const string LinesType = "application/x-ndjson";

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/sql", (Delegate)QueryAsync).WithName("Query")
        .WithSummary("Rows of a query over layer.table; with Accept: application/x-ndjson one object a line.")
        .TakesQuery()
        .Answers<SqlAnswer>(400, 415, 503);

    private async Task QueryAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            await Problem.UnsupportedMediaType("Send {\"sql\": \"SELECT ...\"} as application/json.").WriteAsync(context);
            return;
        }

        var (query, problem) = await ReadQueryAsync(context);
        if (query is null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (node.Lake is not { } lake)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        using var result = await lake.Sql.QueryAsync(query, context.RequestAborted);
        var lines = context.Request.Headers.Accept.Any(a => a?.Contains(LinesType, StringComparison.OrdinalIgnoreCase) == true);
        context.Response.ContentType = lines ? LinesType : "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        var names = RowJson.DistinctNames(result.Columns.Select(c => c.Name));
        if (lines)
        {
            await WriteLinesAsync(context, json, names, result);
        }
        else
        {
            await WriteDocumentAsync(context, json, names, result);
        }
    }

    private static async Task<(string? Query, Problem Problem)> ReadQueryAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, MaxQueryBytes);
        if (body.Problem is { } unreadable)
        {
            return (null, unreadable);
        }

        try
        {
            using var document = JsonDocument.Parse(body.Memory);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("sql", out var sql)
                && sql.ValueKind == JsonValueKind.String
                && !string.IsNullOrWhiteSpace(sql.GetString()))
            {
                return (sql.GetString(), default);
            }

            return (null, Problem.BadRequest("The body must be {\"sql\": \"SELECT ...\"}."));
        }
        catch (JsonException malformed)
        {
            return (null, Problem.BadRequest($"The body is not JSON: {malformed.Message}"));
        }
    }

    private static async Task WriteDocumentAsync(HttpContext context, Utf8JsonWriter json, IReadOnlyList<string> names, SqlResult result)
    {
        json.WriteStartObject();
        json.WriteStartArray("columns"u8);
        for (var i = 0; i < names.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, names[i]);
            json.WriteString("type"u8, result.Columns[i].Type);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("rows"u8);
        foreach (var row in result.Rows())
        {
            RowJson.WriteRow(json, names, row);
            if (json.BytesPending > FlushBytes)
            {
                await json.FlushAsync(context.RequestAborted);
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task WriteLinesAsync(HttpContext context, Utf8JsonWriter json, IReadOnlyList<string> names, SqlResult result)
    {
        var unflushed = 0L;
        foreach (var row in result.Rows())
        {
            RowJson.WriteRow(json, names, row);
            await json.FlushAsync(context.RequestAborted);
            unflushed += json.BytesCommitted + 1;
            json.Reset();
            context.Response.BodyWriter.GetSpan(1)[0] = (byte)'\n';
            context.Response.BodyWriter.Advance(1);
            if (unflushed > FlushBytes)
            {
                unflushed = 0;
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }
    }
}
