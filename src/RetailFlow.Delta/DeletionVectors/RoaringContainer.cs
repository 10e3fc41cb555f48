using System.Numerics;
using System.Runtime.InteropServices;

namespace RetailFlow.Delta;

/// <summary>How a container keeps its values (Roaring format specification, "Containers").</summary>
internal enum RoaringKind
{
    /// <summary>Sorted values; at most <see cref="RoaringContainer.LargestArray"/> of them.</summary>
    Array,

    /// <summary>One bit per possible value.</summary>
    Bitmap,

    /// <summary>Sorted pairs of a first value and how many follow it.</summary>
    Run,
}

/// <summary>A set of 16-bit values, never empty, in the smallest of the three forms. Immutable.</summary>
internal sealed class RoaringContainer
{
    public const int LargestArray = 4096;
    public const int Words = 1024;

    // Values of an array, or pairs of a run; empty for a bitmap.
    private readonly ushort[] values;
    private readonly ulong[]? words;

    private RoaringContainer(RoaringKind kind, ushort[] values, ulong[]? words, int cardinality)
    {
        Kind = kind;
        this.values = values;
        this.words = words;
        Cardinality = cardinality;
    }

    public RoaringKind Kind { get; }

    public int Cardinality { get; }

    /// <summary>The values of an array, the pairs of a run.</summary>
    public ReadOnlySpan<ushort> Values => values;

    /// <summary>The bits of a bitmap.</summary>
    public ReadOnlySpan<ulong> Bits => words;

    public ushort Max => Kind switch
    {
        RoaringKind.Array => values[^1],
        RoaringKind.Run => (ushort)(values[^2] + values[^1]),
        _ => HighestBit(),
    };

    /// <summary>A container of ascending values without duplicates.</summary>
    public static RoaringContainer OfSorted(ReadOnlySpan<ushort> sorted)
    {
        var runs = 1;
        for (var i = 1; i < sorted.Length; i++)
        {
            runs += sorted[i] == sorted[i - 1] + 1 ? 0 : 1;
        }

        if (RunsAreSmallest(runs, sorted.Length))
        {
            var pairs = new ushort[runs * 2];
            var at = -2;
            for (var i = 0; i < sorted.Length; i++)
            {
                if (i > 0 && sorted[i] == sorted[i - 1] + 1)
                {
                    pairs[at + 1]++;
                }
                else
                {
                    at += 2;
                    pairs[at] = sorted[i];
                }
            }

            return new(RoaringKind.Run, pairs, null, sorted.Length);
        }

        if (sorted.Length <= LargestArray)
        {
            return new(RoaringKind.Array, sorted.ToArray(), null, sorted.Length);
        }

        var bits = new ulong[Words];
        foreach (var value in sorted)
        {
            bits[value >> 6] |= 1UL << (value & 63);
        }

        return new(RoaringKind.Bitmap, [], bits, sorted.Length);
    }

    /// <summary>A container of the set bits; null if there are none. Takes the array over.</summary>
    public static RoaringContainer? OfBits(ulong[] bits)
    {
        var cardinality = 0;
        var runs = 0;
        var carry = 0UL;
        foreach (var word in bits)
        {
            cardinality += BitOperations.PopCount(word);
            runs += BitOperations.PopCount(word & ~((word << 1) | carry));
            carry = word >> 63;
        }

        if (cardinality > LargestArray && !RunsAreSmallest(runs, cardinality))
        {
            return new(RoaringKind.Bitmap, [], bits, cardinality);
        }

        if (cardinality == 0)
        {
            return null;
        }

        var sorted = new ushort[cardinality];
        FillFromBits(bits, sorted);
        return OfSorted(sorted);
    }

    /// <summary>A container of pairs as they are read; null if they are not ascending with a gap, or leave 16 bits.</summary>
    public static RoaringContainer? OfRuns(ushort[] pairs)
    {
        var cardinality = 0;
        var next = 0;
        for (var i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] < next || pairs[i] + pairs[i + 1] > ushort.MaxValue)
            {
                return null;
            }

            cardinality += pairs[i + 1] + 1;
            next = pairs[i] + pairs[i + 1] + 2;
        }

        return cardinality == 0 ? null : new(RoaringKind.Run, pairs, null, cardinality);
    }

    public bool Contains(ushort value)
    {
        switch (Kind)
        {
            case RoaringKind.Array:
                return System.Array.BinarySearch(values, value) >= 0;
            case RoaringKind.Bitmap:
                return ((words![value >> 6] >> (value & 63)) & 1) != 0;
            default:
                var (low, high) = (0, (values.Length / 2) - 1);
                while (low <= high)
                {
                    var middle = (low + high) >> 1;
                    if (value < values[2 * middle])
                    {
                        high = middle - 1;
                    }
                    else if (value - values[2 * middle] > values[(2 * middle) + 1])
                    {
                        low = middle + 1;
                    }
                    else
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    public RoaringContainer Union(RoaringContainer other)
    {
        if (Kind == RoaringKind.Array && other.Kind == RoaringKind.Array && Cardinality + other.Cardinality <= LargestArray)
        {
            return OfSorted(Merge(values, other.values));
        }

        var bits = ToBits();
        other.AddTo(bits);
        return OfBits(bits)!;
    }

    /// <summary>The values that the other does not have; null if there are none.</summary>
    public RoaringContainer? Except(RoaringContainer other)
    {
        if (Kind == RoaringKind.Array)
        {
            var kept = System.Array.FindAll(values, v => !other.Contains(v));
            return kept.Length == 0 ? null : kept.Length == values.Length ? this : OfSorted(kept);
        }

        var (bits, taken) = (ToBits(), other.ToBits());
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] &= ~taken[i];
        }

        return OfBits(bits);
    }

    public bool Overlaps(RoaringContainer other)
    {
        if (Kind == RoaringKind.Array)
        {
            return System.Array.Exists(values, other.Contains);
        }

        if (other.Kind == RoaringKind.Array)
        {
            return other.Overlaps(this);
        }

        var (bits, others) = (ToBits(), other.ToBits());
        for (var i = 0; i < bits.Length; i++)
        {
            if ((bits[i] & others[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The values in ascending order.</summary>
    public ushort[] ToSorted()
    {
        if (Kind == RoaringKind.Array)
        {
            return values;
        }

        var sorted = new ushort[Cardinality];
        FillFromBits(Kind == RoaringKind.Bitmap ? words! : ToBits(), sorted);
        return sorted;
    }

    // Size in bytes decides, as the format asks: two per value of an array, 8 KiB for a bitmap, two and four per pair for runs.
    private static bool RunsAreSmallest(int runs, int cardinality) =>
        2 + (4 * runs) < (cardinality <= LargestArray ? 2 * cardinality : Words * sizeof(ulong));

    private static void FillFromBits(ulong[] bits, ushort[] sorted)
    {
        var count = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            for (var word = bits[i]; word != 0; word &= word - 1)
            {
                sorted[count++] = (ushort)((i << 6) + BitOperations.TrailingZeroCount(word));
            }
        }
    }

    private static ReadOnlySpan<ushort> Merge(ushort[] left, ushort[] right)
    {
        var merged = new ushort[left.Length + right.Length];
        var (l, r, count) = (0, 0, 0);
        while (l < left.Length && r < right.Length)
        {
            var (a, b) = (left[l], right[r]);
            merged[count++] = Math.Min(a, b);
            l += a <= b ? 1 : 0;
            r += b <= a ? 1 : 0;
        }

        left.AsSpan(l).CopyTo(merged.AsSpan(count));
        count += left.Length - l;
        right.AsSpan(r).CopyTo(merged.AsSpan(count));
        return merged.AsSpan(0, count + right.Length - r);
    }

    private ushort HighestBit()
    {
        var last = words.AsSpan().LastIndexOfAnyExcept(0UL);
        return (ushort)((last << 6) + 63 - BitOperations.LeadingZeroCount(words![last]));
    }

    private ulong[] ToBits()
    {
        var bits = new ulong[Words];
        AddTo(bits);
        return bits;
    }

    private void AddTo(ulong[] bits)
    {
        switch (Kind)
        {
            case RoaringKind.Array:
                foreach (var value in values)
                {
                    bits[value >> 6] |= 1UL << (value & 63);
                }

                break;
            case RoaringKind.Bitmap:
                for (var i = 0; i < bits.Length; i++)
                {
                    bits[i] |= words![i];
                }

                break;
            case RoaringKind.Run:
                foreach (var (first, more) in MemoryMarshal.Cast<ushort, (ushort First, ushort More)>(values))
                {
                    SetRange(bits, first, first + more);
                }

                break;
        }
    }

    private static void SetRange(ulong[] bits, int first, int last)
    {
        var (from, to) = (first >> 6, last >> 6);
        var (head, tail) = (ulong.MaxValue << (first & 63), ulong.MaxValue >> (63 - (last & 63)));
        if (from == to)
        {
            bits[from] |= head & tail;
            return;
        }

        bits[from] |= head;
        bits.AsSpan(from + 1, to - from - 1).Fill(ulong.MaxValue);
        bits[to] |= tail;
    }
}
