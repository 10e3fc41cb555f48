using System.Buffers.Binary;
using System.Numerics;

namespace RetailFlow.Stock.Records;

/// <summary>
/// A keyless hash in two lanes of 64 bits over whole numbers and length-prefixed bytes. Same input, same result, on every machine
/// and in every version. It finds equals fast; it does not withstand somebody who looks for collisions.
/// </summary>
internal struct ContentHasher
{
    private const ulong K0 = 0x9E37_79B9_7F4A_7C15;
    private const ulong K1 = 0xC2B2_AE3D_27D4_EB4F;
    private const ulong K2 = 0x1656_67B1_9E37_79F9;
    private const ulong K3 = 0xD6E8_FEB8_6659_FD93;

    private ulong first;
    private ulong second;

    public static ContentHasher Start() => new() { first = K2, second = K3 };

    public readonly ulong Low => Fold(first ^ K3, second ^ K0);

    public readonly UInt128 Both => new(Fold(first ^ K1, second ^ K2), Fold(first ^ K3, second ^ K0));

    public void Add(long value) => Mix(unchecked((ulong)value), K0);

    public void Add(long left, long right) => Mix(unchecked((ulong)left), unchecked((ulong)right));

    /// <summary>Adds length and bytes, so that neighbours cannot lend each other bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        ulong length = (ulong)(uint)bytes.Length;
        while (bytes.Length > 16)
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            bytes = bytes[16..];
        }

        if (bytes.Length >= 8)
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]));
        }
        else
        {
            Mix(Short(bytes), K1);
        }

        Mix(length, K3);
    }

    /// <summary>Up to seven bytes as one number.</summary>
    private static ulong Short(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 4)
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(bytes)
                | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << 32);
        }

        return bytes.Length == 0 ? 0 : bytes[0] | ((ulong)bytes[bytes.Length >> 1] << 8) | ((ulong)bytes[^1] << 16);
    }

    private void Mix(ulong left, ulong right)
    {
        first = Fold(first ^ left ^ K0, right ^ K1);
        second = Fold(second ^ right ^ K2, BitOperations.RotateLeft(left, 29) ^ K3) ^ first;
    }

    private static ulong Fold(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
