using System.Runtime.CompilerServices;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Ledger;

/// <summary>The names by which a text is found.</summary>
internal enum NameKind : byte
{
    /// <summary>The reservation's identity: the text is its state.</summary>
    Identity,

    /// <summary>The idempotency key: the text is the answer to it.</summary>
    Key,
}

/// <summary>
/// Texts of transitions, one behind the other in large blocks of bytes: millions of them are a few objects to the managed heap's collector. Whoever
/// refers to a text is noted in it, so that it can be moved. For one thread.
/// </summary>
internal sealed class TransitionArena
{
    private const int SmallestBlock = 4 * 1024;
    private const int LargestBlock = 16 * 1024 * 1024;
    private const int OffsetBits = 32;
    private const int Alignment = 4;

    private readonly List<Block?> blocks = [];
    private readonly Stack<int> gone = [];
    private int current = -1;

    /// <summary>What stands before a text. An owner is the slot that refers to it, or -1.</summary>
    internal struct Head
    {
        public int Bytes;
        public int Reservation;
        public int Answer;
        public int IdLength;
        public int KeyLength;
    }

    /// <summary>Bytes that all blocks have.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes a text: both its names and the rest of it. Nothing refers to it yet.</summary>
    public long Add(ReadOnlySpan<byte> id, ReadOnlySpan<byte> key, ReadOnlySpan<byte> rest)
    {
        long place = Take((Unsafe.SizeOf<Head>() + id.Length + key.Length + rest.Length + Alignment - 1) & ~(Alignment - 1));
        ref Head head = ref HeadOf(place);
        head.Reservation = -1;
        head.Answer = -1;
        head.IdLength = id.Length;
        head.KeyLength = key.Length;
        Span<byte> body = BodyOf(place);
        id.CopyTo(body);
        key.CopyTo(body[id.Length..]);
        rest.CopyTo(body[(id.Length + key.Length)..]);
        return place;
    }

    public ref Head HeadOf(long place) =>
        ref Unsafe.As<byte, Head>(ref blocks[BlockOf(place)]!.Bytes[OffsetOf(place)]);

    /// <summary>What stands behind the names, and then anything.</summary>
    public ReadOnlySpan<byte> RestOf(long place)
    {
        ref Head head = ref HeadOf(place);
        return BodyOf(place)[(head.IdLength + head.KeyLength)..];
    }

    /// <summary>A name of a text, as it stands in it.</summary>
    public ReadOnlySpan<byte> NameOf(long place, NameKind kind)
    {
        ref Head head = ref HeadOf(place);
        return kind == NameKind.Identity
            ? BodyOf(place)[..head.IdLength]
            : BodyOf(place).Slice(head.IdLength, head.KeyLength);
    }

    /// <summary>The slot that refers to a text by that name of it; -1 if none does.</summary>
    public ref int OwnerOf(long place, NameKind kind)
    {
        ref Head head = ref HeadOf(place);
        return ref kind == NameKind.Identity ? ref head.Reservation : ref head.Answer;
    }

    /// <summary>
    /// To be called when an owner has let go of a text. Returns the block that is to be emptied (<see cref="NextIn"/>, <see cref="Move"/>) because
    /// little of it is referred to; -1 if there is none.
    /// </summary>
    public int Release(long place)
    {
        ref Head head = ref HeadOf(place);
        if (head.Reservation >= 0 || head.Answer >= 0)
        {
            return -1;
        }

        int at = BlockOf(place);
        Block block = blocks[at]!;
        block.Live -= head.Bytes;
        if (at == current)
        {
            return -1;
        }

        if (block.Live == 0)
        {
            Drop(at);
            return -1;
        }

        return block.Live < block.Used / 4 ? at : -1;
    }

    /// <summary>The first text of a block at or behind an offset that something refers to; false if there is none.</summary>
    public bool NextIn(int block, ref int offset, out long place)
    {
        Block from = blocks[block]!;
        while (offset < from.Used)
        {
            place = ((long)block << OffsetBits) | (uint)offset;
            ref Head head = ref HeadOf(place);
            offset += head.Bytes;
            if (head.Reservation >= 0 || head.Answer >= 0)
            {
                return true;
            }
        }

        place = -1;
        return false;
    }

    /// <summary>Copies a text to where there is room, and returns its new place. The old one is of no more use.</summary>
    public long Move(long place)
    {
        int bytes = HeadOf(place).Bytes;
        long to = Take(bytes);
        WholeOf(place, bytes).CopyTo(WholeOf(to, bytes));
        blocks[BlockOf(place)]!.Live -= bytes;
        return to;
    }

    /// <summary>Gives a block back of which nothing is referred to.</summary>
    public void Drop(int block)
    {
        Bytes -= blocks[block]!.Bytes.Length;
        blocks[block] = null;
        gone.Push(block);
    }

    private long Take(int bytes)
    {
        if (current < 0 || blocks[current]!.Bytes.Length - blocks[current]!.Used < bytes)
        {
            Begin(bytes);
        }

        Block block = blocks[current]!;
        long place = ((long)current << OffsetBits) | (uint)block.Used;
        block.Used += bytes;
        block.Live += bytes;
        HeadOf(place).Bytes = bytes;
        return place;
    }

    private void Begin(int bytes)
    {
        int size = (int)Math.Clamp(Bytes / 4, SmallestBlock, LargestBlock);
        Block block = new(LargeArrays.New<byte>(Math.Max(size, bytes), cleared: false));
        Bytes += block.Bytes.Length;
        int before = current;
        if (gone.TryPop(out current))
        {
            blocks[current] = block;
        }
        else
        {
            current = blocks.Count;
            blocks.Add(block);
        }

        if (before >= 0 && blocks[before]!.Live == 0)
        {
            Drop(before);
        }
    }

    private Span<byte> BodyOf(long place) => blocks[BlockOf(place)]!.Bytes.AsSpan(OffsetOf(place) + Unsafe.SizeOf<Head>());

    private Span<byte> WholeOf(long place, int bytes) => blocks[BlockOf(place)]!.Bytes.AsSpan(OffsetOf(place), bytes);

    private static int BlockOf(long place) => (int)(place >> OffsetBits);

    private static int OffsetOf(long place) => unchecked((int)(uint)place);

    private sealed class Block(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        public int Used { get; set; }

        public int Live { get; set; }
    }
}
