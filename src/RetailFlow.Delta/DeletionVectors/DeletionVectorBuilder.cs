namespace RetailFlow.Delta;

/// <summary>Collects rows. Ascending ones go straight into containers; from the first that goes back on, the rest is sorted at the end.</summary>
internal sealed class DeletionVectorBuilder
{
    // The format's buckets are numbered by 32 bits; the other implementations take them as signed.
    private const long LargestRow = ((long)int.MaxValue << 32) - 1;

    private readonly List<long> keys = [];
    private readonly List<RoaringContainer> containers = [];
    private readonly ushort[] pending = new ushort[1 << 16];
    private List<long>? unordered;
    private int count;
    private long key = -1;
    private long last = -1;

    public void Add(ReadOnlySpan<long> rows)
    {
        foreach (var row in rows)
        {
            Add(row);
        }
    }

    public void Add(long row)
    {
        if (row <= last)
        {
            AddOutOfOrder(row);
            return;
        }

        if (unordered is not null)
        {
            unordered.Add(row);
            return;
        }

        if (row >> 16 != key)
        {
            if (row > LargestRow)
            {
                throw OutOfRange(row);
            }

            Flush();
            key = row >> 16;
        }

        pending[count++] = unchecked((ushort)row);
        last = row;
    }

    public DeletionVector Build()
    {
        Flush();
        var ordered = keys.Count == 0 ? DeletionVector.Empty : new DeletionVector([.. keys], [.. containers]);
        if (unordered is null)
        {
            return ordered;
        }

        unordered.Sort();
        if (unordered[0] < 0 || unordered[^1] > LargestRow)
        {
            throw OutOfRange(unordered[0] < 0 ? unordered[0] : unordered[^1]);
        }

        var rest = new DeletionVectorBuilder();
        var previous = -1L;
        foreach (var row in unordered)
        {
            if (row != previous)
            {
                rest.Add(row);
                previous = row;
            }
        }

        return ordered.Union(rest.Build());
    }

    private static ArgumentOutOfRangeException OutOfRange(long row) =>
        new(nameof(row), row, $"A deletion vector holds row indexes from 0 to {LargestRow}.");

    private void AddOutOfOrder(long row)
    {
        if (row != last)
        {
            (unordered ??= []).Add(row);
        }
        else if (row < 0)
        {
            throw OutOfRange(row);
        }
    }

    private void Flush()
    {
        if (count > 0)
        {
            keys.Add(key);
            containers.Add(RoaringContainer.OfSorted(pending.AsSpan(0, count)));
            count = 0;
        }
    }
}
