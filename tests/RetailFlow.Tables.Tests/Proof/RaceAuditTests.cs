using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.TableRace;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Proof;

/// <summary>The audit of a race must be able to fail: each kind of loss is told from a table that is in order.</summary>
public sealed class RaceAuditTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("once 9 ok 3", "Row 90 of writer 0 is lost|Row 91 of writer 0 is lost|Row 92 of writer 0 is lost|Row 93 of writer 0 is lost|Row 94 of writer 0 is lost")]
    [InlineData("merge 4 rows 1,2|merge 4 ok 3", "Row -1 of all writers is 0, not 1|Row -2 of all writers is 0, not 1")]
    [InlineData("update 1 to 7|update 1 ok 3", "Row 10 of writer 0 is 0, not 7|Row 11 of writer 0 is 0, not 7|Row 12 of writer 0 is 0, not 7|Row 13 of writer 0 is 0, not 7|Row 14 of writer 0 is 0, not 7")]
    [InlineData("delete 1 ok 3", "Row 10 is there, and nobody was told so|Row 11 is there, and nobody was told so")]
    [InlineData("append 8 unknown CommitOutcomeUnknown:", "Of the rows 80 to 84, whose append had no answer, some are there and some are not", "select 80::bigint as id, 0::bigint as n")]
    [InlineData("append 8 failed Unavailable:", "Row 80 is there, and nobody was told so", "select 80::bigint as id, 0::bigint as n")]
    [InlineData("", "Row 10 is there twice", "select 10::bigint as id, 0::bigint as n")]
    [InlineData("optimize 0 ok 9", "optimize 0 of writer 0 was acknowledged as version 9, which does not exist")]
    [InlineData("optimize 0 ok 2", "Version 2 was acknowledged twice: for append 1 of writer 0 and optimize 0 of writer 0")]
    [InlineData("append 7 try|unfinished", "Writer 0 did not come to its end")]
    [InlineData("once 3 again", "Writer 0 did once 3 twice, though it is to be done once")]
    public async Task Every_kind_of_loss_is_named(string entries, string expected, string more = "select 0 as id, 0 as n where false")
    {
        using (var session = DeltaTables.Open(new LocalObjectStore(_folder.File("store")), new DeltaTablesOptions { WorkFolder = _folder.File("work") }))
        {
            var table = DeltaTable.Open(session, "t");
            await table.CreateAsync(new TableDefinition { Schema = new([new("id", PrimitiveType.Long), new("n", PrimitiveType.Long)]) });
            await table.AppendAsync($"select -1 - range as id, 0::bigint as n from range({Worker.SharedRows})");
            await table.AppendAsync("select 10 + range as id, 0::bigint as n from range(5)");
            await table.AppendAsync(more);
        }

        var book = _folder.File("book.txt");
        await File.WriteAllLinesAsync(book, ["append 1 ok 2", .. entries.Split('|', StringSplitOptions.RemoveEmptyEntries).Where(e => e != "unfinished"), .. entries.Contains("unfinished", StringComparison.Ordinal) ? (string[])[] : ["end 0 faults repeated 0"]]);

        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), new RaceAudit().Check([book], Path.Combine(_folder.File("store"), "t")).Order(StringComparer.Ordinal));
    }
}
