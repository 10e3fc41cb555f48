namespace RetailFlow.Delta.Tests;

public sealed class OptimizePlanTests
{
    // Files are size@partition, with ~deleted rows of ten; bins are separated by |.
    [Theory]
    [InlineData("", "")]
    [InlineData("10@1", "")]
    [InlineData("10@1 20@1", "10@1 20@1")]
    [InlineData("10@1 20@2", "")]
    [InlineData("10@1 20@2 11@1 21@2", "10@1 11@1|20@2 21@2")]
    [InlineData("10@1 50@1 60@1 200@1", "")]
    [InlineData("10@1 49@1 50@1", "10@1 49@1")]
    [InlineData("40@1 41@1 42@1 43@1 44@1", "40@1 41@1|42@1 43@1")]
    [InlineData("30@1 30@1 30@1 30@1", "30@1 30@1 30@1")]
    [InlineData("200@1~1", "200@1~1")]
    [InlineData("200@1~0", "")]
    [InlineData("200@1~5 10@1", "200@1~5")]
    [InlineData("60@1~5 60@1~5 30@1", "60@1~5 60@1~5 30@1")]
    [InlineData("60@1~10 30@1", "60@1~10 30@1")]
    public void Small_files_and_those_with_many_deleted_rows_are_packed_by_partition(string files, string bins)
    {
        var plan = OptimizePlan.For(Files(files), targetBytes: 100);

        Assert.Equal(bins, string.Join('|', plan.Bins.Select(b => string.Join(' ', b.Files.Select(f => f.Path[(f.Path.IndexOf('/') + 1)..])))));
        Assert.All(plan.Bins, b => Assert.All(b.Files, f => Assert.Equal(b.PartitionValues["day"], f.PartitionValues["day"])));
    }

    [Fact]
    public void Next_pass_over_what_was_written_finds_nothing_to_do()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var files = Files(string.Join(' ', Enumerable.Range(0, random.Next(40)).Select(_ => $"{random.Next(1, 150)}@{random.Next(3)}"))).ToList();
            var passes = 0;
            while (OptimizePlan.For(files, 100) is { Bins.Count: > 0 } plan)
            {
                Assert.True(++passes <= 3);
                files = [.. files.Except(plan.Bins.SelectMany(b => b.Files)), .. plan.Bins.Select((b, i) => b.Files[0] with { Path = $"{passes}-{i}/x", Size = b.Files.Sum(f => f.Size) })];
            }

            Assert.True(files.GroupBy(f => f.PartitionValues["day"]).All(g => g.Count(f => f.Size < 50) <= 1));
        }
    }

    [Fact]
    public void Null_and_empty_partition_values_are_one_partition()
    {
        AddFile[] files =
        [
            TestTable.File("a") with { PartitionValues = new Dictionary<string, string?> { ["day"] = null } },
            TestTable.File("b") with { PartitionValues = new Dictionary<string, string?> { ["day"] = "" } },
        ];

        Assert.Equal(2, OptimizePlan.For(files, 100).FileCount);
    }

    private static IEnumerable<AddFile> Files(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((word, i) =>
    {
        var size = long.Parse(word.Split('@')[0]);
        var deleted = word.Contains('~', StringComparison.Ordinal) ? long.Parse(word.Split('~')[1]) : 0;
        return TestTable.File($"{i:D3}/{word}", size, day: word.Split('@')[1].Split('~')[0], stats: """{"numRecords":10}""") with
        {
            DeletionVector = deleted == 0 ? null : new DeletionVectorDescriptor("i", "x", null, 1, deleted),
        };
    });
}
