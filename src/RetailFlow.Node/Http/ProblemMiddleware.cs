using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Node.Telemetry;

namespace RetailFlow.Node.Http;

/// <summary>Turns every failure, and every empty error answer of the framework, into problem details without a stack trace.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
            return;
        }
        catch (Exception failure)
        {
            await AnswerAsync(context, failure);
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null)
        {
            await new Problem(response.StatusCode, DetailOf(context)) { Allow = response.Headers.Allow }.WriteAsync(context);
        }
    }

    private static string DetailOf(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}. GET /openapi/v1.json lists what there is.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not possible at {context.Request.Path}; Allow names what is.",
        StatusCodes.Status415UnsupportedMediaType => $"The content type '{context.Request.ContentType}' is not taken at {context.Request.Path}.",
        var other => $"{ReasonPhrases.GetReasonPhrase(other)}.",
    };

    /// <summary>The problem that stands for a failure; null for one that nobody foresaw.</summary>
    private static Problem? ProblemOf(Exception failure) => failure is BadHttpRequestException bad
        ? new Problem(bad.StatusCode, bad.Message)
        : FailureKinds.Of(failure) switch
        {
            LakeErrorKind.InvalidInput => Problem.BadRequest(failure.Message),
            LakeErrorKind.Conflict => new Problem(StatusCodes.Status409Conflict, failure.Message),
            LakeErrorKind.Unavailable => Problem.Unavailable(failure.Message),
            LakeErrorKind.Configuration or LakeErrorKind.Corrupt => new Problem(StatusCodes.Status500InternalServerError, failure.Message),
            null => null,
            _ => throw new InvalidOperationException("There is no other kind of failure."),
        };

    private async Task AnswerAsync(HttpContext context, Exception failure)
    {
        var problem = ProblemOf(failure);
        if (problem is null or { Status: >= 500 })
        {
            NodeLog.RequestFailed(log, context.Request.Method, context.Request.Path, failure);
        }

        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        await (problem ?? new Problem(StatusCodes.Status500InternalServerError, "The node failed at this request; its log says why.")).WriteAsync(context);
    }
}
