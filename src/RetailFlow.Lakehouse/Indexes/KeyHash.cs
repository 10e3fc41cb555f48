using System.Buffers.Binary;

namespace RetailFlow.Lakehouse.Indexes;

/// <summary>
/// A 64-bit hash of key bytes. It is a filter, never a proof: whoever finds a row by it compares the key itself. The same bytes
/// give the same hash on every machine, because indexes are kept on disk.
/// </summary>
internal static class KeyHash
{
    private const ulong Seed = 0x2D358DCCAA6C78A5;
    private const ulong Multiplier = 0x8BB84B93962EACC9;

    /// <summary>Hashes <paramref name="key"/>.</summary>
    public static ulong Of(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            var state = Seed ^ ((ulong)key.Length * Multiplier);
            while (key.Length >= 8)
            {
                state = Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
                key = key[8..];
            }

            var tail = 0UL;
            for (var i = 0; i < key.Length; i++)
            {
                tail |= (ulong)key[i] << (8 * i);
            }

            return Mix(Mix(state ^ tail) ^ Multiplier);
        }
    }

    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, Multiplier, out var low);
        return high ^ low;
    }
}
