using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RetailFlow.Storage;

/// <summary>Arrays of many megabytes that are read here and there: fewer and larger pages of memory make that cheaper.</summary>
public static class LargeArrays
{
    // What x64 and most arm64 systems have as the next size of a page.
    private const int LargePage = 2 * 1024 * 1024;

    // Below, an array may not hold one such page whole.
    private const int Fewest = 2 * LargePage;

    /// <summary>
    /// An array of values. One of 4 MiB or more does not move, and on Linux the system is asked to back it by large pages (madvise(2), MADV_HUGEPAGE);
    /// where it does not, nothing else changes.
    /// </summary>
    /// <param name="length">Its length.</param>
    /// <param name="cleared">Whether all values must be zero; otherwise they are anything.</param>
    public static T[] New<T>(int length, bool cleared)
        where T : unmanaged
    {
        long bytes = (long)length * Unsafe.SizeOf<T>();
        if (bytes < Fewest)
        {
            return cleared ? new T[length] : GC.AllocateUninitializedArray<T>(length);
        }

        T[] array = GC.AllocateUninitializedArray<T>(length, pinned: true);
        if (OperatingSystem.IsLinux())
        {
            nint from = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
            nint to = (from + (nint)bytes) & ~(nint)(LargePage - 1);
            from = (from + LargePage - 1) & ~(nint)(LargePage - 1);
            _ = to > from ? Libc.Advise(from, (nuint)(to - from), Libc.AdviseHugePage) : 0;
        }

        if (cleared)
        {
            // After the advice, so that the pages that this brings are large.
            Array.Clear(array);
        }

        return array;
    }
}
