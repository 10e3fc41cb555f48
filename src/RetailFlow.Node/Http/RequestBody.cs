using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace RetailFlow.Node.Http;

/// <summary>A whole request body in pooled memory, decompressed, or the problem that kept it from being read.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstRead = 16 << 10;
    private byte[]? _buffer;
    private int _length;

    private RequestBody(byte[]? buffer, int length, Problem? problem)
    {
        _buffer = buffer;
        _length = length;
        Problem = problem;
    }

    public Problem? Problem { get; }

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body up to <paramref name="limit"/> bytes after decompression.</summary>
    public static ValueTask<RequestBody> ReadAsync(HttpContext context, int limit)
    {
        var request = context.Request;
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count == 0 || (encoding is [var plain] && string.Equals(plain, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            return request.ContentLength > limit
                ? ValueTask.FromResult(new RequestBody(null, 0, Http.Problem.TooLarge(limit)))
                : TryReadArrived(context, limit) is { } whole ? ValueTask.FromResult(whole) : ReadPlainAsync(context, limit);
        }

        return encoding is [var only] && string.Equals(only, "gzip", StringComparison.OrdinalIgnoreCase)
            ? ReadGzipAsync(context, limit)
            : ValueTask.FromResult(new RequestBody(null, 0, Http.Problem.UnsupportedMediaType($"Content-Encoding '{encoding}' is not taken; gzip is.")));
    }

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _length = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The body if all of it came with the head, as that of most commands does; null, and nothing taken, if not.</summary>
    private static RequestBody? TryReadArrived(HttpContext context, int limit)
    {
        var reader = context.Request.BodyReader;
        try
        {
            if (!reader.TryRead(out var read))
            {
                return null;
            }

            var bytes = read.Buffer;
            if (!read.IsCompleted || bytes.Length > limit)
            {
                reader.AdvanceTo(bytes.Start);
                return null;
            }

            var buffer = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
            bytes.CopyTo(buffer);
            var whole = new RequestBody(buffer, (int)bytes.Length, null);
            reader.AdvanceTo(bytes.End);
            return whole;
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return new RequestBody(null, 0, Http.Problem.TooLarge(limit));
        }
    }

    private static async ValueTask<RequestBody> ReadPlainAsync(HttpContext context, int limit)
    {
        var reader = context.Request.BodyReader;
        var buffer = ArrayPool<byte>.Shared.Rent((int)(context.Request.ContentLength ?? FirstRead));
        var length = 0;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                var bytes = read.Buffer;
                if (length + bytes.Length > limit)
                {
                    reader.AdvanceTo(bytes.End);
                    ArrayPool<byte>.Shared.Return(buffer);
                    return new RequestBody(null, 0, Http.Problem.TooLarge(limit));
                }

                buffer = Reserve(buffer, length, (int)bytes.Length);
                bytes.CopyTo(buffer.AsSpan(length));
                length += (int)bytes.Length;
                reader.AdvanceTo(bytes.End);
                if (read.IsCompleted)
                {
                    return new RequestBody(buffer, length, null);
                }
            }
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return new RequestBody(null, 0, Http.Problem.TooLarge(limit));
        }
    }

    private static async ValueTask<RequestBody> ReadGzipAsync(HttpContext context, int limit)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstRead);
        var length = 0;
        try
        {
            await using var gzip = new GZipStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true);
            while (true)
            {
                buffer = Reserve(buffer, length, FirstRead);
                var read = await gzip.ReadAsync(buffer.AsMemory(length), context.RequestAborted);
                if (read == 0)
                {
                    return new RequestBody(buffer, length, null);
                }

                length += read;
                if (length > limit)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    return new RequestBody(null, 0, Http.Problem.TooLarge(limit));
                }
            }
        }
        catch (InvalidDataException broken)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return new RequestBody(null, 0, Http.Problem.BadRequest($"The body is not whole gzip data, so nothing of it was taken: {broken.Message}"));
        }
    }

    private static byte[] Reserve(byte[] buffer, int length, int more)
    {
        if (length + more <= buffer.Length)
        {
            return buffer;
        }

        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(length + more, buffer.Length * 2L)));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
