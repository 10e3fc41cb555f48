using System.Runtime.InteropServices;

namespace RetailFlow.Delta;

/// <summary>
/// The rows of one data file that are deleted: an immutable set of row indexes (physical positions in the file, from 0), kept as a
/// 64-bit Roaring bitmap (protocol section "Deletion Vector Format").
/// </summary>
public sealed class DeletionVector
{
    /// <summary>No row.</summary>
    public static readonly DeletionVector Empty = new([], []);

    // One entry per 65,536 rows that have any: the row index without its lower 16 bits, ascending, and the lower 16 bits.
    private readonly long[] keys;
    private readonly RoaringContainer[] containers;

    internal DeletionVector(long[] keys, RoaringContainer[] containers)
    {
        this.keys = keys;
        this.containers = containers;
        foreach (var container in containers)
        {
            Cardinality += container.Cardinality;
        }
    }

    /// <summary>Number of rows.</summary>
    public long Cardinality { get; }

    /// <summary>The largest row index; null if there is none.</summary>
    public long? Max => keys.Length == 0 ? null : (keys[^1] << 16) | containers[^1].Max;

    /// <summary>The row indexes in ascending order.</summary>
    public IEnumerable<long> Rows
    {
        get
        {
            for (var i = 0; i < keys.Length; i++)
            {
                var first = keys[i] << 16;
                foreach (var low in containers[i].ToSorted())
                {
                    yield return first | low;
                }
            }
        }
    }

    internal ReadOnlySpan<long> Keys => keys;

    internal ReadOnlySpan<RoaringContainer> Containers => containers;

    /// <summary>The set of the given rows, in any order, duplicates allowed; ascending rows are taken without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row index is negative or beyond what the format can hold.</exception>
    public static DeletionVector Of(IEnumerable<long> rows)
    {
        var builder = new DeletionVectorBuilder();
        switch (rows)
        {
            case long[] array:
                builder.Add(array);
                break;
            case List<long> list:
                builder.Add(CollectionsMarshal.AsSpan(list));
                break;
            default:
                foreach (var row in rows)
                {
                    builder.Add(row);
                }

                break;
        }

        return builder.Build();
    }

    /// <inheritdoc cref="Of(IEnumerable{long})"/>
    public static DeletionVector Of(ReadOnlySpan<long> rows)
    {
        var builder = new DeletionVectorBuilder();
        builder.Add(rows);
        return builder.Build();
    }

    /// <summary>Reads the serialized form: the magic number, then a 64-bit Roaring bitmap in portable form, and nothing after it.</summary>
    /// <exception cref="DeltaException"><see cref="DeltaErrorKind.Corrupt"/>: what is wrong, and at which byte.</exception>
    public static DeletionVector Parse(ReadOnlySpan<byte> serialized) => new RoaringReader(serialized).Read();

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public byte[] Serialize() => RoaringWriter.Write(this);

    /// <summary>Whether the row is deleted.</summary>
    public bool Contains(long row)
    {
        var at = Array.BinarySearch(keys, row >> 16);
        return at >= 0 && containers[at].Contains(unchecked((ushort)row));
    }

    /// <summary>Tells of each row whether it is not deleted. Fastest where neighbours in the file are neighbours here.</summary>
    /// <param name="rows">Row indexes in any order.</param>
    /// <param name="live">Where the answers go, one for every row.</param>
    public void FindLive(ReadOnlySpan<long> rows, Span<bool> live)
    {
        var (key, container) = (-1L, default(RoaringContainer));
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] >> 16 != key)
            {
                key = rows[i] >> 16;
                var at = Array.BinarySearch(keys, key);
                container = at < 0 ? null : containers[at];
            }

            live[i] = container is null || !container.Contains(unchecked((ushort)rows[i]));
        }
    }

    /// <summary>The rows of both.</summary>
    public DeletionVector Union(DeletionVector other)
    {
        if (keys.Length == 0 || other.keys.Length == 0)
        {
            return keys.Length == 0 ? other : this;
        }

        var united = new List<(long Key, RoaringContainer Container)>(keys.Length + other.keys.Length);
        var (i, j) = (0, 0);
        while (i < keys.Length || j < other.keys.Length)
        {
            if (j == other.keys.Length || (i < keys.Length && keys[i] < other.keys[j]))
            {
                united.Add((keys[i], containers[i]));
                i++;
            }
            else if (i == keys.Length || other.keys[j] < keys[i])
            {
                united.Add((other.keys[j], other.containers[j]));
                j++;
            }
            else
            {
                united.Add((keys[i], containers[i].Union(other.containers[j])));
                i++;
                j++;
            }
        }

        return Of(united);
    }

    /// <summary>The rows that the other does not have.</summary>
    public DeletionVector Except(DeletionVector other)
    {
        var kept = new List<(long Key, RoaringContainer Container)>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            var at = Array.BinarySearch(other.keys, keys[i]);
            if ((at < 0 ? containers[i] : containers[i].Except(other.containers[at])) is { } rest)
            {
                kept.Add((keys[i], rest));
            }
        }

        return Of(kept);
    }

    /// <summary>Whether a row is in both.</summary>
    public bool Overlaps(DeletionVector other)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            var at = Array.BinarySearch(other.keys, keys[i]);
            if (at >= 0 && containers[i].Overlaps(other.containers[at]))
            {
                return true;
            }
        }

        return false;
    }

    private static DeletionVector Of(List<(long Key, RoaringContainer Container)> parts) =>
        parts.Count == 0 ? Empty : new([.. parts.Select(p => p.Key)], [.. parts.Select(p => p.Container)]);
}
