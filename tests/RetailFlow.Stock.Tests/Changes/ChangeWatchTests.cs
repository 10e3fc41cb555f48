using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Stock.Changes;
using Xunit;

namespace RetailFlow.Stock.Tests.Changes;

public sealed class ChangeWatchTests
{
    [Fact]
    public void Whenever_a_receiver_is_cut_off_and_comes_back_its_picture_becomes_that_of_the_ledger_and_ids_rise()
    {
        Dictionary<string, int> happened = [];
        Gen<int[]> lives = Gen.Choose(0, 100_000).ArrayOf(120);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(lives.ToArbitrary(), numbers =>
        {
            ChangeStreamModel model = new();
            model.Run(numbers);
            foreach ((string what, int times) in model.Happened)
            {
                happened[what] = happened.GetValueOrDefault(what) + times;
            }
        }));

        // Nothing of it would be shown if none of this had come about.
        Assert.Superset(
            new HashSet<string> { "began", "came back", "cut off", "restart", nameof(ResetReason.Start), nameof(ResetReason.Unknown), nameof(ResetReason.Overrun) },
            happened.Keys.ToHashSet());
    }

    [Fact]
    public void A_receiver_that_comes_back_in_time_is_told_what_it_missed_each_key_once_and_nothing_else()
    {
        ChangeRing ring = new(8, new ChangeId(40, 100));
        ring.Add("A", "L", 41);
        ChangeId known = ring.Last();
        ring.Add("B", "L", 42);
        ring.Add("C", "L", 43);
        ring.Add("B", "L", 44);

        WatchStep step = new ChangeWatch(ring, StockFilter.All, known).Next();

        Assert.Equal(ResetReason.None, step.Reset);
        Assert.Equal([new ChangedSku("C", new ChangeId(43, 103)), new ChangedSku("B", new ChangeId(44, 104))], step.Changes);
    }

    [Theory]
    [InlineData(40, 100, false)]
    [InlineData(41, 101, false)]
    [InlineData(49, 109, true)]
    [InlineData(49, 108, false)]
    [InlineData(50, 110, false)]
    [InlineData(42, 102, true)]
    [InlineData(43, 103, true)]
    [InlineData(48, 104, false)]
    [InlineData(0, 0, false)]
    public void Only_an_id_that_was_given_out_here_and_after_which_nothing_is_overwritten_is_gone_on_from(long sequence, long position, bool held)
    {
        ChangeRing ring = new(8, new ChangeId(40, 100));
        for (int n = 1; n <= 9; n++)
        {
            ring.Add("A", "L", 40 + n);
        }

        Assert.Equal(held, ring.Holds(new ChangeId(sequence, position)));
        WatchStep step = new ChangeWatch(ring, StockFilter.All, new ChangeId(sequence, position)).Next();
        Assert.Equal(held ? ResetReason.None : ResetReason.Unknown, step.Reset);
    }

    [Fact]
    public void A_receiver_that_wants_nothing_of_before_is_told_nothing_of_before()
    {
        ChangeRing ring = new(8, new ChangeId(40, 100));
        ring.Add("A", "L", 41);
        ChangeWatch watch = new(ring, StockFilter.All, null, told: false);

        Assert.True(watch.Next().IsEmpty);
        ring.Add("A", "L", 42);
        Assert.Equal("A", Assert.Single(watch.Next().Changes).Sku);
    }

    [Fact]
    public async Task A_reader_beside_the_writer_sees_what_was_written_or_learns_that_it_is_gone()
    {
        ChangeRing ring = new(16, new ChangeId(0, 0));
        const int Changes = 100_000;
        long after = 0;
        string[] names = [.. Enumerable.Range(0, 7).Select(n => $"SKU-{n}")];
        Task writing = Task.Run(() =>
        {
            for (long n = 1; n <= Changes; n++)
            {
                ring.Add(names[n % names.Length], names[n % 3], n * 2);

                // Slow enough now and then for the reader to keep up.
                while (n % 100 == 0 && Volatile.Read(ref after) < n)
                {
                    Thread.Yield();
                }
            }
        });
        List<StockChange> read = [];
        long seen = 0;
        long lost = 0;
        while (after < Changes)
        {
            if (!ring.TryRead(after, read))
            {
                lost++;
                Volatile.Write(ref after, ring.Last().Position);
                continue;
            }

            foreach (StockChange change in read)
            {
                Assert.Equal(new StockChange(names[(after + 1) % names.Length], names[(after + 1) % 3], new ChangeId((after + 1) * 2, after + 1)), change);
                Volatile.Write(ref after, after + 1);
                seen++;
            }
        }

        await writing;
        Assert.True(seen > 0, $"{seen} seen, lost {lost} times");
    }

    [Theory]
    [InlineData("12-34", 12, 34)]
    [InlineData("0-0", 0, 0)]
    public void An_id_is_read_as_it_is_written(string text, long sequence, long position)
    {
        Assert.True(ChangeId.TryParse(text, out ChangeId id));
        Assert.Equal((new ChangeId(sequence, position), text), (id, id.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("-12-3")]
    [InlineData("12-")]
    [InlineData("12-3-4")]
    [InlineData("a-b")]
    [InlineData("99999999999999999999-1")]
    public void What_is_no_id_is_not_taken_for_one(string text) => Assert.False(ChangeId.TryParse(text, out _));
}
