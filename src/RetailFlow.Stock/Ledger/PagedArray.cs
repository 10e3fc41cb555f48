using System.Numerics;
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

    private T[][] pages = new T[SmallPages][];

    /// <summary>The value of a number for which <see cref="Require"/> was called.</summary>
    public ref T this[int index]
    {
        get
        {
            int large = index >> LargeBits;
            if (large > 0)
            {
                return ref pages[SmallPages + large - 1][index & ((1 << LargeBits) - 1)];
            }

            int page = PageOf(index);
            return ref pages[page][page == 0 ? index : index - LengthOf(page)];
        }
    }

    /// <summary>Makes room for a number; those below it have room already. What is new is zero.</summary>
    public void Require(int index)
    {
        int large = index >> LargeBits;
        int page = large > 0 ? SmallPages + large - 1 : PageOf(index);
        if (page >= pages.Length)
        {
            Array.Resize(ref pages, pages.Length * 2);
        }

        pages[page] ??= LargeArrays.New<T>(large > 0 ? 1 << LargeBits : LengthOf(page), cleared: true);
    }

    private static int PageOf(int index) => BitOperations.Log2((uint)index | ((1 << FirstBits) - 1)) - FirstBits + 1;

    // Page 0 and page 1 are of one length, then it doubles; a page begins with the index that is its length.
    private static int LengthOf(int page) => 1 << (FirstBits + Math.Max(0, page - 1));
}
