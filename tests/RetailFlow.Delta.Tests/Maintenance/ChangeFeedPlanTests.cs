namespace RetailFlow.Delta.Tests;

public sealed class ChangeFeedPlanTests
{
    private static readonly DeletionVectorDescriptor One = new("i", "1", null, 1, 1);
    private static readonly DeletionVectorDescriptor Two = new("i", "2", null, 1, 2);
    private static readonly Metadata On = TestTable.MetadataOf(configuration: ("delta.enableChangeDataFeed", "true"));
    private static readonly Metadata Off = TestTable.MetadataOf();

    [Fact]
    public void Changes_are_in_change_files_or_else_in_files_and_vector_differences()
    {
        var commits = Commits(
            [VectorTable.Protocol("changeDataFeed"), On, File("a"), File("b")],
            [File("c"), Remove("a")],
            [Remove("b"), File("b", One)],
            [Remove("b", One), File("b", Two), new AddCdcFile { Path = "_change_data/x", Size = 1 }],
            [Remove("b", Two), File("b", One), Remove("c"), File("d")],
            [Remove("d") with { DataChange = false }, File("e") with { DataChange = false }],
            [Remove("b", One), File("b") with { DataChange = true }],
            [new SetTransaction("app", 1)]);

        var plan = ChangeFeedPlan.For(commits, null);

        Assert.Equal(
            [
                "0: +a +b",
                "1: -a +c",
                "2: b none>i1",
                "3: cdc _change_data/x",
                "4: b i2>i1 -c +d",
                "5:",
                "6: b i1>none",
                "7:",
            ],
            plan.Select(Text));
        Assert.Equal(commits[4].Timestamp, plan[4].Timestamp);
    }

    [Fact]
    public void Deleted_file_is_as_the_table_had_it()
    {
        var before = Snapshot([VectorTable.Protocol("changeDataFeed"), On, File("a", One) with { Stats = "{\"numRecords\":5}" }]);

        var sources = ChangeFeedPlan.For([new CommitChanges(8, [Remove("a", One)], TestTable.Start)], before)[0].Sources;

        var deleted = Assert.IsType<ChangeSource.Deleted>(Assert.Single(sources)).File;
        Assert.Equal((One, 5L), (deleted.DeletionVector, deleted.ParsedStatistics!.NumRecords));
    }

    [Fact]
    public void Version_without_the_feed_is_named()
    {
        var commits = Commits([new Protocol(1, 4), On, File("a")], [File("b")], [Off], [File("c")], [On]);

        Refused("There is no change data feed of version 2: the table did not keep one (delta.enableChangeDataFeed) then.", commits, null);
        Assert.Equal(2, ChangeFeedPlan.For(commits.Take(2), null).Count);
        Refused("There is no change data feed of version 8: the table did not keep one (delta.enableChangeDataFeed) then.", [new CommitChanges(8, [File("x")], TestTable.Start)], Snapshot([new Protocol(1, 4), Off]));
        Assert.Equal("8:", Text(ChangeFeedPlan.For([new CommitChanges(8, [On], TestTable.Start)], Snapshot([new Protocol(1, 4), Off]))[0]));
    }

    [Fact]
    public void Commits_follow_one_another()
    {
        var commits = Commits([new Protocol(1, 4), On], [File("b")], [File("c")]);

        Refused("The changes of version 1 are missing before those of version 2.", [commits[0], commits[2]], null);
        Refused("The changes of version 8 are missing before those of version 9.", [new CommitChanges(9, [], TestTable.Start)], Snapshot([new Protocol(1, 4), On]));
    }

    private static void Refused(string message, IEnumerable<CommitChanges> commits, Snapshot? before) =>
        Assert.Equal(message, Assert.Throws<DeltaException>(() => ChangeFeedPlan.For(commits, before)).Message);

    private static CommitChanges[] Commits(params DeltaAction[][] versions) =>
        [.. versions.Select((actions, i) => new CommitChanges(i, actions, TestTable.Start.AddMinutes(i)))];

    private static Snapshot Snapshot(DeltaAction[] actions) => new(TestTable.Path, 7, LogState.Empty.Apply(actions), TestTable.Start, null, TestTable.Start);

    private static AddFile File(string path, DeletionVectorDescriptor? vector = null) => TestTable.File(path) with { DeletionVector = vector };

    private static RemoveFile Remove(string path, DeletionVectorDescriptor? vector = null) => RemoveFile.Of(File(path, vector), 1, dataChange: true);

    private static string Text(ChangeVersion version) => $"{version.Version}:" + string.Concat(version.Sources.Select(s => " " + s switch
    {
        ChangeSource.ChangeFile cdc => "cdc " + cdc.File.Path,
        ChangeSource.Inserted inserted => "+" + inserted.File.Path,
        ChangeSource.Deleted deleted => "-" + deleted.File.Path,
        ChangeSource.RowDifference rows => $"{rows.File.Path} {rows.Old?.UniqueId ?? "none"}>{rows.New?.UniqueId ?? "none"}",
        _ => throw new InvalidOperationException(),
    }));
}
