namespace RetailFlow.Delta.Tests;

public sealed class ChangedRowsTests
{
    private static readonly DeletionVectorDescriptor One = new("i", "1", null, 1, 1);
    private static readonly DeletionVectorDescriptor Two = new("i", "2", null, 1, 2);
    private static readonly Metadata On = TestTable.MetadataOf(configuration: ("delta.enableChangeDataFeed", "true"));
    private static readonly Metadata Off = TestTable.MetadataOf();

    // A row set is the file, then what it is within and without.
    public static TheoryData<DeltaAction[], string> Commits => new()
    {
        { [File("a"), File("b", One)], "+a +b-i1" },
        { [File("c"), Remove("a")], "+c -a" },
        { [Remove("a", One)], "-a-i1" },
        { [Remove("b"), File("b", One)], "-b&i1" },
        { [Remove("b", Two), File("b", One)], "-b&i1-i2 +b&i2-i1" },
        { [Remove("b", One), File("b")], "+b&i1" },
        { [Remove("b", One), File("b", Two), new AddCdcFile { Path = "_change_data/x", Size = 1 }], "cdc:_change_data/x" },
        { [Remove("d") with { DataChange = false }, File("e") with { DataChange = false }], "" },
        { [new SetTransaction("app", 1)], "" },
    };

    [Theory]
    [MemberData(nameof(Commits))]
    public void Rows_are_in_change_files_or_else_in_files_and_vector_differences(DeltaAction[] actions, string expected)
    {
        var rows = ChangedRows.Of(new CommitChanges(3, actions, TestTable.Start));

        Assert.Equal(expected, string.Join(' ', rows.Select(Text)));
        Assert.All(rows, r => Assert.Null(r.File.DeletionVector));
    }

    [Fact]
    public void Feed_must_be_on_at_every_version()
    {
        CommitChanges[] commits = [Commit(4, File("a")), Commit(5, Off), Commit(6, On)];

        ChangeFeedRules.Require(On, commits[..1], On, "t");
        ChangeFeedRules.Require(On, commits[2..], On, "t");
        Refused("The change data feed of the table 't' is not on in version 5 (delta.enableChangeDataFeed).", On, commits);
        Refused("The change data feed of the table 't' is not on in version 4 (delta.enableChangeDataFeed).", Off, commits[..1]);
    }

    private static CommitChanges Commit(long version, DeltaAction action) => new(version, [action], TestTable.Start);

    private static void Refused(string message, Metadata start, IReadOnlyList<CommitChanges> commits) =>
        Assert.Equal(message, Assert.Throws<DeltaException>(() => ChangeFeedRules.Require(start, commits, On, "t")).Message);

    private static AddFile File(string path, DeletionVectorDescriptor? vector = null) => TestTable.File(path) with { DeletionVector = vector };

    private static RemoveFile Remove(string path, DeletionVectorDescriptor? vector = null) => RemoveFile.Of(File(path, vector), 1, dataChange: true);

    private static string Text(ChangedRows rows)
    {
        var kind = rows.Source switch { ChangeSource.ChangeFile => "cdc:", ChangeSource.Inserted => "+", ChangeSource.Deleted => "-", _ => "?" };
        return kind + rows.File.Path + (rows.Within is { } within ? "&" + within.UniqueId : "") + (rows.Without is { } without ? "-" + without.UniqueId : "");
    }
}
