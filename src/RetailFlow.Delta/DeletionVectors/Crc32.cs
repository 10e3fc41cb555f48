using System.Buffers.Binary;

namespace RetailFlow.Delta;

/// <summary>CRC-32 (IEEE 802.3, reflected), eight bytes at a time by tables.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    // Tables[k][b] is the remainder of byte b followed by k zero bytes.
    private static readonly uint[][] Tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        while (data.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = Tables[7][low & 0xFF] ^ Tables[6][(low >> 8) & 0xFF] ^ Tables[5][(low >> 16) & 0xFF] ^ Tables[4][low >> 24]
                ^ Tables[3][high & 0xFF] ^ Tables[2][(high >> 8) & 0xFF] ^ Tables[1][(high >> 16) & 0xFF] ^ Tables[0][high >> 24];
            data = data[8..];
        }

        foreach (var value in data)
        {
            crc = (crc >> 8) ^ Tables[0][(crc ^ value) & 0xFF];
        }

        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var k = 0; k < tables.Length; k++)
        {
            tables[k] = new uint[256];
            for (var b = 0; b < 256; b++)
            {
                tables[k][b] = k == 0 ? Remainder((uint)b) : (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xFF];
            }
        }

        return tables;
    }

    private static uint Remainder(uint value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
        }

        return value;
    }
}
