using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace RetailFlow.Node.Http;

/// <summary>
/// Answers of one JSON value, whole before their first byte leaves: they tell their length, and head and body go in one piece. The memory they are
/// written into is a thread's and serves every answer.
/// </summary>
internal static class JsonAnswer
{
    private const string ContentType = "application/json; charset=utf-8";

    // What a larger answer needed is not kept.
    private const int LargestKept = 1 << 16;

    [ThreadStatic]
    private static Buffers? t_buffers;

    /// <summary>Answers; the response has its status and headers, and its content type unless that is the usual one.</summary>
    /// <param name="response">The response, of which nothing was sent.</param>
    /// <param name="what">What is written.</param>
    /// <param name="write">Writes it as one value.</param>
    public static Task WriteAsync<T>(HttpResponse response, T what, Action<Utf8JsonWriter, T> write)
    {
        var buffers = t_buffers ?? new Buffers();
        t_buffers = null;
        write(buffers.Json, what);
        buffers.Json.Flush();
        response.ContentType ??= ContentType;
        response.ContentLength = buffers.Text.WrittenCount;
        var sent = response.BodyWriter.WriteAsync(buffers.Text.WrittenMemory);
        if (buffers.Text.Capacity <= LargestKept)
        {
            // The bytes are in the connection's memory. After a failure above the buffers would hold half an answer, and are left.
            buffers.Json.Reset();
            buffers.Text.ResetWrittenCount();
            t_buffers = buffers;
        }

        return sent.IsCompletedSuccessfully ? Task.CompletedTask : sent.AsTask();
    }

    private sealed class Buffers
    {
        public Buffers() => Json = new Utf8JsonWriter(Text, RowJson.Options);

        public ArrayBufferWriter<byte> Text { get; } = new(1024);

        public Utf8JsonWriter Json { get; }
    }
}
