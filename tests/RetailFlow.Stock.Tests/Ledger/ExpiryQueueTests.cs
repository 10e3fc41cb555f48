using RetailFlow.Stock.Ledger;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>Queues of the ledger beside collections of the runtime.</summary>
public sealed class ExpiryQueueTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 9)]
    [InlineData(4, 0)]
    public void Slots_leave_by_their_moments_whatever_order_they_came_in(int seed, int lengths)
    {
        Random random = new(seed);
        ExpiryQueue queue = new();
        PriorityQueue<int, long> expected = new();
        Dictionary<int, long> waiting = [];
        for (int step = 0; step < 60_000; step++)
        {
            // Now and then more leave than come, until none is left; more wait at once than a page has.
            if (step / 20_000 % 2 == 0 ? random.Next(8) > 0 : random.Next(3) == 0)
            {
                long micros = lengths == 0 ? random.Next(1_000_000) : step + (1_000L * (1 + random.Next(lengths)));
                queue.Enqueue(step, micros);
                expected.Enqueue(step, micros);
                waiting.Add(step, micros);
            }
            else if (expected.TryDequeue(out _, out long moment))
            {
                Assert.True(queue.TryPeek(out int slot, out long micros));
                Assert.Equal(moment, micros);

                // Of several of one moment any may be the first.
                Assert.True(waiting.Remove(slot, out long own));
                Assert.Equal(moment, own);
                queue.Dequeue();
            }
        }

        while (expected.TryDequeue(out _, out long moment))
        {
            Assert.True(queue.TryPeek(out int slot, out long micros));
            Assert.Equal((moment, moment), (micros, waiting[slot]));
            queue.Dequeue();
        }

        Assert.False(queue.TryPeek(out _, out _));
    }

    [Fact]
    public void A_paged_queue_gives_back_what_came_in_its_order()
    {
        Random random = new(5);
        PagedQueue<(int, long)> queue = new();
        Queue<(int, long)> expected = new();
        for (int step = 0; step < 200_000; step++)
        {
            if (random.Next(step / 50_000 % 2 == 0 ? 5 : 3) > 1)
            {
                queue.Enqueue((step, -step));
                expected.Enqueue((step, -step));
            }
            else
            {
                Assert.Equal(expected.TryPeek(out (int, long) first), queue.TryPeek(out (int, long) found));
                Assert.Equal(first, found);
                if (expected.TryDequeue(out _))
                {
                    queue.Dequeue();
                }
            }

            Assert.Equal(expected.Count, queue.Count);
            if (step % 70_000 == 69_999)
            {
                for (; expected.TryDequeue(out (int, long) next); queue.Dequeue())
                {
                    Assert.True(queue.TryPeek(out (int, long) found) && found == next);
                }

                Assert.False(queue.TryPeek(out _));
            }
        }
    }
}
