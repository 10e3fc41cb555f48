using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// A hash table of numbered slots that grows one bucket at a time (linear hashing, W. Litwin, 1980): no insertion takes long however many there are,
/// and its memory is a few arrays without references. A bucket is as long as a line of the processor's cache, so that most searches read one line
/// before they meet what they look for. For one thread.
/// </summary>
internal sealed class SlotTable
{
    private const int FirstBuckets = 256;
    private const int BucketRoom = 7;
    private const ulong EvenPlaces = 0x5555;

    // Buckets that are yet to be divided hold twice as many as those that are.
    private const int MeanInBucket = 3;

    private readonly PagedArray<Slot> slots = new();
    private readonly PagedArray<Bucket> buckets = new();
    private readonly PagedArray<Bucket> overflow = new();
    private int bucketCount = FirstBuckets;
    private int overflowCount;
    private int freeOverflow;

    // Buckets below the next one to be divided are addressed by one bit more than the others.
    private int level = FirstBuckets;
    private int used;
    private int free = -1;

    public SlotTable() => buckets.Require(FirstBuckets - 1);

    /// <summary>What there is of a slot: 24 bytes, since millions of them are the memory that a rush brings in.</summary>
    internal struct Slot
    {
        private const int StateBits = 3;
        private const uint TakenBit = 1 << StateBits;
        private const int GenerationShift = StateBits + 1;

        /// <summary>Place of the text in the arena; -1 before there is one.</summary>
        public long Text;

        /// <summary>When it expires, or when it was given.</summary>
        public long Micros;

        /// <summary>What addresses it of its hash; of a free slot the next free one.</summary>
        public uint Hash;

        private uint rest;

        /// <summary>How often the slot was taken before, of which 28 bits are kept; a handle of an earlier time has another one.</summary>
        public int Generation
        {
            readonly get => (int)(rest >> GenerationShift);
            set => rest = (rest & ((1 << GenerationShift) - 1)) | unchecked((uint)value << GenerationShift);
        }

        /// <summary>State of the reservation.</summary>
        public ReservationState State
        {
            readonly get => (ReservationState)(rest & (TakenBit - 1));
            set => rest = (rest & ~(TakenBit - 1)) | (uint)value;
        }

        /// <summary>Whether it is taken.</summary>
        public bool IsTaken
        {
            readonly get => (rest & TakenBit) != 0;
            set => rest = value ? rest | TakenBit : rest & ~TakenBit;
        }
    }

    /// <summary>Slots that are taken.</summary>
    public int Count { get; private set; }

    public ref Slot this[int slot] => ref slots[slot];

    /// <summary>Where a search for a hash begins.</summary>
    public Search Find(ulong hash) => new(this, Fold(hash));

    /// <summary>Asks the processor for the line of its cache that a search for a hash will read.</summary>
    public unsafe void Expect(ulong hash)
    {
        if (Sse.IsSupported)
        {
            // The address may be of the past when it is used: a line more or less in the cache is all that depends on it.
            Sse.Prefetch0(Unsafe.AsPointer(ref BucketOf(Fold(hash))));
        }
    }

    /// <summary>Takes a slot for a hash.</summary>
    public int Add(ulong hash)
    {
        if (Count >= bucketCount * MeanInBucket)
        {
            Split();
        }

        int slot = free;
        if (slot >= 0)
        {
            free = unchecked((int)this[slot].Hash);
        }
        else
        {
            slot = used++;
            slots.Require(slot);
        }

        ref Slot entry = ref this[slot];
        entry = new Slot { Text = -1, Hash = Fold(hash), Generation = entry.Generation, IsTaken = true };
        Put(ref BucketOf(entry.Hash), entry.Hash, slot);
        Count++;
        return slot;
    }

    /// <summary>Takes the next number for a hash, for good: nothing is kept of it but where it is found. For a table that has no slots.</summary>
    public int AddNumber(ulong hash)
    {
        if (Count >= bucketCount * MeanInBucket)
        {
            Split();
        }

        uint folded = Fold(hash);
        Put(ref BucketOf(folded), folded, used);
        Count++;
        return used++;
    }

    /// <summary>Gives a slot back.</summary>
    public void Remove(int slot)
    {
        ref Slot entry = ref this[slot];
        ref Bucket bucket = ref BucketOf(entry.Hash);
        while (true)
        {
            for (int i = 0; i < bucket.Count; i++)
            {
                if (bucket.Entries[i].Slot == slot)
                {
                    bucket.Count--;
                    bucket.Entries[i] = bucket.Entries[bucket.Count];
                    entry = new Slot { Hash = unchecked((uint)free), Generation = unchecked(entry.Generation + 1) };
                    free = slot;
                    Count--;
                    return;
                }
            }

            bucket = ref Overflow(bucket.Next);
        }
    }

    private static uint Fold(ulong hash) => unchecked((uint)(hash ^ (hash >> 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Bucket BucketOf(uint hash)
    {
        int low = unchecked((int)hash) & int.MaxValue;
        int bucket = low & (level - 1);
        if (bucket < bucketCount - level)
        {
            bucket = low & ((level * 2) - 1);
        }

        return ref buckets[bucket];
    }

    // Numbered from 1: a bucket that is all zeros has none behind it.
    private ref Bucket Overflow(int number) => ref overflow[number - 1];

    private void Put(ref Bucket bucket, uint hash, int slot)
    {
        while (bucket.Count == BucketRoom)
        {
            if (bucket.Next == 0)
            {
                bucket.Next = TakeOverflow();
            }

            bucket = ref Overflow(bucket.Next);
        }

        bucket.Entries[bucket.Count++] = new Entry(hash, slot);
    }

    private int TakeOverflow()
    {
        int number = freeOverflow;
        if (number > 0)
        {
            freeOverflow = Overflow(number).Next;
            Overflow(number) = default;
            return number;
        }

        overflow.Require(overflowCount);
        return ++overflowCount;
    }

    /// <summary>Divides the next bucket in two.</summary>
    private void Split()
    {
        int from = bucketCount - level;
        int to = bucketCount;
        uint bit = (uint)level;
        buckets.Require(to);
        bucketCount++;
        ExpectSplit(from);
        if (bucketCount == level * 2)
        {
            level *= 2;
        }

        ref Bucket bucket = ref buckets[from];
        if (bucket.Next == 0)
        {
            Divide(ref bucket, ref buckets[to], bit);
            return;
        }

        Bucket divided = bucket;
        bucket = default;
        while (true)
        {
            for (int i = 0; i < divided.Count; i++)
            {
                Put(ref BucketOf(divided.Entries[i].Hash), divided.Entries[i].Hash, divided.Entries[i].Slot);
            }

            int next = divided.Next;
            if (next == 0)
            {
                return;
            }

            ref Bucket more = ref Overflow(next);
            divided = more;
            more = new Bucket { Next = freeOverflow };
            freeOverflow = next;
        }
    }

    /// <summary>Moves the entries with a bit of their hash to another bucket, which is empty. Which they are cannot be foretold, so nothing branches on it.</summary>
    private static void Divide(ref Bucket bucket, ref Bucket other, uint bit)
    {
        int kept = 0;
        int moved = 0;
        for (int i = 0; i < bucket.Count; i++)
        {
            Entry entry = bucket.Entries[i];
            int moves = (entry.Hash & bit) == 0 ? 0 : 1;
            bucket.Entries[kept] = entry;
            other.Entries[moved] = entry;
            kept += 1 - moves;
            moved += moves;
        }

        bucket.Count = kept;
        other.Count = moved;
    }

    /// <summary>Asks for what the next division will change: it comes within a few additions.</summary>
    private unsafe void ExpectSplit(int divided)
    {
        if (Sse.IsSupported && bucketCount < level * 2)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref buckets[divided + 1]));
        }
    }

    /// <summary>The slots with a hash, one after the other; of another hash seldom.</summary>
    internal ref struct Search
    {
        private readonly SlotTable table;
        private readonly uint hash;
        private ref Bucket bucket;

        // A bit for each entry of the bucket that is yet to be looked at and has the hash: the even ones of sixteen.
        private ulong left;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Search(SlotTable table, uint hash)
        {
            this.table = table;
            this.hash = hash;
            bucket = ref table.BucketOf(hash);
            left = Matches(ref bucket, hash);
        }

        /// <summary>The next one; -1 if there is none.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Next()
        {
            while (left == 0)
            {
                if (bucket.Next == 0)
                {
                    return -1;
                }

                bucket = ref table.Overflow(bucket.Next);
                left = Matches(ref bucket, hash);
            }

            int entry = BitOperations.TrailingZeroCount(left) / 2;
            left &= left - 1;
            return bucket.Entries[entry].Slot;
        }

        /// <summary>A bucket is sixteen numbers of 32 bits, of which those of even places are hashes: all are compared at once.</summary>
        private static ulong Matches(ref Bucket bucket, uint hash)
        {
            Vector512<uint> numbers = Unsafe.As<Bucket, Vector512<uint>>(ref bucket);
            ulong used = (1UL << (2 * bucket.Count)) - 1;
            return Vector512.Equals(numbers, Vector512.Create(hash)).ExtractMostSignificantBits() & used & EvenPlaces;
        }
    }

    private readonly record struct Entry(uint Hash, int Slot);

    [InlineArray(BucketRoom)]
    private struct Entries
    {
        private Entry first;
    }

    private struct Bucket
    {
        public Entries Entries;
        public int Count;
        public int Next;
    }
}
