namespace RetailFlow.Storage.Azure;

/// <summary>
/// A forward stream that reads an object range by range, one range ahead. A broken connection costs the retry of one
/// range. All ranges after the first are asked for by the first one's ETag, so a replacement ends the stream with an
/// error and never mixes contents.
/// </summary>
internal sealed class RangeStream(BlobService service, string path, BlobRange first, int rangeBytes) : Stream
{
    private readonly CancellationTokenSource _closed = new();
    private byte[] _current = first.Content;
    private int _used;
    private long _position;
    private Task<byte[]>? _ahead;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => first.TotalLength;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_used == _current.Length && _position < first.TotalLength)
        {
            // Callers that read without awaiting have no synchronisation context here that could be blocked.
            Next(NextAhead().GetAwaiter().GetResult());
        }

        return Take(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_used == _current.Length && _position < first.TotalLength)
        {
            Next(await NextAhead().WaitAsync(cancellationToken));
        }

        return Take(buffer.Span);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _closed.Cancel();
            _closed.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _current.Length - _used);
        _current.AsSpan(_used, count).CopyTo(buffer);
        _used += count;
        _position += count;
        if (_ahead is null && count > 0 && _position - _used + _current.Length < first.TotalLength)
        {
            _ahead = FetchAsync(_position - _used + _current.Length);
        }

        return count;
    }

    private void Next(byte[] content)
    {
        _current = content;
        _used = 0;
        _ahead = null;
    }

    private Task<byte[]> NextAhead()
    {
        // A range that failed is asked for again when the caller reads again.
        if (_ahead is null or { IsFaulted: true } or { IsCanceled: true })
        {
            _ahead = FetchAsync(_position);
        }

        return _ahead;
    }

    private async Task<byte[]> FetchAsync(long offset)
    {
        BlobRange range = await service.GetRangeAsync(path, offset, rangeBytes, first.ETag, _closed.Token);
        return range.Answer == RangeAnswer.Found
            ? range.Content
            : throw service.Failure.Create(
                "read", path, "the object was replaced or deleted while it was being read", "ObjectChanged");
    }
}
