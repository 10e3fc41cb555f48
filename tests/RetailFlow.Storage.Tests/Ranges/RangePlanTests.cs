using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Testing.Storage;
using Xunit;

namespace RetailFlow.Storage.Tests.Ranges;

public sealed class RangePlanTests
{
    [Theory]
    [InlineData("0+10 20+10", 10, 100, "0+30:0,1")]
    [InlineData("0+10 21+10", 10, 100, "0+10:0 21+10:1")]
    [InlineData("20+10 0+10", 10, 100, "0+30:1,0")]
    [InlineData("0+10 20+10 40+10", 10, 30, "0+30:0,1 40+10:2")]
    [InlineData("0+100 50+10", 0, 30, "0+100:0,1")]
    [InlineData("0+10 5+10", 0, 100, "0+15:0,1")]
    [InlineData("0+200", 0, 30, "0+200:0")]
    [InlineData("5+0 7+1", 0, 30, "7+1:1")]
    [InlineData("4+2 4+2", 0, 30, "4+2:0,1")]
    [InlineData("", 0, 30, "")]
    public void Close_ranges_are_read_in_one_up_to_the_limit(string wanted, int gap, int most, string expected)
    {
        IEnumerable<string> reads = RangePlan.Create(Parse(wanted), gap, most)
            .Select(read => FormattableString.Invariant($"{read.Range.Offset}+{read.Range.Length}:{string.Join(',', read.Served)}"));

        Assert.Equal(expected, string.Join(' ', reads));
    }

    [Fact]
    public void Every_range_lies_in_exactly_one_read_and_joined_reads_keep_the_limit()
    {
        Gen<ByteRange> range =
            from offset in Gen.Choose(0, 2000)
            from length in Gen.Choose(0, 80)
            select new ByteRange(offset, length);
        Arbitrary<ByteRange[]> ranges = Gen.ArrayOf(range).ToArbitrary();
        Prop.ForAll(ranges, wanted =>
        {
            IReadOnlyList<PlannedRead> reads = RangePlan.Create(wanted, maxGapBytes: 20, maxReadBytes: 200);
            int[] served = [.. reads.SelectMany(read => read.Served).Order()];
            Assert.Equal(Enumerable.Range(0, wanted.Length).Where(n => wanted[n].Length > 0), served);
            foreach (PlannedRead read in reads)
            {
                Assert.True(read.Range.Length <= 200);
                Assert.Equal(read.Range.Offset, read.Served.Min(n => wanted[n].Offset));
                Assert.Equal(read.Range.End, read.Served.Max(n => wanted[n].End));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(long.MaxValue, 1)]
    public void A_range_that_cannot_be_is_refused(long offset, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RangePlan.Create([new ByteRange(offset, length)], 0, 0));

    [Fact]
    public async Task Slices_come_in_the_order_asked_for_and_end_with_the_object()
    {
        byte[] content = [.. Enumerable.Range(0, 200).Select(n => (byte)n)];
        FaultInjectingObjectStore store = new(new InMemoryObjectStore(), FaultPlan.None);
        await store.PutAsync("a.parquet", content);
        RangeReader reader = new(store) { MaxGapBytes = 10, MaxReadBytes = 60 };
        ByteRange[] wanted = [new(150, 100), new(0, 4), new(10, 2), new(500, 9), new(3, 0), new(2, 5), new(100, 50)];

        ReadOnlyMemory<byte>[] slices = await reader.ReadAsync("a.parquet", wanted);

        for (int n = 0; n < wanted.Length; n++)
        {
            Assert.Equal(content.Skip((int)wanted[n].Offset).Take(wanted[n].Length), slices[n].ToArray());
        }

        Assert.Equal(4, store.Calls(StoreOperation.ReadRange));
    }

    [Fact]
    public async Task Ranges_of_a_missing_object_are_file_not_found() =>
        await Assert.ThrowsAsync<FileNotFoundException>(
            async () => await new RangeReader(new InMemoryObjectStore()).ReadAsync("a", [new ByteRange(0, 1)]));

    private static ByteRange[] Parse(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('+'))
            .Select(part => new ByteRange(long.Parse(part[0]), int.Parse(part[1]))),
    ];
}
