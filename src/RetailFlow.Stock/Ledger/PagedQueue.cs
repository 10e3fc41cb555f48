using System.Diagnostics.CodeAnalysis;

namespace RetailFlow.Stock.Ledger;

/// <summary>First in, first out, in arrays of one size: growing copies nothing, and memory follows what is in it. For one thread.</summary>
internal sealed class PagedQueue<T>
    where T : unmanaged
{
    // Large enough that the collector does not move a page of values of 16 bytes.
    private const int PageLength = 8 * 1024;

    private readonly Queue<T[]> pages = new();
    private T[]? first;
    private T[]? last;
    private T[]? spare;
    private int read;
    private int written = PageLength;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public void Enqueue(in T value)
    {
        if (written == PageLength)
        {
            last = spare ?? GC.AllocateUninitializedArray<T>(PageLength);
            spare = null;
            written = 0;
            if (first is null)
            {
                first = last;
            }
            else
            {
                pages.Enqueue(last);
            }
        }

        last![written++] = value;
        Count++;
    }

    public bool TryPeek([MaybeNullWhen(false)] out T value)
    {
        value = Count > 0 ? first![read] : default;
        return Count > 0;
    }

    /// <summary>Takes the first one away, which there must be.</summary>
    public void Dequeue()
    {
        Count--;
        if (++read < PageLength)
        {
            return;
        }

        read = 0;
        spare = first;
        if (!pages.TryDequeue(out first))
        {
            last = null;
        }
    }
}
