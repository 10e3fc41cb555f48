namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Slots by the moment at which they expire. Most come in the order of their moments, or in a few such orders, one for each usual length of time: each of those
/// is a queue that touches no memory but its ends. What fits into none is kept in a heap. For one thread.
/// </summary>
internal sealed class ExpiryQueue
{
    private const int Lanes = 4;

    private readonly PagedQueue<(long Micros, int Slot)>[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new PagedQueue<(long, int)>())];
    private readonly long[] newest = new long[Lanes];
    private readonly PriorityQueue<int, long> others = new();

    /// <summary>Adds a slot.</summary>
    public void Enqueue(int slot, long micros)
    {
        // The lane that is least far ahead; an empty one, which could take anything, only if no other can.
        int best = -1;
        int empty = -1;
        for (int lane = 0; lane < Lanes; lane++)
        {
            if (lanes[lane].Count == 0)
            {
                empty = lane;
            }
            else if (newest[lane] <= micros && (best < 0 || newest[lane] > newest[best]))
            {
                best = lane;
            }
        }

        best = best < 0 ? empty : best;
        if (best < 0)
        {
            others.Enqueue(slot, micros);
            return;
        }

        lanes[best].Enqueue((micros, slot));
        newest[best] = micros;
    }

    /// <summary>The slot that expires first, and when; false if there is none.</summary>
    public bool TryPeek(out int slot, out long micros) => First(out slot, out micros) is not null;

    /// <summary>Takes the slot away that expires first, which there must be.</summary>
    public void Dequeue()
    {
        if (First(out _, out _) is { } lane and < Lanes)
        {
            lanes[lane].Dequeue();
        }
        else
        {
            others.Dequeue();
        }
    }

    /// <summary>The lane that has the first one, beyond the last if it is none of them; null if there is nothing.</summary>
    private int? First(out int slot, out long micros)
    {
        int? first = null;
        if (others.TryPeek(out slot, out micros))
        {
            first = Lanes;
        }

        for (int lane = 0; lane < Lanes; lane++)
        {
            if (lanes[lane].TryPeek(out (long Micros, int Slot) next) && (first is null || next.Micros < micros))
            {
                (first, slot, micros) = (lane, next.Slot, next.Micros);
            }
        }

        return first;
    }
}
