using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace RetailFlow.Storage.Azure;

/// <summary>Signs each try anew, because the signature contains the time.</summary>
internal sealed class SharedKeyPolicy(string account, byte[] key, TimeProvider timeProvider) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        Request request = message.Request;
        request.Headers.SetValue("x-ms-date", timeProvider.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
        List<KeyValuePair<string, string>> headers =
        [
            .. request.Headers
                .Where(header => !header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                .Select(header => KeyValuePair.Create(header.Name, header.Value)),
        ];
        if (request.Content is { } content && content.TryComputeLength(out long length))
        {
            headers.Add(KeyValuePair.Create("Content-Length", length.ToString(CultureInfo.InvariantCulture)));
        }

        string text = SharedKeySignature.StringToSign(request.Method.Method, request.Uri.ToUri(), headers, account);
        request.Headers.SetValue("Authorization", SharedKeySignature.Authorization(text, account, key));
    }
}

/// <summary>Adds the signature to the query of each request.</summary>
internal sealed class SasPolicy(string sasQuery) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        string query = message.Request.Uri.Query;
        message.Request.Uri.Query = query.Length == 0 ? "?" + sasQuery : query + "&" + sasQuery;
    }
}

/// <summary>
/// Remembers that a try of this request may have taken effect without the caller being told: its answer was lost, or
/// the service failed in the middle. What a later try finds may then be the work of this very request.
/// </summary>
internal sealed class LostAnswerPolicy : HttpPipelinePolicy
{
    private const string Property = "RetailFlow.LostAnswer";

    public static bool Happened(HttpMessage message) => message.TryGetProperty(Property, out object? value) && value is true;

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        bool answered = false;
        try
        {
            await ProcessNextAsync(message, pipeline);
            answered = message.Response.Status is < 500 and not 408;
        }
        finally
        {
            Remember(message, answered);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        bool answered = false;
        try
        {
            ProcessNext(message, pipeline);
            answered = message.Response.Status is < 500 and not 408;
        }
        finally
        {
            Remember(message, answered);
        }
    }

    private static void Remember(HttpMessage message, bool answered)
    {
        if (!answered)
        {
            message.SetProperty(Property, true);
        }
    }
}
