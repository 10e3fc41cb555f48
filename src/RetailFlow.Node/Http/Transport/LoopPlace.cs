using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using RetailFlow.Storage;

namespace RetailFlow.Node.Http.Transport;

/// <summary>A connection of a loop, as its request sees it.</summary>
internal interface ILoopFeature
{
    /// <summary>True while its request is on the pool: what arrives of it is taken there too.</summary>
    bool IsAway { set; }
}

/// <summary>
/// Where requests are done. An endpoint that says so answers on the loop that read the request: it computes for microseconds, and waits for nothing but the journal. Every
/// other one is done on the pool, where it may take its time.
/// </summary>
internal static class LoopPlace
{
    /// <summary>Says that an endpoint answers on the loop; what may take longer leaves it by <see cref="EventLoop.LeaveAsync"/>.</summary>
    public static TBuilder OnLoop<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(Mark.Instance);

    /// <summary>Has every other endpoint done on the pool. Behind the routing.</summary>
    public static void UseLoopPlace(this IApplicationBuilder web) => web.Use(next => context =>
        EventLoop.Current is null || context.GetEndpoint()?.Metadata.GetMetadata<Mark>() is not null ? next(context) : AwayAsync(next, context));

    private static async Task AwayAsync(RequestDelegate next, HttpContext context)
    {
        var connection = context.Features.Get<ILoopFeature>();
        connection?.IsAway = true;
        try
        {
            await EventLoop.LeaveAsync();
            await next(context);
        }
        finally
        {
            connection?.IsAway = false;
        }
    }

    private sealed class Mark
    {
        public static readonly Mark Instance = new();
    }
}
