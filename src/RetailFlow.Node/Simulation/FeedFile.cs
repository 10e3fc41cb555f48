using System.IO.Compression;

namespace RetailFlow.Node.Simulation;

internal enum FeedFormat
{
    Ndjson,
    NdjsonGzip,
    JsonArray,
    Csv,
}

/// <summary>A file ready to land, open for writing.</summary>
internal sealed class FeedFile : IDisposable
{
    private const int BufferSize = 1 << 16;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _used;
    private long _records;
    private long _accepted;
    private long _duplicates;

    public FeedFile(string root, string relativePath, FeedFormat format)
    {
        Path = relativePath;
        Format = format;
        var path = System.IO.Path.Combine(root, relativePath);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        Stream stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _stream = format == FeedFormat.NdjsonGzip ? new GZipStream(stream, CompressionLevel.Fastest) : stream;
        if (format == FeedFormat.JsonArray)
        {
            Add("["u8);
        }

        if (format == FeedFormat.Csv)
        {
            Add(RecordWriter.CsvHeader);
            Add("\n"u8);
        }
    }

    public string Path { get; }

    public FeedFormat Format { get; }

    public ExpectedFile Expected => new(Path, s_formats[(int)Format], _records, _accepted, _duplicates, _records - _accepted - _duplicates);

    private static readonly string[] s_formats = ["ndjson", "ndjson.gz", "json", "csv"];

    /// <summary>Room for one record; say with <see cref="Commit"/> how much was used.</summary>
    public Span<byte> Reserve()
    {
        if (Format == FeedFormat.JsonArray)
        {
            Add(_records == 0 ? "\n"u8 : ",\n"u8);
        }

        if (BufferSize - _used < RecordWriter.MaxLength)
        {
            Flush();
        }

        return _buffer.AsSpan(_used);
    }

    public void Commit(int length, DeliveryKind kind)
    {
        _used += length;
        if (Format != FeedFormat.JsonArray)
        {
            Add("\n"u8);
        }

        _records++;
        _accepted += kind == DeliveryKind.New ? 1 : 0;
        _duplicates += kind == DeliveryKind.Resend ? 1 : 0;
    }

    public void Dispose()
    {
        if (Format == FeedFormat.JsonArray)
        {
            Add("\n]\n"u8);
        }

        Flush();
        _stream.Dispose();
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        if (BufferSize - _used < text.Length)
        {
            Flush();
        }

        text.CopyTo(_buffer.AsSpan(_used));
        _used += text.Length;
    }

    private void Flush()
    {
        _stream.Write(_buffer, 0, _used);
        _used = 0;
    }
}
