using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Node.Live;
using RetailFlow.Stock.Changes;

namespace RetailFlow.Node.Http;

/// <summary><c>GET /v1/stock/stream</c>: what changes, as server-sent events that a client can go on with after it was cut off.</summary>
internal sealed class StockStreamEndpoint(NodeState node, StockStreams streams, CancellationToken stop)
{
    private const int MostNames = 1_000;
    private const string ContentType = "text/event-stream";

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/stock/stream", (Delegate)StreamAsync).WithName("StreamStock")
        .WithSummary("Stock as server-sent events, one for each SKU that changes; goes on after Last-Event-ID. Of some SKUs (sku=A&sku=B) or locations (location=L), or of all.")
        .WithMetadata(
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(StockAnswer), [ContentType]),
            new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemAnswer), [Problem.ContentType]),
            new ProducesResponseTypeMetadata(StatusCodes.Status503ServiceUnavailable, typeof(ProblemAnswer), [Problem.ContentType]));

    private async Task StreamAsync(HttpContext context)
    {
        if (!TryFilter(context.Request, out var filter, out var problem)
            || !Queries.TryText(context.Request, "channel", out var channel, out problem)
            || !TryTold(context.Request, out var told, out problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        if (node.Intake is not { Failure: null } intake || node.IsStopping)
        {
            await Problem.Unavailable(node.WhyNotReady).WriteAsync(context);
            return;
        }

        if (await streams.EnterAsync() is not { } ring)
        {
            await Problem.Unavailable($"{node.Options.StreamLimit} streams are open, as many as there may be; try again later.").WriteAsync(context);
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        try
        {
            context.Response.ContentType = ContentType;
            context.Response.Headers.CacheControl = "no-store";

            // Proxies that gather answers would hold events back.
            context.Response.Headers["X-Accel-Buffering"] = "no";
            var watch = new ChangeWatch(ring, filter, LastId(context.Request), told);
            using var stream = new StockStream(node, intake.Live, streams, context.Response.BodyWriter, filter, channel);
            await stream.RunAsync(watch, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The client left, or the node stops: the stream ends as it should.
        }
        finally
        {
            streams.Leave();
        }
    }

    /// <summary>Where the client got to; text that is no id stands for a place that is not known.</summary>
    private static ChangeId? LastId(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].ToString();
        return text.Length == 0 ? null : ChangeId.TryParse(text, out var id) ? id : new ChangeId(-1, -1);
    }

    private static bool TryFilter(HttpRequest request, out StockFilter filter, out Problem problem)
    {
        filter = StockFilter.All;
        if (!TryNames(request, "sku", out var skus, out problem) || !TryNames(request, "location", out var locations, out problem))
        {
            return false;
        }

        filter = new StockFilter(skus, locations);
        return true;
    }

    private static bool TryNames(HttpRequest request, string name, out HashSet<string> names, out Problem problem)
    {
        problem = default;
        names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in request.Query[name])
        {
            if (string.IsNullOrEmpty(text))
            {
                problem = Problem.BadRequest($"{name} must not be empty.");
                return false;
            }

            names.Add(text);
        }

        if (names.Count > MostNames)
        {
            problem = Problem.BadRequest($"{name} may be given {MostNames} times at most; these are {names.Count}. Without any the stream has all of them.");
            return false;
        }

        return true;
    }

    private static bool TryTold(HttpRequest request, out bool told, out Problem problem)
    {
        told = true;
        if (!Queries.TryText(request, "snapshot", out var text, out problem))
        {
            return false;
        }

        if (text is null or "true" or "false")
        {
            told = text != "false";
            return true;
        }

        problem = Problem.BadRequest($"snapshot '{text}' is neither true nor false.");
        return false;
    }
}
