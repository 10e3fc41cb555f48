using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RetailFlow.Node.Http;

/// <summary><c>/</c>: one page that shows tables, counts, stock and freshness, and refreshes itself. It loads nothing from elsewhere.</summary>
internal static class HomePage
{
    private static readonly byte[] s_page = Load();

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", WriteAsync).ExcludeFromDescription();

    private static Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentType = "text/html; charset=utf-8";
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
        headers.XContentTypeOptions = "nosniff";
        return context.Response.Body.WriteAsync(s_page, context.RequestAborted).AsTask();
    }

    private static byte[] Load()
    {
        using var resource = typeof(HomePage).Assembly.GetManifestResourceStream("RetailFlow.Node.home.html")!;
        var page = new byte[resource.Length];
        resource.ReadExactly(page);
        return page;
    }
}
