namespace RetailFlow.Stock.Changes;

/// <summary>A change of stock.</summary>
/// <param name="Sku">SKU; null if every SKU at the location may have changed.</param>
/// <param name="Location">Location; null, together with no SKU, for all of them.</param>
/// <param name="Id">Its place.</param>
public readonly record struct StockChange(string? Sku, string? Location, ChangeId Id);

/// <summary>
/// The changes of last, which keys and in which order, a bounded number of them. One thread adds and never waits; any number of
/// threads read without a lock, each from a place of its own, and learn when that place has been overwritten.
/// </summary>
public sealed class ChangeRing
{
    private readonly string?[] skus;
    private readonly string?[] locations;
    private readonly long[] sequences;
    private readonly int mask;
    private readonly long start;
    private readonly long startSequence;
    private long head;

    // The slot of a change is taken from readers before it is written: one that has read it finds out.
    private long claimed;

    /// <summary>A ring without changes.</summary>
    /// <param name="capacity">How many changes it holds; a power of two.</param>
    /// <param name="start">The id that stands for its beginning. Its position is greater than any that was given out before.</param>
    public ChangeRing(int capacity, ChangeId start)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        if (!int.IsPow2(capacity))
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "The capacity is a power of two.");
        }

        skus = new string?[capacity];
        locations = new string?[capacity];
        sequences = new long[capacity];
        mask = capacity - 1;
        this.start = start.Position;
        startSequence = start.Sequence;
        head = start.Position;
        claimed = start.Position;
    }

    /// <summary>Is told after changes were added and can be read. Called by the thread that adds; must be quick and not throw.</summary>
    public Action? Added { get; set; }

    /// <summary>How many changes it holds.</summary>
    public int Capacity => sequences.Length;

    /// <summary>Position of the last change.</summary>
    public long Head => Volatile.Read(ref head);

    /// <summary>Adds a change; on one thread.</summary>
    /// <param name="sku">SKU; null for every SKU at the location.</param>
    /// <param name="location">Location; null, together with no SKU, for all.</param>
    /// <param name="sequence">The journal's sequence; never less than before.</param>
    public void Add(string? sku, string? location, long sequence)
    {
        long position = head + 1;
        Volatile.Write(ref claimed, position);
        Thread.MemoryBarrier();
        int slot = (int)(position & mask);
        skus[slot] = sku;
        locations[slot] = location;
        sequences[slot] = sequence;
        Volatile.Write(ref head, position);
    }

    /// <summary>The id of the last change.</summary>
    public ChangeId Last()
    {
        SpinWait wait = default;
        while (true)
        {
            long position = Head;
            if (TrySequence(position, out long sequence))
            {
                return new ChangeId(sequence, position);
            }

            wait.SpinOnce();
        }
    }

    /// <summary>Whether the id was given out here and everything after it is still held.</summary>
    public bool Holds(ChangeId id) => TrySequence(id.Position, out long sequence) && sequence == id.Sequence;

    /// <summary>Reads every change after a position, oldest first.</summary>
    /// <param name="after">The position.</param>
    /// <param name="into">Emptied, and filled.</param>
    /// <returns>False if some of them have been overwritten; <paramref name="into"/> is of no meaning then.</returns>
    public bool TryRead(long after, List<StockChange> into)
    {
        into.Clear();
        long last = Head;
        if (after < start || after > last || last - after > sequences.Length)
        {
            return false;
        }

        for (long position = after + 1; position <= last; position++)
        {
            int slot = (int)(position & mask);
            into.Add(new StockChange(skus[slot], locations[slot], new ChangeId(sequences[slot], position)));
        }

        // What was read is what stood there if no slot of it was taken meanwhile.
        Thread.MemoryBarrier();
        return Volatile.Read(ref claimed) - after <= sequences.Length;
    }

    private bool TrySequence(long position, out long sequence)
    {
        long last = Head;
        if (position == start && last - position < sequences.Length)
        {
            sequence = startSequence;
            return true;
        }

        sequence = 0;
        if (position <= start || position > last || last - position >= sequences.Length)
        {
            return false;
        }

        sequence = sequences[position & mask];
        Thread.MemoryBarrier();
        return Volatile.Read(ref claimed) - position < sequences.Length;
    }
}
