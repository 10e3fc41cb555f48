using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RetailFlow.Storage;

/// <summary>CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's instruction where there is one.</summary>
public static class Crc32C
{
    // The polynomial with its lowest power as the highest bit, as checksums have theirs.
    private const uint Polynomial = 0x82F63B78;
    private const uint One = 0x80000000;

    // A step of the instruction waits for the one before; three of them go on at once.
    private const int Streams = 3;
    private const int FewestWords = 4;
    private const int MostWords = 128;

    // For each number of words the factor that moves a checksum behind as many.
    private static readonly uint[] s_factors = [.. Enumerable.Range(0, (2 * MostWords) + 1).Select(FactorOf)];

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => ~Continue(uint.MaxValue, data);

    /// <summary>The checksum of <paramref name="first"/> followed by <paramref name="rest"/>.</summary>
    public static uint ComputeAfter(byte first, ReadOnlySpan<byte> rest) => ~Continue(BitOperations.Crc32C(uint.MaxValue, first), rest);

    private static uint Continue(uint crc, ReadOnlySpan<byte> data)
    {
        unchecked
        {
            if (Pclmulqdq.IsSupported && Sse42.X64.IsSupported)
            {
                while (data.Length >= Streams * FewestWords * sizeof(ulong))
                {
                    int words = Math.Min(data.Length / (Streams * sizeof(ulong)), MostWords);
                    crc = OfStreams(crc, ref MemoryMarshal.GetReference(data), words);
                    data = data[(Streams * words * sizeof(ulong))..];
                }
            }

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

    /// <summary>The checksum of three runs of words that follow each other: of each alone, the first two moved to their places.</summary>
    private static uint OfStreams(uint crc, ref byte data, int words)
    {
        ulong first = crc;
        ulong second = 0;
        ulong third = 0;
        nint length = words * sizeof(ulong);
        for (nint at = 0; at < length; at += sizeof(ulong))
        {
            first = Sse42.X64.Crc32(first, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, at)));
            second = Sse42.X64.Crc32(second, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, length + at)));
            third = Sse42.X64.Crc32(third, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, length + length + at)));
        }

        return (uint)(Moved(first, 2 * words) ^ Moved(second, words) ^ third);
    }

    private static ulong Moved(ulong crc, int words)
    {
        Vector128<ulong> product = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(crc), Vector128.CreateScalar((ulong)s_factors[words]), 0);
        return Sse42.X64.Crc32(0, product.ToScalar());
    }

    /// <summary>
    /// The power of x of the bits of <paramref name="words"/>, less 33, modulo the polynomial: the checksum of the product has 32 of these, and the
    /// product of two numbers with their lowest power first is one too high.
    /// </summary>
    private static uint FactorOf(int words)
    {
        uint power = One;
        for (int bit = 33; bit < words * 8 * sizeof(ulong); bit++)
        {
            power = (power >> 1) ^ ((power & 1) == 0 ? 0 : Polynomial);
        }

        return power;
    }
}
