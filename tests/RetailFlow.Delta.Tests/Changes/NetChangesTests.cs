namespace RetailFlow.Delta.Tests;

/// <summary>What commits changed together is the difference of what the table held before and after them.</summary>
public sealed class NetChangesTests
{
    private const int RowsOfFile = 6;

    public static TheoryData<string, DeltaAction[][], string> Histories => new()
    {
        { "a file that comes and goes", [[File("a")], [Remove("a")]], "" },
        { "a file that comes and loses rows", [[File("a")], [Remove("a"), File("a", 1)]], "+a-1" },
        { "a file that loses rows twice", [[Remove("a", 1), File("a", 3)], [Remove("a", 3), File("a", 7)]], "-a&7-1 +a&1-7" },
        { "a file that gets its rows back", [[Remove("a"), File("a", 1)], [Remove("a", 1), File("a")]], "" },
        { "a file that is gone after it lost rows", [[Remove("a"), File("a", 1)], [Remove("a", 1)]], "-a" },
        { "a move of rows", [[File("a")], [Moved(Remove("a")), Moved(File("b"))]], "+a" },
        { "a file that is there again after a move", [[File("a")], [Moved(Remove("a")), Moved(File("b"))], [File("a"), Remove("b")]], "+a -b +a" },
        { "a rewritten file with change data", [[Remove("a"), File("b"), Change("c")]], "cdc:c" },
        { "a deletion vector with change data", [[Remove("a"), File("a", 1), Change("c")]], "-a&1" },
        { "rows that only came, with change data", [[File("a"), Change("c")]], "+a" },
        { "a file around a commit with change data", [[File("a")], [Remove("a"), File("b"), Change("c")], [Remove("b")]], "cdc:c +a -b" },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void Commits_come_to_the_difference_of_first_and_last_state(string what, DeltaAction[][] commits, string expected)
    {
        var net = NetChanges.Of([.. commits.Select((actions, i) => new CommitChanges(i + 1, actions, TestTable.Start))]);

        Assert.True(expected == string.Join(' ', net.Select(Text)), $"{what}: {string.Join(' ', net.Select(Text))}");
    }

    [Fact]
    public void Any_history_comes_to_the_rows_that_it_adds_and_takes()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var live = Enumerable.Range(0, 3).ToDictionary(i => $"f{i}", _ => random.Next(2) * random.Next(1, 1 << (RowsOfFile - 1)));
            var before = Rows(live);
            var commits = Enumerable.Range(1, random.Next(1, 8)).Select(v => new CommitChanges(v, [.. RandomActions(random, live, v)], TestTable.Start)).ToList();

            var sum = NetChanges.Of(commits).SelectMany(change => Enumerable.Range(0, RowsOfFile)
                    .Where(row => (change.Within is not { } within || Holds(within, row)) && (change.Without is not { } without || !Holds(without, row)))
                    .Select(row => ((change.File.Path, row), change.Source == ChangeSource.Inserted ? 1 : -1)))
                .GroupBy(r => r.Item1, r => r.Item2).Select(g => (g.Key, g.Sum())).Where(g => g.Item2 != 0).ToHashSet();

            var after = Rows(live);
            Assert.True(sum.SetEquals(after.Except(before).Select(r => (r, 1)).Concat(before.Except(after).Select(r => (r, -1)))), $"seed {seed}");
        }
    }

    private static IEnumerable<DeltaAction> RandomActions(Random random, Dictionary<string, int> live, int version)
    {
        foreach (var path in live.Keys.Where(_ => random.Next(2) == 0).ToList())
        {
            yield return Remove(path, live[path]);
            live.Remove(path);
            if (random.Next(3) > 0)
            {
                live[path] = random.Next(1 << RowsOfFile);
                yield return File(path, live[path]);
            }
        }

        if (random.Next(2) == 0)
        {
            live[$"g{version}"] = 0;
            yield return File($"g{version}");
        }
    }

    private static HashSet<(string Path, int Row)> Rows(Dictionary<string, int> live) =>
        [.. live.SelectMany(f => Enumerable.Range(0, RowsOfFile).Where(row => (f.Value >> row & 1) == 0).Select(row => (f.Key, row)))];

    // A vector's text is the set of its rows as a number.
    private static bool Holds(DeletionVectorDescriptor vector, int row) => (int.Parse(vector.PathOrInlineDv, System.Globalization.CultureInfo.InvariantCulture) >> row & 1) == 1;

    private static AddFile File(string path, int deleted = 0) =>
        TestTable.File(path) with { DeletionVector = deleted == 0 ? null : new("i", deleted.ToString(System.Globalization.CultureInfo.InvariantCulture), null, 1, 1) };

    private static RemoveFile Remove(string path, int deleted = 0) => RemoveFile.Of(File(path, deleted), 1, dataChange: true);

    private static AddCdcFile Change(string path) => new() { Path = path, Size = 1 };

    private static AddFile Moved(AddFile file) => file with { DataChange = false };

    private static RemoveFile Moved(RemoveFile file) => file with { DataChange = false };

    private static string Text(ChangedRows rows)
    {
        var kind = rows.Source switch { ChangeSource.ChangeFile => "cdc:", ChangeSource.Inserted => "+", ChangeSource.Deleted => "-", _ => "?" };
        return kind + rows.File.Path + (rows.Within is { } within ? "&" + within.PathOrInlineDv : "") + (rows.Without is { } without ? "-" + without.PathOrInlineDv : "");
    }
}
