using System.Buffers;

namespace RetailFlow.Node.Ingest;

/// <summary>Where one record stands in a body.</summary>
/// <param name="Start">Position of its first byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct RecordSlice(int Start, int Length);

/// <summary>The records of one body, in pooled memory.</summary>
internal sealed class RecordSlices : IDisposable
{
    private RecordSlice[] _slices = ArrayPool<RecordSlice>.Shared.Rent(128);

    public int Count { get; private set; }

    public ReadOnlySpan<RecordSlice> All => _slices.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int start, int length)
    {
        if (Count == _slices.Length)
        {
            var larger = ArrayPool<RecordSlice>.Shared.Rent(Count * 2);
            _slices.CopyTo(larger, 0);
            ArrayPool<RecordSlice>.Shared.Return(_slices);
            _slices = larger;
        }

        _slices[Count++] = new RecordSlice(start, length);
    }

    public void Dispose()
    {
        ArrayPool<RecordSlice>.Shared.Return(_slices);
        _slices = [];
        Count = 0;
    }
}
