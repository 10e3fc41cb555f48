using System.Buffers.Binary;

namespace RetailFlow.DuckDb;

/// <summary>UUIDs as 128-bit numbers, most significant byte first. A vector holds them with the highest bit inverted, so that they sort.</summary>
internal static class UuidValues
{
    private static readonly UInt128 HighestBit = UInt128.One << 127;

    public static UInt128 ToUnsigned(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = guid.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static Int128 ToStored(Guid guid) => unchecked((Int128)(ToUnsigned(guid) ^ HighestBit));

    public static Guid FromStored(Int128 stored)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, unchecked((UInt128)stored) ^ HighestBit);
        return new Guid(bytes, bigEndian: true);
    }
}
