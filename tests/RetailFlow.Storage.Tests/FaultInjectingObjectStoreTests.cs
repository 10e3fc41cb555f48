using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests;

public sealed class FaultInjectingObjectStoreTests
{
    private static readonly byte[] s_content = "0123456789"u8.ToArray();

    [Fact]
    public async Task A_failure_before_the_effect_leaves_nothing_and_one_after_it_leaves_all()
    {
        InMemoryObjectStore inner = new();
        FaultInjectingObjectStore store = new(inner, FaultPlan.Scripted(
            (StoreOperation.PutIfAbsent, 1, StoreFault.FailBefore), (StoreOperation.PutIfAbsent, 2, StoreFault.FailAfter)));

        await Assert.ThrowsAsync<StorageException>(async () => await store.PutIfAbsentAsync("a", s_content));
        Assert.Null(await inner.ReadAsync("a"));
        await Assert.ThrowsAsync<StorageException>(async () => await store.PutIfAbsentAsync("a", s_content));
        Assert.Equal(s_content, await inner.ReadAsync("a"));
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("a", s_content));

        Assert.Equal(3, store.Calls(StoreOperation.PutIfAbsent));
        Assert.Equal(0, store.Calls(StoreOperation.Read));
        Assert.Equal(2, store.Faults);
    }

    [Fact]
    public async Task A_stream_and_a_listing_can_break_off_in_the_middle()
    {
        InMemoryObjectStore inner = new();
        FaultInjectingObjectStore store = new(inner, FaultPlan.When((_, _, _) => StoreFault.BreakOff));
        foreach (string path in new[] { "a", "b", "c", "d" })
        {
            await inner.PutAsync(path, s_content);
        }

        await using Stream stream = await store.OpenReadAsync("a");
        using MemoryStream copy = new();
        await Assert.ThrowsAsync<StorageException>(async () => await stream.CopyToAsync(copy));
        List<string> listed = [];
        await Assert.ThrowsAsync<StorageException>(async () =>
        {
            await foreach (ObjectInfo info in store.ListAsync(""))
            {
                listed.Add(info.Path);
            }
        });

        Assert.Equal(s_content[..5], copy.ToArray());
        Assert.Equal(["a", "b"], listed);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_faults()
    {
        static async Task<List<bool>> Run(int seed)
        {
            FaultInjectingObjectStore store = new(new InMemoryObjectStore(), FaultPlan.Seeded(new Random(seed), 0.3));
            List<bool> failed = [];
            for (int n = 0; n < 200; n++)
            {
                string path = FormattableString.Invariant($"p/{n % 20}");
                Exception? failure = n % 2 == 0
                    ? await Record.ExceptionAsync(async () => await store.PutIfAbsentAsync(path, s_content))
                    : await Record.ExceptionAsync(async () => await store.ReadAsync(path));
                failed.Add(failure is not null);
            }

            return failed;
        }

        List<bool> first = await Run(11);

        Assert.Equal(first, await Run(11));
        Assert.NotEqual(first, await Run(12));
        Assert.InRange(first.Count(failed => failed), 20, 100);
    }
}
