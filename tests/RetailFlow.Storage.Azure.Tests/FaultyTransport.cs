using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace RetailFlow.Storage.Azure.Tests;

/// <summary>What happens to one try of a request.</summary>
public enum Loss
{
    None,

    /// <summary>The connection breaks before the service has seen the request.</summary>
    Request,

    /// <summary>The service does what was asked, and its answer does not arrive.</summary>
    Answer,

    /// <summary>The service does what was asked and answers that it failed.</summary>
    FalseFailure,

    /// <summary>The connection breaks in the middle of the answer's body.</summary>
    HalfBody,

    /// <summary>A byte of the answer's body is another one.</summary>
    FlippedByte,
}

/// <summary>
/// A connection to a real server that loses requests and answers as told. Tries of one request are numbered from 1; the
/// pipeline gives them one request id.
/// </summary>
internal sealed class FaultyTransport(Func<Request, int, Loss> decide) : HttpPipelineTransport
{
    private readonly ConcurrentDictionary<string, int> _tries = new(StringComparer.Ordinal);
    private int _losses;

    public int Losses => _losses;

    public override Request CreateRequest() => HttpClientTransport.Shared.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        int attempt = _tries.AddOrUpdate(message.Request.ClientRequestId, 1, (_, tries) => tries + 1);
        Loss loss = decide(message.Request, attempt);
        if (loss != Loss.None)
        {
            Interlocked.Increment(ref _losses);
        }

        if (loss == Loss.Request)
        {
            throw new RequestFailedException(0, "Injected: the connection broke before the request was sent.");
        }

        await HttpClientTransport.Shared.ProcessAsync(message);
        switch (loss)
        {
            case Loss.Answer:
                message.Response.Dispose();
                throw new RequestFailedException(0, "Injected: the connection broke before the answer came.");
            case Loss.FalseFailure:
                message.Response = new FailedResponse(message.Request.ClientRequestId);
                break;
            case Loss.HalfBody or Loss.FlippedByte when message.Response.ContentStream is { } body:
                using (MemoryStream whole = new())
                {
                    await body.CopyToAsync(whole);
                    byte[] bytes = whole.ToArray();
                    if (loss == Loss.FlippedByte && bytes.Length > 0)
                    {
                        bytes[bytes.Length / 2] ^= 0x10;
                    }

                    message.Response.ContentStream = loss == Loss.HalfBody
                        ? new BreakingStream(bytes[..(bytes.Length / 2)])
                        : new MemoryStream(bytes);
                }

                break;
        }
    }

    private sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => Broken(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Broken(base.Read(buffer));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));

        private static int Broken(int read) => read > 0 ? read : throw new IOException("Injected: the connection broke in the body.");
    }

    private sealed class FailedResponse(string requestId) : Response
    {
        public override int Status => 500;

        public override string ReasonPhrase => "Injected";

        public override Stream? ContentStream { get; set; }

        public override string ClientRequestId { get; set; } = requestId;

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => false;

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [];

        protected override bool TryGetHeader(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
        {
            value = null;
            return false;
        }

        protected override bool TryGetHeaderValues(
            string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = null;
            return false;
        }
    }
}
