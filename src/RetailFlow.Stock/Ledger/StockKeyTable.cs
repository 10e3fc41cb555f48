using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Keys by SKU and location together, and by number: a search reads one line of a table and the key itself, and both can be asked for before they are
/// needed. Keys stay. For one thread.
/// </summary>
internal sealed class StockKeyTable
{
    private const int PageBits = 12;
    private const int CacheLine = 64;

    // What a decision reads and changes of a key, and what its publication writes.
    private const int LinesOfKey = 5;

    private readonly SlotTable table = new();
    private StockKey[][] pages = new StockKey[4][];

    /// <summary>The key of a number.</summary>
    public StockKey this[int number] => pages[number >> PageBits][number & ((1 << PageBits) - 1)];

    /// <summary>The hash by which a key is found.</summary>
    public static ulong HashOf(string sku, string location) => unchecked(
        (JsonName.Hash(MemoryMarshal.AsBytes(sku.AsSpan())) * 3) ^ JsonName.Hash(MemoryMarshal.AsBytes(location.AsSpan())));

    /// <summary>Adds a key, which is not there yet.</summary>
    public void Add(StockKey key)
    {
        int number = table.AddNumber(HashOf(key.Sku, key.Location));
        int page = number >> PageBits;
        if (page >= pages.Length)
        {
            Array.Resize(ref pages, pages.Length * 2);
        }

        pages[page] ??= new StockKey[1 << PageBits];
        pages[page][number & ((1 << PageBits) - 1)] = key;
        key.Number = number;
    }

    /// <summary>The key of a SKU at a location; null if there is none.</summary>
    public StockKey? Find(string sku, string location, ulong hash)
    {
        SlotTable.Search search = table.Find(hash);
        while (true)
        {
            int number = search.Next();
            if (number < 0)
            {
                return null;
            }

            StockKey key = this[number];
            if (key.Sku == sku && key.Location == location)
            {
                return key;
            }
        }
    }

    /// <summary>Asks the processor for the line of its cache that a search for a hash will read.</summary>
    public void Expect(ulong hash) => table.Expect(hash);

    /// <summary>The number of the key that a search for a hash would meet first, whose place is asked for; -1 if there is none.</summary>
    public unsafe int ExpectNumber(ulong hash)
    {
        int number = table.Find(hash).Next();
        if (number >= 0 && Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref pages[number >> PageBits][number & ((1 << PageBits) - 1)]));
        }

        return number;
    }

    /// <summary>Asks the processor for the key of a number.</summary>
    public unsafe void ExpectKey(int number)
    {
        if (number >= 0 && Sse.IsSupported)
        {
            StockKey key = this[number];

            // The key may have moved when this is used: a line more or less in the cache is all that depends on it.
            byte* at = *(byte**)Unsafe.AsPointer(ref key);
            for (int line = 0; line < LinesOfKey; line++)
            {
                Sse.Prefetch0(at + (line * CacheLine));
            }
        }
    }
}
