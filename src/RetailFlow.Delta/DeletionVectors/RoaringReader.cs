using System.Buffers.Binary;
using System.Numerics;

namespace RetailFlow.Delta;

/// <summary>Reads a deletion vector, believing nothing.</summary>
internal ref struct RoaringReader(ReadOnlySpan<byte> input)
{
    private readonly ReadOnlySpan<byte> input = input;
    private readonly List<long> keys = [];
    private readonly List<RoaringContainer> containers = [];
    private int position;

    public DeletionVector Read()
    {
        if (Int32("magic number") is var magic && magic != RoaringFormat.Magic)
        {
            throw Malformed($"its magic number is {magic}, not {RoaringFormat.Magic}");
        }

        var buckets = BinaryPrimitives.ReadInt64LittleEndian(Take(8, "number of buckets"));

        // A bucket has at least a key, a cookie and a count.
        if (buckets < 0 || buckets > (input.Length - position) / 12)
        {
            throw Malformed($"it cannot hold {buckets} buckets");
        }

        var previous = -1L;
        for (var i = 0; i < buckets; i++)
        {
            var key = BinaryPrimitives.ReadUInt32LittleEndian(Take(4, "key of a bucket"));
            if (key <= previous || key >= int.MaxValue)
            {
                throw Malformed($"bucket {i} has the key {key} after {previous}");
            }

            previous = key;
            Bucket(key);
        }

        if (position != input.Length)
        {
            throw Malformed($"{input.Length - position} bytes follow its end");
        }

        return keys.Count == 0 ? DeletionVector.Empty : new DeletionVector([.. keys], [.. containers]);
    }

    private void Bucket(long bucket)
    {
        var start = position;
        var cookie = Int32("cookie");
        var runs = (cookie & 0xFFFF) == RoaringFormat.CookieWithRuns;
        if (!runs && cookie != RoaringFormat.CookieWithoutRuns)
        {
            throw Malformed($"bucket {bucket} begins with {cookie}, which is no bitmap");
        }

        var count = runs ? (cookie >>> 16) + 1 : Int32("number of containers");
        if (count is < 0 or > 1 << 16)
        {
            throw Malformed($"bucket {bucket} cannot hold {count} containers");
        }

        var runFlags = runs ? Take((count + 7) / 8, "run flags") : default;
        var header = Take(4 * count, "container headers");
        var offsets = RoaringFormat.HasOffsets(runs, count) ? Take(4 * count, "container offsets") : default;
        var previous = -1;
        for (var i = 0; i < count; i++)
        {
            var key = BinaryPrimitives.ReadUInt16LittleEndian(header[(4 * i)..]);
            var cardinality = BinaryPrimitives.ReadUInt16LittleEndian(header[((4 * i) + 2)..]) + 1;
            if (key <= previous)
            {
                throw Malformed($"bucket {bucket} has the container {key} after {previous}");
            }

            if (!offsets.IsEmpty && BinaryPrimitives.ReadUInt32LittleEndian(offsets[(4 * i)..]) != (uint)(position - start))
            {
                throw Malformed($"container {key} of bucket {bucket} is not where its offset says");
            }

            previous = key;
            var isRun = runs && (runFlags[i / 8] & (1 << (i % 8))) != 0;
            var container = isRun ? Runs() : cardinality <= RoaringContainer.LargestArray ? Sorted(cardinality) : Bits(cardinality);
            if (container?.Cardinality != cardinality)
            {
                throw Malformed($"container {key} of bucket {bucket} does not hold {cardinality} ascending rows");
            }

            keys.Add((bucket << 16) | key);
            containers.Add(container);
        }
    }

    private RoaringContainer? Runs()
    {
        var count = BinaryPrimitives.ReadUInt16LittleEndian(Take(2, "number of runs"));
        return RoaringContainer.OfRuns(Values(2 * count));
    }

    private RoaringContainer? Sorted(int cardinality)
    {
        var values = Values(cardinality);
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] <= values[i - 1])
            {
                return null;
            }
        }

        return RoaringContainer.OfSorted(values);
    }

    private RoaringContainer? Bits(int cardinality)
    {
        var source = Take(RoaringContainer.Words * sizeof(ulong), "bitmap");
        var bits = new ulong[RoaringContainer.Words];
        var found = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * i)..]);
            found += BitOperations.PopCount(bits[i]);
        }

        return found == cardinality ? RoaringContainer.OfBits(bits) : null;
    }

    private ushort[] Values(int count)
    {
        var source = Take(2 * count, "rows of a container");
        var values = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
        }

        return values;
    }

    private int Int32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what));

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > input.Length - position)
        {
            throw Malformed($"it ends within the {what}");
        }

        position += length;
        return input.Slice(position - length, length);
    }

    private readonly DeltaException Malformed(string why) =>
        DeltaException.Corrupt($"A deletion vector of {input.Length} bytes is malformed at byte {position}: {why}.");
}
