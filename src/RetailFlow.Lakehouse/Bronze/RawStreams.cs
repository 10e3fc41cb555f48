using System.IO.Compression;
using RetailFlow.Lakehouse.Landing;
using RetailFlow.Storage;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>Opens the bytes of a landed file, inflated, cut to its range.</summary>
internal static class RawStreams
{
    // Without it the platform takes a compressed file that breaks off for one that ends.
    static RawStreams() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>A forward stream over what the file holds.</summary>
    public static Stream Open(IObjectStore store, LandedFile file)
    {
        Stream stream = store.LocalPath(file.Path) is { } local
            ? new FileStream(local, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1)
            : store.OpenReadAsync(file.Path).AsTask().GetAwaiter().GetResult();
        if (file.IsJournal)
        {
            return new RangeStream(stream, file.FromOffset, file.ToOffset);
        }

        return RawFormat.Of(file.Path).Gzip ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    /// <summary>The bytes from one offset to another of a longer stream.</summary>
    private sealed class RangeStream : Stream
    {
        private readonly Stream _inner;
        private long _left;

        public RangeStream(Stream inner, long from, long to)
        {
            _inner = inner;
            _left = to - from;
            inner.Seek(from, SeekOrigin.Begin);
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException("A range has no length of its own.");

        public override long Position
        {
            get => throw new NotSupportedException("A range is read forward.");
            set => throw new NotSupportedException("A range is read forward.");
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = _inner.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A range is read forward.");

        public override void SetLength(long value) => throw new NotSupportedException("RAW is never changed.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("RAW is never changed.");

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
