using System.Runtime.CompilerServices;

namespace RetailFlow.Stock.Records;

/// <summary>A growing run of bytes that keeps its room when it is emptied.</summary>
internal sealed class ByteBuffer
{
    private byte[] bytes;

    public ByteBuffer(int capacity = 256) => bytes = new byte[capacity];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Truncate(int count) => Count = Math.Min(Count, count);

    public ReadOnlySpan<byte> Slice(int start, int length) => bytes.AsSpan(start, length);

    /// <summary>Makes room for <paramref name="more"/> bytes; spans handed out before are stale if it grew.</summary>
    public void Reserve(int more)
    {
        int needed = Count + more;
        if (needed > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(needed, (int)Math.Min(Array.MaxLength, bytes.Length * 2L)));
        }
    }

    /// <summary>Room for at most <paramref name="more"/> bytes behind the last one; what was written there is added by <see cref="Advance"/>.</summary>
    public Span<byte> Free(int more)
    {
        Reserve(more);
        return bytes.AsSpan(Count);
    }

    /// <summary>Adds the first bytes of what stands in <see cref="Free"/>.</summary>
    public void Advance(int count) => Count += count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(byte value)
    {
        if (Count == bytes.Length)
        {
            Reserve(1);
        }

        bytes[Count++] = value;
    }

    /// <summary>Appends and returns where it begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // A literal is then a few instructions.
    public int Append(ReadOnlySpan<byte> more)
    {
        int start = Count;
        if (more.Length > bytes.Length - start)
        {
            Reserve(more.Length);
        }

        more.CopyTo(bytes.AsSpan(start));
        Count = start + more.Length;
        return start;
    }

    public void AppendZeros(int count)
    {
        Reserve(count);
        bytes.AsSpan(Count, count).Clear();
        Count += count;
    }

    /// <summary>Appends a copy of its own bytes.</summary>
    public void AppendOwn(int start, int length)
    {
        Reserve(length);
        bytes.AsSpan(start, length).CopyTo(bytes.AsSpan(Count));
        Count += length;
    }

    /// <summary>Replaces everything from <paramref name="start"/> on by what stands from <paramref name="keepFrom"/> on.</summary>
    public void MoveTail(int start, int keepFrom)
    {
        int length = Count - keepFrom;
        bytes.AsSpan(keepFrom, length).CopyTo(bytes.AsSpan(start));
        Count = start + length;
    }
}
