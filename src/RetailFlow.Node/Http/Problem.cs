using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace RetailFlow.Node.Http;

/// <summary>An error as RFC 9457 problem details.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">One line that tells the caller what to do about it.</param>
internal readonly record struct Problem(int Status, string Detail)
{
    public const string ContentType = MediaTypeNames.Application.ProblemJson;

    /// <summary>The methods that there are, where another was used.</summary>
    public StringValues Allow { get; init; }

    public static Problem BadRequest(string detail) => new(StatusCodes.Status400BadRequest, detail);

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    public static Problem UnsupportedMediaType(string detail) => new(StatusCodes.Status415UnsupportedMediaType, detail);

    public static Problem TooLarge(long limit) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {limit} bytes. Send it in smaller parts.");

    public static Problem Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail);

    /// <summary>Answers with the problem, in place of whatever was prepared.</summary>
    /// <param name="context">The request.</param>
    /// <param name="more">Writes members beside the usual ones; null if there are none.</param>
    public Task WriteAsync(HttpContext context, Action<Utf8JsonWriter>? more = null)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.Allow = Allow;
        if (Status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = "1";
        }

        if (Status == StatusCodes.Status413PayloadTooLarge)
        {
            // The rest of the body is not read, so the connection cannot carry another request.
            response.Headers.Connection = "close";
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Task.CompletedTask;
        }

        return JsonAnswer.WriteAsync(response, (Problem: this, Path: context.Request.Path.Value, More: more), static (json, told) =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(told.Problem.Status));
            json.WriteNumber("status"u8, told.Problem.Status);
            json.WriteString("detail"u8, told.Problem.Detail);
            json.WriteString("instance"u8, told.Path);
            told.More?.Invoke(json);
            json.WriteEndObject();
        });
    }
}
