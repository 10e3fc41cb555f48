namespace RetailFlow.Delta.Tests;

public sealed class LogStateTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Replay_of_random_actions_equals_the_newest_action_per_key(int seed)
    {
        var random = new Random(seed);
        var state = LogState.Empty.Apply([new Protocol(1, 2), TestTable.MetadataOf()]);
        var kept = new List<(LogState State, string[] Expected)>();
        var history = new List<DeltaAction>();
        for (var version = 0; version < 120; version++)
        {
            var commit = Enumerable.Range(0, random.Next(1, 60)).Select(_ => RandomAction(random)).ToList();
            history.AddRange(commit);
            state = state.Apply(commit);
            if (version % 20 == 19)
            {
                kept.Add((state, Newest(history)));
            }
        }

        // Every version stays what it was, whatever was built on it.
        Assert.All(kept, k => Assert.Equal(k.Expected, Content(k.State)));
    }

    [Fact]
    public void Paths_are_compared_as_they_are_written_so_a_relative_and_an_absolute_one_are_two_files()
    {
        var state = LogState.Empty.Apply(
            [TestTable.File("a%20b", 1), TestTable.File("file:/lake/t/a%20b", 2), TestTable.File("/lake/t/a b", 3), new RemoveFile { Path = "file:///lake/t/a b" }]);

        Assert.Equal("a b", Assert.Single(state.Files).DecodedPath);
    }

    [Fact]
    public void Removed_size_is_that_of_the_file_not_that_of_the_tombstone()
    {
        var state = LogState.Empty.Apply([TestTable.File("a", 100), TestTable.File("b", 7), new RemoveFile { Path = "a", Size = 1 }]);

        Assert.Equal((1, (Int128)7), (state.Files.Count, state.Tally.Size));
    }

    [Fact]
    public void Adding_a_file_again_replaces_it_and_its_size()
    {
        var state = LogState.Empty.Apply([TestTable.File("a", 100)]).Apply([TestTable.File("a", 30)]);

        Assert.Equal((1, (Int128)30), (state.Files.Count, state.Tally.Size));
    }

    [Fact]
    public void Files_are_told_apart_by_their_deletion_vector()
    {
        var vector = new DeletionVectorDescriptor("u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6);
        var state = LogState.Empty.Apply([TestTable.File("a"), TestTable.File("a") with { DeletionVector = vector }]);
        var removed = state.Apply([new RemoveFile { Path = "a" }]);

        Assert.Equal(2, state.Files.Count);
        Assert.Equal([new FileKey("a", "uab^-aqEH.-t@S}K{vb[*k^@4")], removed.Files.Select(f => f.Key));
    }

    // Independent of the map and of the builder: scans the whole history for every key.
    private static string[] Newest(List<DeltaAction> history)
    {
        var content = new List<string>();
        content.AddRange(history.Where(a => PathOf(a) is not null).GroupBy(PathOf).Select(g => DeltaActionJson.ToJson(g.Last())));

        foreach (var app in history.OfType<SetTransaction>().Select(t => t.AppId).Distinct())
        {
            content.Add(DeltaActionJson.ToJson(history.OfType<SetTransaction>().Last(t => t.AppId == app)));
        }

        foreach (var domain in history.OfType<DomainMetadata>().Select(t => t.Domain).Distinct())
        {
            if (history.OfType<DomainMetadata>().Last(t => t.Domain == domain) is { Removed: false } last)
            {
                content.Add(DeltaActionJson.ToJson(last));
            }
        }

        var live = history.Where(a => PathOf(a) is not null).GroupBy(PathOf).Select(g => g.Last()).OfType<AddFile>().ToList();
        content.Add($"{live.Count} {live.Sum(f => f.Size)}");
        return [.. content.Order(StringComparer.Ordinal)];
    }

    private static string[] Content(LogState state) =>
    [
        .. state.Files.Concat<DeltaAction>(state.Tombstones).Concat(state.Transactions.Values).Concat(state.Domains.Values)
            .Select(DeltaActionJson.ToJson)
            .Append($"{state.Files.Count} {state.Tally.Size}")
            .Order(StringComparer.Ordinal),
    ];

    private static string? PathOf(DeltaAction action) => action switch
    {
        AddFile add => add.Path,
        RemoveFile remove => remove.Path,
        _ => null,
    };

    private static DeltaAction RandomAction(Random random) => random.Next(10) switch
    {
        < 5 => TestTable.File(Path(random), random.Next(1000), stats: random.Next(2) == 0 ? "{\"numRecords\":1}" : null),
        < 8 => new RemoveFile { Path = Path(random), DeletionTimestamp = random.Next() },
        8 => new SetTransaction("app" + random.Next(5), random.Next()),
        _ => new DomainMetadata("d" + random.Next(4), "c" + random.Next(), random.Next(3) == 0),
    };

    // Few enough that keys meet, enough that the map folds its layer into its table.
    private static string Path(Random random) => "f" + random.Next(3000);
}
