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
    /// <summary>Says that an endpoint answers on the loop; what may take longer leaves it by <see cref="LeaveAsync"/>.</summary>
    public static TBuilder OnLoop<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(Mark.Instance);

    /// <summary>Has every other endpoint done on the pool. Behind the routing.</summary>
    public static void UseLoopPlace(this IApplicationBuilder web) => web.Use(next => context =>
        context.GetEndpoint()?.Metadata.GetMetadata<Mark>() is null && context.Features.Get<ILoopFeature>() is { } connection
            ? AwayAsync(next, context, connection)
            : next(context));

    /// <summary>Goes on on the pool; what is still to arrive of the request is taken there too.</summary>
    public static ValueTask LeaveAsync(HttpContext context)
    {
        if (context.Features.Get<ILoopFeature>() is { } connection)
        {
            connection.IsAway = true;
            context.Response.OnCompleted(
                static left =>
                {
                    ((ILoopFeature)left).IsAway = false;
                    return Task.CompletedTask;
                },
                connection);
        }

        return EventLoop.LeaveAsync();
    }

    private static async Task AwayAsync(RequestDelegate next, HttpContext context, ILoopFeature connection)
    {
        connection.IsAway = true;
        try
        {
            await EventLoop.LeaveAsync();
            await next(context);
        }
        finally
        {
            connection.IsAway = false;
        }
    }

    private sealed class Mark
    {
        public static readonly Mark Instance = new();
    }
}
