using System.Buffers;
using RetailFlow.Lakehouse.Landing;

namespace RetailFlow.Lakehouse.Bronze;

/// <summary>A run of whole records of one RAW file, cut so that another thread can parse it.</summary>
internal sealed class RecordBlock : IDisposable
{
    private byte[] _buffer;

    public RecordBlock(LandedFile file, byte[] buffer, int length, long firstRow, bool lines)
    {
        File = file;
        _buffer = buffer;
        Length = length;
        FirstRow = firstRow;
        Lines = lines;
    }

    /// <summary>The file.</summary>
    public LandedFile File { get; }

    /// <summary>Bytes in use.</summary>
    public int Length { get; }

    /// <summary>Ordinal of the first record in the file, from 1.</summary>
    public long FirstRow { get; }

    /// <summary>True for one record a line; false for one record in all.</summary>
    public bool Lines { get; }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
