using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Testing.Storage;

public abstract partial class ObjectStoreConformance
{
    // '-' and '.' sort before '/', '0' after it: a directory must sort among its siblings as its name with the slash.
    private static readonly string[] s_tree =
    [
        "a", "b-1", "b.json", "b/1", "b/2/x", "b/2/y", "b/2.json", "b/20", "b0", "c/_delta_log/00000000000000000009.json",
        "c/_delta_log/00000000000000000010.json", "c/_delta_log/_last_checkpoint", "c/part=A/1.parquet", "c/part=a/1.parquet", "d/.hidden", "é",
    ];

    [Fact]
    public async Task A_listing_is_in_ordinal_order_with_lengths()
    {
        IObjectStore store = await Planted();
        string[] expected = [.. s_tree.Order(StringComparer.Ordinal)];

        List<ObjectInfo> found = [];
        await foreach (ObjectInfo info in store.ListAsync(""))
        {
            found.Add(info);
        }

        Assert.Equal(expected, found.Select(info => info.Path));
        Assert.All(found, info => Assert.Equal(Bytes(info.Path).Length, info.Length));
    }

    [Fact]
    public async Task Every_prefix_lists_what_starts_with_it()
    {
        IObjectStore store = await Planted();
        IEnumerable<string> prefixes = s_tree.SelectMany(path => Enumerable.Range(0, path.Length + 1).Select(n => path[..n])).Distinct();

        foreach (string prefix in prefixes)
        {
            string[] expected = [.. s_tree.Where(path => path.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, await Paths(store, prefix));
        }
    }

    [Fact]
    public async Task Every_start_lists_what_comes_after_it()
    {
        IObjectStore store = await Planted();
        string[] starts = [.. s_tree, "b", "b/", "b/2/", "b/2/xx", "b/3", "c/_delta_log/00000000000000000009", "zz", "ê", "A", "b1"];

        foreach (string prefix in new[] { "", "b", "b/", "b/2", "c/_delta_log/000", "d/", "x" })
        {
            foreach (string start in starts)
            {
                string[] expected =
                [
                    .. s_tree.Where(path => path.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(path, start) > 0)
                        .Order(StringComparer.Ordinal),
                ];
                Assert.Equal(expected, await Paths(store, prefix, start));
            }
        }
    }

    [Fact]
    public async Task A_listing_longer_than_a_page_is_complete()
    {
        IObjectStore store = CreateEmpty();
        string[] paths = [.. Enumerable.Range(0, 1203).Select(n => FormattableString.Invariant($"p{n % 3}/{n:d6}"))];
        foreach (string[] chunk in paths.Chunk(64))
        {
            await Task.WhenAll(chunk.Select(path => store.PutIfAbsentAsync(path, Bytes("x")).AsTask()));
        }

        Assert.Equal(paths.Order(StringComparer.Ordinal), await Paths(store, ""));
    }

    [Fact]
    public async Task Listing_an_empty_store_or_an_unknown_prefix_gives_nothing()
    {
        IObjectStore store = CreateEmpty();
        Assert.Empty(await Paths(store, ""));
        await store.PutAsync("a/b", Bytes("x"));

        Assert.Empty(await Paths(store, "a/c"));
        Assert.Empty(await Paths(store, "z/"));
        Assert.Empty(await Paths(store, "a/b/"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("../")]
    [InlineData("a/../b")]
    [InlineData("a//")]
    [InlineData("a\\b")]
    public async Task A_prefix_that_breaks_the_rules_is_refused(string prefix)
    {
        IObjectStore store = CreateEmpty();

        await Assert.ThrowsAsync<ArgumentException>(async () => await Paths(store, prefix));
    }

    [Fact]
    public async Task Objects_that_exist_throughout_are_listed_while_others_come_and_go()
    {
        IObjectStore store = CreateEmpty();
        string[] steady = [.. Enumerable.Range(0, 50).Select(n => FormattableString.Invariant($"l/{n:d4}-steady"))];
        foreach (string path in steady)
        {
            await store.PutAsync(path, Bytes("x"));
        }

        using CancellationTokenSource done = new();
        Task churn = Task.Run(async () =>
        {
            for (int n = 0; !done.IsCancellationRequested; n++)
            {
                string path = FormattableString.Invariant($"l/{n % 50:d4}-churn");
                await store.PutAsync(path, Bytes("y"));
                await store.DeleteAsync(path);
            }
        });
        for (int round = 0; round < 50; round++)
        {
            List<string> seen = await Paths(store, "l/");
            Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
            Assert.Equal(steady, seen.Where(path => path.EndsWith("-steady", StringComparison.Ordinal)));
        }

        await done.CancelAsync();
        await churn;
    }

    private async Task<IObjectStore> Planted()
    {
        IObjectStore store = CreateEmpty();
        foreach (string path in s_tree)
        {
            await store.PutIfAbsentAsync(path, Bytes(path));
        }

        return store;
    }
}
