namespace RetailFlow.Delta.Tests;

public sealed class RowRebaseTests
{
    // Rows deleted before, by the winner, by us (- for a transaction that only reads), and the rows read (- for none stated).
    [Theory]
    [InlineData("", "1", "2", "2", null, "1 2")]
    [InlineData("0", "0 1", "0 2", "2", null, "0 1 2")]
    [InlineData("0", "0 1 3", "0 2 4", "-", null, "0 1 2 3 4")]
    [InlineData("0 7", "0 1 7", "0 2 7", "0 2 7", null, "0 1 2 7")]
    [InlineData("", "1", "1", "1", ConflictRule.ConcurrentDeleteRead, null)]
    [InlineData("", "1", "1", "-", ConflictRule.ConcurrentDeleteDelete, null)]
    [InlineData("", "1 2", "2 3", "3", ConflictRule.ConcurrentDeleteDelete, null)]
    [InlineData("", "1", "2", "1 2", ConflictRule.ConcurrentDeleteRead, null)]
    [InlineData("0 1", "1", "0 1 2", "2", ConflictRule.ConcurrentAppend, null)]
    [InlineData("0 1", "2", "0 1 3", "3", ConflictRule.ConcurrentAppend, null)]
    [InlineData("0 1", "0 1 2", "0 3", "3", ConflictRule.ConcurrentDeleteDelete, null)]
    [InlineData("", "1", "-", "2", null, null)]
    [InlineData("", "1", "-", "", null, null)]
    [InlineData("", "1", "-", "1", ConflictRule.ConcurrentDeleteRead, null)]
    [InlineData("1", "1 2", "-", "1", null, null)]
    public void Rows_decide(string before, string winner, string ours, string read, ConflictRule? broken, string? united)
    {
        var file = new ContestedFile(
            new RemoveFile { Path = "a" },
            TestTable.File("a"),
            ours == "-" ? null : TestTable.File("a"),
            read == "-" ? null : Vector(read));

        var verdict = RowRebase.Decide(file, Vector(before), Vector(winner), ours == "-" ? null : Vector(ours));

        Assert.Equal(broken, verdict.Broken);
        Assert.Equal(united, verdict.United is { } both ? string.Join(' ', both.Rows) : null);
    }

    internal static DeletionVector Vector(string rows) => DeletionVector.Of(rows.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse));
}
