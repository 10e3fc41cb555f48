using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Identities;

/// <summary>
/// Where what stands in the file of a run (docs/formats/identities.md): a header, the entries in the order of their fingerprints, a byte of
/// flags for each, the first entry of each bucket, and a filter. Numbers are little-endian; every part begins at a multiple of 64 bytes.
/// </summary>
/// <param name="Count">Entries.</param>
internal readonly record struct RunLayout(long Count)
{
    public const int HeaderBytes = 64;

    /// <summary>Fingerprint, high half first, and content hash.</summary>
    public const int EntryBytes = 24;

    /// <summary>The filter asks for bits of one line of the processor's cache.</summary>
    public const int FilterBlockBytes = 64;

    /// <summary>Bits that each entry sets in its block.</summary>
    public const int FilterProbes = 6;

    private const ulong Magic = 0x31534E5544494652; // RFIDUNS1
    private const int FilterBitsPerEntry = 12;
    private const int EntriesPerBucket = 32;

    public long FilterBlocks => Math.Max(1, ((Count * FilterBitsPerEntry) + 511) / 512);

    /// <summary>How many of a fingerprint's first bits name its bucket.</summary>
    public int BucketBits => Math.Clamp(BitOperations.Log2((ulong)Math.Max(1, Count / EntriesPerBucket)), 0, 31);

    public static long EntriesAt => HeaderBytes;

    public long FlagsAt => Align(EntriesAt + (Count * EntryBytes));

    public long BucketsAt => Align(FlagsAt + Count);

    public long FilterAt => Align(BucketsAt + (((1L << BucketBits) + 1) * sizeof(uint)));

    public long Length => FilterAt + (FilterBlocks * FilterBlockBytes);

    public static int BucketOf(ulong high, int bucketBits) => bucketBits == 0 ? 0 : (int)(high >> (64 - bucketBits));

    public static ulong FilterBlockOf(ulong low, ulong filterBlocks) => Math.BigMul(low, filterBlocks, out _);

    /// <summary>A bit of its filter block that an identity sets, by number.</summary>
    public static int FilterBitOf(ulong high, int probe) => (int)((high >> (9 * probe)) & 511);

    public byte[] Header(uint body)
    {
        byte[] header = new byte[HeaderBytes];
        MemoryMarshal.Write(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), Count);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), body);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(HeaderBytes - 4), Crc32C.Compute(header.AsSpan(0, HeaderBytes - 4)));
        return header;
    }

    /// <summary>Reads a header; false if it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, out RunLayout layout, out uint body)
    {
        layout = new RunLayout(header.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadInt64LittleEndian(header[8..]));
        body = header.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        return header.Length >= HeaderBytes
            && BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header[(HeaderBytes - 4)..]) == Crc32C.Compute(header[..(HeaderBytes - 4)])
            && layout.Count is >= 0 and <= uint.MaxValue;
    }

    private static long Align(long at) => (at + 63) & ~63L;
}
