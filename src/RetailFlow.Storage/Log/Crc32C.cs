using System.Buffers.Binary;
using System.Numerics;

namespace RetailFlow.Storage;

/// <summary>CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's instruction where there is one.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => ~Continue(uint.MaxValue, data);

    /// <summary>The checksum of <paramref name="first"/> followed by <paramref name="rest"/>.</summary>
    public static uint ComputeAfter(byte first, ReadOnlySpan<byte> rest) => ~Continue(BitOperations.Crc32C(uint.MaxValue, first), rest);

    private static uint Continue(uint crc, ReadOnlySpan<byte> data)
    {
        unchecked
        {
            while (data.Length >= sizeof(ulong))
            {
                crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
                data = data[sizeof(ulong)..];
            }

            foreach (byte value in data)
            {
                crc = BitOperations.Crc32C(crc, value);
            }

            return crc;
        }
    }
}
