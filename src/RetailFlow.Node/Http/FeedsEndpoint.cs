using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Lakehouse.Landing;

namespace RetailFlow.Node.Http;

/// <summary><c>POST /v1/feeds/{feed}</c>: a feed's payload, landed as received.</summary>
internal sealed class FeedsEndpoint(NodeState node)
{
    private static readonly Dictionary<string, string> s_extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/json"] = "json",
        ["application/x-ndjson"] = "ndjson",
        ["application/ndjson"] = "ndjson",
        ["application/jsonl"] = "ndjson",
        ["text/csv"] = "csv",
        ["application/csv"] = "csv",
        ["application/vnd.apache.parquet"] = "parquet",
    };

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/feeds/{feed}", LandAsync).WithName("LandFeed")
        .WithSummary("Lands a payload in RAW, byte for byte; the content type tells its format. The same batch again changes nothing.")
        .TakesFiles(s_extensions.Keys)
        .Describes(StatusCodes.Status202Accepted, typeof(LandedAnswer), 400, 409, 413, 415, 503);

    private async Task LandAsync(HttpContext context, string feed)
    {
        var request = context.Request;
        var mediaType = request.ContentType?.Split(';', 2)[0].Trim() ?? string.Empty;
        if (!s_extensions.TryGetValue(mediaType, out var extension))
        {
            await Problem.UnsupportedMediaType(
                $"Content type '{mediaType}' is none of {string.Join(", ", s_extensions.Keys)}.").WriteAsync(context);
            return;
        }

        if (request.Headers.ContentEncoding is not ([] or ["gzip"] or ["identity"]))
        {
            await Problem.UnsupportedMediaType($"Content-Encoding '{request.Headers.ContentEncoding}' is not taken; gzip is.").WriteAsync(context);
            return;
        }

        if (!Queries.TryText(request, "source", out var source, out var problem)
            || !Queries.TryText(request, "batch", out var batch, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var limit = node.Options.MaxBodyBytes;
        if (request.ContentLength == 0 || request.ContentLength > limit)
        {
            await (request.ContentLength == 0 ? Problem.BadRequest("The body is empty.") : Problem.TooLarge(limit)).WriteAsync(context);
            return;
        }

        if (node.Lake is not { } lake || node.Intake is null)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limit;
        }

        var report = await lake.Landing.LandBytesAsync(
            feed,
            source,
            batch,
            request.Headers.ContentEncoding is ["gzip"] ? extension + ".gz" : extension,
            request.Body,
            context.RequestAborted);
        node.Wake();
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await WriteAsync(context, report);
    }

    private static async Task WriteAsync(HttpContext context, LandReport report)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("batches"u8);
        foreach (var batch in report.Batches)
        {
            json.WriteStartObject();
            json.WriteString("feed"u8, batch.Feed);
            json.WriteString("source"u8, batch.Source);
            json.WriteString("batch_id"u8, batch.BatchId);
            json.WriteString("path"u8, batch.Path);
            json.WriteNumber("bytes"u8, batch.Bytes);
            json.WriteBoolean("already_there"u8, batch.AlreadyThere);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
