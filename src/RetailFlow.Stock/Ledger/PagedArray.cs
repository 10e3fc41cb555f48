using System.Numerics;
using System.Runtime.CompilerServices;
using RetailFlow.Storage;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Values by number in arrays that stay where they are: growing copies nothing. The first arrays are small and double; from some megabytes on all are of one size.
/// </summary>
internal sealed class PagedArray<T>
    where T : unmanaged
{
    private const int FirstBits = 8;
    private const int LargeBits = 17;
    private const int SmallPages = LargeBits - FirstBits + 1;

    // Two kilobytes of the smallest values that there are here, and eight of the largest.
    private const int ReadyAtOnce = 128;

    private int ready;
    private T[][] pages = new T[SmallPages][];

    /// <summary>The value of a number for which <see cref="Require"/> was called.</summary>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)] // A search does little else.
        get
        {
            int large = index >> LargeBits;
            if (large > 0)
            {
                return ref pages[SmallPages + large - 1][index & ((1 << LargeBits) - 1)];
            }

            // Page 0 takes the numbers below the first length; every other one those of one highest bit, which is its length.
            int highest = BitOperations.Log2((uint)index | ((1 << FirstBits) - 1));
            return ref pages[highest - FirstBits + 1][index & ~((1 << highest) & (-1 << FirstBits))];
        }
    }

    /// <summary>Makes room for a number; those below it have room already. What is new is zero.</summary>
    public void Require(int index)
    {
        while (index >= ready)
        {
            Prepare();
        }
    }

    /// <summary>Clears the next few values, so that they are near when they are used, and a new array is not gone through at once.</summary>
    private void Prepare()
    {
        int large = ready >> LargeBits;
        int page = large > 0 ? SmallPages + large - 1 : PageOf(ready);
        if (page >= pages.Length)
        {
            Array.Resize(ref pages, pages.Length * 2);
        }

        T[] values = pages[page] ??= LargeArrays.New<T>(large > 0 ? 1 << LargeBits : LengthOf(page), cleared: false);
        int from = large > 0 ? ready & ((1 << LargeBits) - 1) : ready - (page == 0 ? 0 : LengthOf(page));
        int count = Math.Min(ReadyAtOnce, values.Length - from);
        values.AsSpan(from, count).Clear();
        ready += count;
    }

    private static int PageOf(int index) => BitOperations.Log2((uint)index | ((1 << FirstBits) - 1)) - FirstBits + 1;

    // Page 0 and page 1 are of one length, then it doubles; a page begins with the index that is its length.
    private static int LengthOf(int page) => 1 << (FirstBits + Math.Max(0, page - 1));
}
