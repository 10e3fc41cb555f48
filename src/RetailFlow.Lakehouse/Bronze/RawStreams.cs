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
        if (store.LocalPath(file.Path) is { } local)
        {
            var whole = new FileStream(local, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            return file.IsJournal ? new FileRange(whole, file.FromOffset, file.ToOffset) : Inflated(whole, file);
        }

        return file.IsJournal
            ? new StoreRange(store, file.Path, file.FromOffset, file.ToOffset)
            : Inflated(store.OpenReadAsync(file.Path).AsTask().GetAwaiter().GetResult(), file);
    }

    private static Stream Inflated(Stream stream, LandedFile file) =>
        RawFormat.Of(file.Path).Gzip ? new GZipStream(stream, CompressionMode.Decompress) : stream;

    /// <summary>The bytes from one offset to another of a file.</summary>
    private sealed class FileRange : ForwardStream
    {
        private readonly FileStream _inner;
        private long _left;

        public FileRange(FileStream inner, long from, long to)
        {
            _inner = inner;
            _left = to - from;
            inner.Seek(from, SeekOrigin.Begin);
        }

        public override int Read(Span<byte> buffer)
        {
            var read = _inner.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
            _left -= read;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>The bytes from one offset to another of an object that is not a local file, fetched block by block.</summary>
    private sealed class StoreRange(IObjectStore store, string path, long from, long to) : ForwardStream
    {
        private const int BlockBytes = 4 << 20;

        private byte[] _block = [];
        private int _used;
        private long _next = from;

        public override int Read(Span<byte> buffer)
        {
            if (_used == _block.Length && _next < to)
            {
                // Callers read on threads of the engine, where nothing can be awaited.
                _block = store.ReadRangeAsync(path, _next, (int)Math.Min(BlockBytes, to - _next)).AsTask().GetAwaiter().GetResult();
                _used = 0;
                _next = _block.Length == 0 ? to : _next + _block.Length;
            }

            var read = Math.Min(buffer.Length, _block.Length - _used);
            _block.AsSpan(_used, read).CopyTo(buffer);
            _used += read;
            return read;
        }
    }

    /// <summary>A stream that is read forward and does nothing else.</summary>
    private abstract class ForwardStream : Stream
    {
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

        public abstract override int Read(Span<byte> buffer);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A range is read forward.");

        public override void SetLength(long value) => throw new NotSupportedException("RAW is never changed.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("RAW is never changed.");
    }
}
