using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Identities;

/// <summary>The checksum of the body of a run: the CRC-32C of the CRC-32Cs of its pieces of 1 MiB.</summary>
internal static unsafe class RunChecksum
{
    public const int Piece = 1 << 20;

    public static uint Of(byte* start, long length)
    {
        List<uint> pieces = [];
        for (long at = 0; at < length; at += Piece)
        {
            pieces.Add(Crc32C.Compute(new ReadOnlySpan<byte>(start + at, (int)Math.Min(Piece, length - at))));
        }

        return Of(pieces);
    }

    public static uint Of(List<uint> pieces)
    {
        byte[] all = new byte[pieces.Count * sizeof(uint)];
        for (int i = 0; i < pieces.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(all.AsSpan(i * sizeof(uint)), pieces[i]);
        }

        return Crc32C.Compute(all);
    }
}

/// <summary>Writes the body of a run in order, and adds its checksum up.</summary>
internal sealed class RunBodyWriter(Stream into, long length)
{
    private readonly byte[] piece = new byte[Math.Min(RunChecksum.Piece, length)];
    private readonly List<uint> checksums = [];
    private int filled;
    private long written;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int some = Math.Min(bytes.Length, piece.Length - filled);
            bytes[..some].CopyTo(piece.AsSpan(filled));
            filled += some;
            bytes = bytes[some..];
            if (filled == piece.Length)
            {
                Flush();
            }
        }
    }

    /// <summary>Fills with zeros up to a place in the file.</summary>
    public void PadTo(long place)
    {
        Span<byte> zeros = stackalloc byte[64];
        zeros.Clear();
        Write(zeros[..checked((int)(place - RunLayout.HeaderBytes - written - filled))]);
    }

    public void Write<T>(T[] values)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(values.AsSpan()));

    /// <summary>The checksum, when everything is written.</summary>
    public uint Finish()
    {
        Flush();
        return RunChecksum.Of(checksums);
    }

    private void Flush()
    {
        if (filled > 0)
        {
            checksums.Add(Crc32C.Compute(piece.AsSpan(0, filled)));
            into.Write(piece, 0, filled);
            written += filled;
            filled = 0;
        }
    }
}
