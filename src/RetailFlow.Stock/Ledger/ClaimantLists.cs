namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Lists of reservations, one for each key that has claims, in common arrays without references: a claim costs no object, and the place of the next one
/// is not searched for. Places are numbered from 1. For one thread.
/// </summary>
internal sealed class ClaimantLists
{
    private readonly PagedArray<Node> nodes = new();
    private int used;
    private int free;

    /// <summary>The reservation at a place.</summary>
    public ReservationHandle this[int at] => NodeAt(at).Reservation;

    /// <summary>The place of the next older one; 0 if there is none.</summary>
    public int Next(int at) => NodeAt(at).Next;

    /// <summary>Puts a reservation before a list, and returns its place.</summary>
    public int Add(ReservationHandle reservation, int before)
    {
        int at = free;
        if (at != 0)
        {
            free = NodeAt(at).Next;
        }
        else
        {
            nodes.Require(used);
            at = ++used;
        }

        NodeAt(at) = new Node { Reservation = reservation, Next = before };
        return at;
    }

    /// <summary>Takes out of a list what is no longer wanted.</summary>
    /// <returns>Where the list begins then, and how many are in it.</returns>
    public (int Newest, int Count) Keep(int newest, Predicate<ReservationHandle> wanted)
    {
        int first = newest;
        int count = 0;
        ref int link = ref first;
        while (link != 0)
        {
            int at = link;
            ref Node node = ref NodeAt(at);
            if (wanted(node.Reservation))
            {
                count++;
                link = ref node.Next;
                continue;
            }

            link = node.Next;
            node = new Node { Next = free };
            free = at;
        }

        return (first, count);
    }

    private ref Node NodeAt(int at) => ref nodes[at - 1];

    private struct Node
    {
        public ReservationHandle Reservation;
        public int Next;
    }
}
