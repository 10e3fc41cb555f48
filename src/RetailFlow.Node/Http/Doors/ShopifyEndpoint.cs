using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RetailFlow.Connectors.Shopify;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Http.Doors;

/// <summary><c>POST /v1/webhooks/shopify</c>: nothing is looked at or kept before its signature is good.</summary>
internal sealed class ShopifyEndpoint(NodeState node, NodeTelemetry telemetry)
{
    private const int TopicCharacters = 64;
    private const int ShopCharacters = 253;
    private readonly DocumentDoor _door = new(node, telemetry);
    private readonly ShopifyOptions _options = node.Options.Doors.Shopify();

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/webhooks/shopify", (Delegate)TakeAsync).WithName("PostShopifyWebhook")
        .WithSummary("A webhook of Shopify, signed (X-Shopify-Hmac-Sha256): fulfilments, restocked refunds and inventory levels become stock records.")
        .TakesFiles(["application/json"])
        .Answers<EventsAnswer>(400, 401, 413, 415, 503);

    private async Task TakeAsync(HttpContext context)
    {
        if (!await _door.IsOpenAsync(context))
        {
            return;
        }

        if (node.Options.Doors.Set(DoorOptions.ShopifySecret) is not { } secrets)
        {
            await Problem.Unavailable($"{DoorOptions.ShopifySecret} is not set, so no webhook of Shopify can be told from a forged one.").WriteAsync(context);
            return;
        }

        // The signature is over the bytes as sent: an encoded body is nothing that Shopify sends.
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            await Problem.UnsupportedMediaType("A webhook's body has no Content-Encoding.").WriteAsync(context);
            return;
        }

        using var body = await RequestBody.ReadAsync(context, node.Options.MaxBodyBytes);
        if (body.Problem is { } unreadable)
        {
            await unreadable.WriteAsync(context);
            return;
        }

        if (!ShopifySignature.IsGood(body.Memory.Span, Header(context, "X-Shopify-Hmac-Sha256"), secrets))
        {
            await new Problem(StatusCodes.Status401Unauthorized, "X-Shopify-Hmac-Sha256 is missing or not the signature of this body.").WriteAsync(context);
            return;
        }

        var topic = Header(context, "X-Shopify-Topic");
        var shop = Header(context, "X-Shopify-Shop-Domain");
        if (!IsPlain(topic, TopicCharacters) || !IsPlain(shop, ShopCharacters))
        {
            await Problem.BadRequest("X-Shopify-Topic and X-Shopify-Shop-Domain must name a topic and a shop.").WriteAsync(context);
            return;
        }

        var id = Header(context, "X-Shopify-Webhook-Id");
        var kind = IsPlain(id, TopicCharacters) ? $"{topic}-{id}" : topic!;
        var arrival = new DocumentDoor.Arrival("shopify", shop!, kind, "json");
        await _door.TakeAsync(context, arrival, body.Memory, () => ShopifyTranslator.Translate(topic!, shop!, body.Memory, _options));
    }

    private static string? Header(HttpContext context, string name) => context.Request.Headers[name] is [var only] ? only : null;

    private static bool IsPlain(string? text, int most) =>
        text is { Length: > 0 } && text.Length <= most && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/');
}
