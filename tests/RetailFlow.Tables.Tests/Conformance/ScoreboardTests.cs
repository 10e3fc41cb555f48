using RetailFlow.Tables.Tests.Support;
using RetailFlow.Testing.Storage;
using Judge = RetailFlow.Tables.Conformance;

namespace RetailFlow.Tables.Tests.Conformance;

public sealed class ScoreboardTests
{
    // The README of the conformance material says which these are.
    private static readonly string[] MustBeRefused =
    [
        "golden/deltalog-invalid-protocol-version",
        "golden/deltalog-state-reconstruction-from-checkpoint-missing-protocol",
        "golden/deltalog-state-reconstruction-without-protocol",
        "golden/no-delta-log-folder",
        "golden/versions-not-contiguous",
    ];

    public static TheoryData<string> Tables => [.. SharedTables.Below("golden"), .. SharedTables.Below("kernel")];

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_table_of_another_writer_is_right_or_refused_as_it_must_be(string name)
    {
        using var work = new TemporaryDirectory();

        var report = await Judge.JudgeAsync(SharedTables.Path(name), work.Path, TestContext.Current.CancellationToken);

        var result = Assert.Single(report.Tables);
        Assert.Equal((MustBeRefused.Contains(name) ? ConformanceVerdict.RefusedAsItMustBe : ConformanceVerdict.Right, true), (result.Verdict, report.Holds));
        TestContext.Current.TestOutputHelper?.WriteLine(result.Detail);
    }

    [Theory]
    [InlineData("golden/basic-with-inserts-deletes-checkpoint", "expected/*.parquet", "select * from {0} limit 3", "rows are missing and")]
    [InlineData("golden/data-reader-primitives", "expected/*.parquet", "select * exclude (as_int), as_int::bigint as as_int from {0}", "as_int is INTEGER and not BIGINT")]
    [InlineData("golden/data-reader-primitives", "expected/*.parquet", "select * exclude (as_int) from {0}", "only one side has the columns as_int")]
    public async Task Other_content_than_expected_is_wrong(string name, string files, string select, string detail)
    {
        using var work = new TemporaryDirectory();
        Copy(SharedTables.Path(name), work.File("table"));
        using (var database = DuckDb.DuckDbDatabase.Open())
        using (var connection = database.Connect())
        {
            var source = $"read_parquet('{work.File("table")}/{files}', union_by_name = true)";
            connection.Execute($"copy ({string.Format(System.Globalization.CultureInfo.InvariantCulture, select, source)}) to '{work.File("new.parquet")}'");
        }

        Directory.Delete(work.File("table/expected"), recursive: true);
        Directory.CreateDirectory(work.File("table/expected"));
        Copy(work.File("new.parquet"), work.File("table/expected/part.parquet"));

        await AssertWrong(work, detail);
    }

    [Fact]
    public async Task Another_checksum_is_wrong()
    {
        using var work = new TemporaryDirectory();
        Copy(SharedTables.Path("kernel/v2-checkpoints-json-without-sidecars"), work.File("table"));
        Edit(work.File("table/_delta_log/00000000000000000001.crc"), "\"numFiles\":3", "\"numFiles\":4");

        await AssertWrong(work, "numFiles is 4; the log gives 3");
    }

    [Fact]
    public async Task A_feed_that_does_not_lead_to_the_content_is_wrong()
    {
        using var work = new TemporaryDirectory();
        Copy(SharedTables.Path("kernel/cdf-table-partitioned"), work.File("table"));
        Edit(work.File("table/_delta_log/00000000000000000001.json"), "{\"cdc\":", "{\"none\":");
        Edit(work.File("table/_delta_log/00000000000000000001.json"), "\"deletionTimestamp\":1734480116804,\"dataChange\":true", "\"deletionTimestamp\":1734480116804,\"dataChange\":false");

        await AssertWrong(work, "the change data feed of version 1 does not lead");
    }

    [Fact]
    public async Task A_missing_data_file_is_wrong()
    {
        using var work = new TemporaryDirectory();
        Copy(SharedTables.Path("kernel/cdf-table-with-dv"), work.File("table"));
        var vector = Directory.GetFiles(work.File("table"), "*.bin").Single();
        File.Delete(vector);

        await AssertWrong(work, "deletion vector file");
    }

    [Fact]
    public async Task A_feature_that_nobody_knows_is_refused_by_its_name()
    {
        using var work = new TemporaryDirectory();
        Copy(SharedTables.Path("golden/basic-with-vacuum-protocol-check-feature"), work.File("table"));
        foreach (var file in Directory.GetFiles(work.File("table/delta/_delta_log"), "*.json").Where(f => File.ReadAllText(f).Contains("vacuumProtocolCheck", StringComparison.Ordinal)))
        {
            Edit(file, "vacuumProtocolCheck", "timeTravelBackwards");
        }

        var result = Assert.Single((await Judge.JudgeAsync(work.File("table"), work.File("work"), TestContext.Current.CancellationToken)).Tables);

        Assert.Equal(ConformanceVerdict.RefusedByName, result.Verdict);
        Assert.Contains("timeTravelBackwards", result.Detail, StringComparison.Ordinal);
    }

    private static async Task AssertWrong(TemporaryDirectory work, string detail)
    {
        var report = await Judge.JudgeAsync(work.File("table"), work.File("work"), TestContext.Current.CancellationToken);

        var result = Assert.Single(report.Tables);
        Assert.Equal((ConformanceVerdict.Wrong, false), (result.Verdict, report.Holds));
        Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
    }

    private static void Edit(string file, string from, string to)
    {
        var text = File.ReadAllText(file);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.WriteAllBytes(to, File.ReadAllBytes(from));
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var entry in Directory.GetFileSystemEntries(from))
        {
            Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
        }
    }
}
