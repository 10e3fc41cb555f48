using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Node.Serving;

namespace RetailFlow.Node.Http;

/// <summary><c>GET /v1/stock...</c>: what is on hand, from Gold in memory; past moments and explanations from the lake.</summary>
internal sealed class StockEndpoints(NodeState node)
{
    private const int MostSkus = 1_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/stock/{sku}", OneAsync).WithName("GetStock")
            .WithSummary("What is on hand of one SKU, in total and by location.").Answers<StockAnswer>(400, 404, 503);
        routes.MapGet("/v1/stock", (Delegate)ManyAsync).WithName("GetStockOfMany")
            .WithSummary("The same for up to 1000 SKUs (sku=A&sku=B); one that was never seen is left out.").Answers<StockAnswer[]>(400, 503);
        routes.MapGet("/v1/stock/{sku}/explain", ExplainAsync).WithName("ExplainStock")
            .WithSummary("What makes up the number at one location: the governing count and the records after it.").Answers<ExplanationAnswer>(400, 404, 503);
    }

    private async Task OneAsync(HttpContext context, string sku)
    {
        sku = Whole(context, sku);
        if (await ReadAsync(context, [sku]) is not { } reading)
        {
            return;
        }

        if (reading.Of(sku).IsEmpty)
        {
            await Problem.NotFound($"SKU '{sku}' was never seen.").WriteAsync(context);
            return;
        }

        await using var json = Begin(context);
        StockJson.WriteSku(json, sku, reading.Of(sku), reading.AsOf, reading.Sequence);
    }

    private async Task ManyAsync(HttpContext context)
    {
        var skus = context.Request.Query["sku"].Where(s => !string.IsNullOrEmpty(s)).Select(s => s!).Distinct(StringComparer.Ordinal).ToArray();
        if (skus.Length is 0 or > MostSkus)
        {
            await Problem.BadRequest($"Name 1 to {MostSkus} SKUs as sku=A&sku=B; these are {skus.Length}.").WriteAsync(context);
            return;
        }

        if (await ReadAsync(context, skus) is not { } reading)
        {
            return;
        }

        await using var json = Begin(context);
        json.WriteStartArray();
        foreach (var sku in skus)
        {
            if (!reading.Of(sku).IsEmpty)
            {
                StockJson.WriteSku(json, sku, reading.Of(sku), reading.AsOf, reading.Sequence);
            }
        }

        json.WriteEndArray();
    }

    private async Task ExplainAsync(HttpContext context, string sku)
    {
        sku = Whole(context, sku);
        if (!Queries.TryText(context.Request, "location", out var location, out var problem)
            || !Queries.TryTime(context.Request, "as_of", out var asOf, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        if (location is null)
        {
            await Problem.BadRequest("Name the location: ?location=L.").WriteAsync(context);
            return;
        }

        if (node.Lake is not { } lake)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        StockExplanation explanation;
        try
        {
            explanation = await lake.Stock.ExplainAsync(sku, location, asOf, context.RequestAborted);
        }
        catch (LakeException unknown) when (unknown.Kind == LakeErrorKind.InvalidInput)
        {
            await Problem.NotFound(unknown.Message).WriteAsync(context);
            return;
        }

        await using var json = Begin(context);
        StockJson.WriteExplanation(json, explanation);
    }

    /// <summary>The snapshot that answers the request; null if the problem was answered already.</summary>
    private async ValueTask<GoldSnapshot?> ReadAsync(HttpContext context, string[] skus)
    {
        if (!Queries.TryTime(context.Request, "as_of", out var asOf, out var problem)
            || !Queries.TryWhole(context.Request, "min_sequence", out var sequence, out problem))
        {
            await problem.WriteAsync(context);
            return null;
        }

        if (node.Lake is not { } lake || node.Gold.Current is not { } current)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return null;
        }

        if (sequence is { } wanted && current.Sequence < wanted)
        {
            node.Wake();
            var reached = await node.Gold.WaitForAsync(wanted, node.Options.SequenceTimeout, context.RequestAborted);
            if (reached is null)
            {
                await Problem.Unavailable(
                    $"Gold carries sequence {node.Gold.Current?.Sequence}, not yet {wanted}; try again.").WriteAsync(context);
                return null;
            }

            current = reached;
        }

        return asOf is null
            ? current
            : new GoldSnapshot(await lake.Stock.GetAsync(skus, null, asOf, context.RequestAborted), current.Sequence, 0);
    }

    /// <summary>
    /// The SKU of the path. Routing leaves an escaped slash as it is, which cannot be told from an escaped percent sign then: only
    /// the target as it was sent says which it was.
    /// </summary>
    private static string Whole(HttpContext context, string sku)
    {
        if (!sku.Contains('%', StringComparison.Ordinal))
        {
            return sku;
        }

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        return target.Split('?', 2)[0].Split('/') is ["", "v1", "stock", var raw, ..] ? Uri.UnescapeDataString(raw) : sku;
    }

    private static Utf8JsonWriter Begin(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return new Utf8JsonWriter(context.Response.BodyWriter, RowJson.Options);
    }
}
