namespace RetailFlow.Storage;

/// <summary>A piece of an object.</summary>
/// <param name="Offset">First byte, from 0.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct ByteRange(long Offset, int Length)
{
    /// <summary>The byte after the last.</summary>
    public long End => Offset + Length;
}
