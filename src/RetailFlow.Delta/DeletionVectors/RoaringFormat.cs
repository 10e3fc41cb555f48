using System.Buffers.Binary;

namespace RetailFlow.Delta;

/// <summary>Numbers of the portable Roaring format, all little-endian, behind the magic number of a deletion vector.</summary>
internal static class RoaringFormat
{
    /// <summary>Begins a deletion vector (protocol section "Deletion Vector Format").</summary>
    public const int Magic = 1681511377;

    /// <summary>Begins a 32-bit bitmap without runs; the number of containers follows.</summary>
    public const int CookieWithoutRuns = 12346;

    /// <summary>Begins a 32-bit bitmap with runs, in the lower half; the upper half is the number of containers less one.</summary>
    public const int CookieWithRuns = 12347;

    /// <summary>Bitmaps with runs and fewer containers than this have no offsets.</summary>
    public const int FewestForOffsets = 4;

    public static bool HasOffsets(bool runs, int containers) => !runs || containers >= FewestForOffsets;

    public static int ContainerSize(RoaringContainer container) => container.Kind switch
    {
        RoaringKind.Array => 2 * container.Cardinality,
        RoaringKind.Bitmap => RoaringContainer.Words * sizeof(ulong),
        _ => 2 + (2 * container.Values.Length),
    };
}

/// <summary>Writes a deletion vector.</summary>
internal static class RoaringWriter
{
    public static byte[] Write(DeletionVector vector)
    {
        var keys = vector.Keys;
        var containers = vector.Containers;
        var buckets = new List<Range>();
        var size = sizeof(int) + sizeof(long);
        for (int from = 0, to; from < keys.Length; from = to)
        {
            for (to = from + 1; to < keys.Length && keys[to] >> 16 == keys[from] >> 16; to++)
            {
            }

            buckets.Add(from..to);
            size += sizeof(uint) + BucketSize(containers[from..to]);
        }

        var bytes = new byte[size];
        var output = bytes.AsSpan();
        BinaryPrimitives.WriteInt32LittleEndian(output, RoaringFormat.Magic);
        BinaryPrimitives.WriteInt64LittleEndian(output[4..], buckets.Count);
        output = output[12..];
        foreach (var bucket in buckets)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output, (uint)(keys[bucket.Start] >> 16));
            output = WriteBucket(output[4..], keys[bucket], containers[bucket]);
        }

        return bytes;
    }

    private static bool HasRuns(ReadOnlySpan<RoaringContainer> containers)
    {
        foreach (var container in containers)
        {
            if (container.Kind == RoaringKind.Run)
            {
                return true;
            }
        }

        return false;
    }

    private static int HeaderSize(bool runs, int containers) =>
        (runs ? 4 + ((containers + 7) / 8) : 8) + (4 * containers) + (RoaringFormat.HasOffsets(runs, containers) ? 4 * containers : 0);

    private static int BucketSize(ReadOnlySpan<RoaringContainer> containers)
    {
        var size = HeaderSize(HasRuns(containers), containers.Length);
        foreach (var container in containers)
        {
            size += RoaringFormat.ContainerSize(container);
        }

        return size;
    }

    private static Span<byte> WriteBucket(Span<byte> output, ReadOnlySpan<long> keys, ReadOnlySpan<RoaringContainer> containers)
    {
        var runs = HasRuns(containers);
        var position = HeaderSize(runs, containers.Length);
        if (runs)
        {
            BinaryPrimitives.WriteInt32LittleEndian(output, RoaringFormat.CookieWithRuns | ((containers.Length - 1) << 16));
            output = output[4..];
            for (var i = 0; i < containers.Length; i++)
            {
                output[i / 8] |= containers[i].Kind == RoaringKind.Run ? (byte)(1 << (i % 8)) : (byte)0;
            }

            output = output[((containers.Length + 7) / 8)..];
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(output, RoaringFormat.CookieWithoutRuns);
            BinaryPrimitives.WriteInt32LittleEndian(output[4..], containers.Length);
            output = output[8..];
        }

        for (var i = 0; i < containers.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(output, (ushort)(keys[i] & ushort.MaxValue));
            BinaryPrimitives.WriteUInt16LittleEndian(output[2..], (ushort)(containers[i].Cardinality - 1));
            output = output[4..];
        }

        if (RoaringFormat.HasOffsets(runs, containers.Length))
        {
            foreach (var container in containers)
            {
                BinaryPrimitives.WriteInt32LittleEndian(output, position);
                position += RoaringFormat.ContainerSize(container);
                output = output[4..];
            }
        }

        foreach (var container in containers)
        {
            output = WriteContainer(output, container);
        }

        return output;
    }

    private static Span<byte> WriteContainer(Span<byte> output, RoaringContainer container)
    {
        if (container.Kind == RoaringKind.Run)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(output, (ushort)(container.Values.Length / 2));
            output = output[2..];
        }

        foreach (var value in container.Values)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(output, value);
            output = output[2..];
        }

        foreach (var word in container.Bits)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(output, word);
            output = output[8..];
        }

        return output;
    }
}
