using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Writing;

/// <summary>Sizes of data files. The engine closes a file only behind a row group, some 120,000 rows.</summary>
public sealed class FileSizeTests : FrontTests
{
    private const int ManyRows = 260_000;
    private const string TargetFileSize = "delta.targetFileSize";

    [Fact]
    public async Task Written_rows_are_divided_over_files_of_the_size_that_the_table_asks_for()
    {
        var divided = await CreateAsync("divided", TableProfile.Modern, "512kb");
        var whole = await CreateAsync("whole", TableProfile.Modern, null);
        await divided.AppendAsync(Rows(ManyRows));
        await whole.AppendAsync(Rows(ManyRows));

        var files = (await divided.LoadAsync()).Files;

        Assert.InRange(files.Count, 2, 5);
        Assert.All(files, f => Assert.InRange(f.Size, 1, 2 << 20));
        Assert.Equal(ManyRows, files.Sum(f => f.ParsedStatistics!.NumRecords));
        Assert.Single((await whole.LoadAsync()).Files);
    }

    [Theory]
    [InlineData("interop")]
    [InlineData("modern")]
    public async Task File_much_above_the_size_is_divided_when_it_is_rewritten_and_the_next_change_rewrites_a_part(string profile)
    {
        var table = await CreateAsync("t", TableProfile.Find(profile)!, null);
        await table.AppendAsync(Rows(ManyRows));
        await table.AlterAsync([new SchemaChange.SetProperties(new Dictionary<string, string> { [TargetFileSize] = "512kb", [DeletionVectors] = "false" })]);
        var change = new Dictionary<string, string> { ["n"] = "-1" };

        var first = await table.UpdateAsync(change, "id = 0");
        var again = await table.UpdateAsync(change, "id = 1");

        Assert.Equal((1, 1L), (first.FilesRemoved, first.RowsUpdated));
        Assert.InRange(first.FilesAdded, 2, 5);
        Assert.Equal((1, 1L), (again.FilesRemoved, again.RowsUpdated));
        Assert.InRange(again.RowsCopied, 1, ManyRows * 3 / 4);
        Assert.Equal(["0|-1", "1|-1"], await RowsAsync(table, "select * from {table} where n = -1"));
        Assert.Equal([$"{ManyRows}|{ManyRows}"], await RowsAsync(table, "select count(*), count(distinct id) from {table}"));
    }

    [Fact]
    public async Task Optimize_gathers_what_is_small_for_the_table_and_leaves_what_is_not()
    {
        var table = await CreateAsync("t", TableProfile.Interop, "8kb");
        foreach (var rows in new[] { 10, 20, 3_000 })
        {
            await table.AppendAsync(Rows(rows));
        }

        var done = await table.OptimizeAsync();

        Assert.Equal((2, 1), (done.FilesRemoved, done.FilesAdded));
        Assert.Equal([30L, 3_000L], (await table.LoadAsync()).Files.Select(f => f.ParsedStatistics!.NumRecords!.Value).Order());
        Assert.Null((await table.OptimizeAsync()).Version);
        await table.AlterAsync([new SchemaChange.UnsetProperties([TargetFileSize])]);
        Assert.Equal((2, 1), await table.OptimizeAsync() is var all ? (all.FilesRemoved, all.FilesAdded) : default);
    }

    [Fact]
    public async Task Malformed_size_is_refused_before_anything_is_written()
    {
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await CreateAsync("t", TableProfile.Interop, "lots"));
        Assert.Contains("'lots', which is no size", error.Message, StringComparison.Ordinal);
        var table = await CreateAsync("t", TableProfile.Interop, "16mb");

        await Assert.ThrowsAsync<DeltaException>(
            async () => await table.AlterAsync([new SchemaChange.SetProperties(new Dictionary<string, string> { [TargetFileSize] = "16 megs" })]));

        Assert.Equal(0, (await table.LoadAsync()).Version);
    }

    private static string Rows(int count) =>
        string.Create(CultureInfo.InvariantCulture, $"select range as id, cast(hash(range) >> 1 as bigint) as n from range({count})");

    private async Task<DeltaTable> CreateAsync(string path, TableProfile profile, string? size)
    {
        var table = DeltaTable.Open(Session, path);
        await table.CreateAsync(new TableDefinition
        {
            Schema = new([Long("id"), Long("n")]),
            Profile = profile,
            Properties = size is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [TargetFileSize] = size },
        });
        return table;
    }
}
