namespace RetailFlow.Delta.Tests;

public sealed class LogCleanUpTests
{
    private const string Log = TestTable.Path + "/_delta_log/";

    private static readonly DateTimeOffset Now = new(2026, 3, 31, 15, 0, 0, TimeSpan.Zero);

    [Theory]
    // One commit a day at noon from 2026-03-01 on; a retention of 10 days cuts at midnight of the 21st, so version 19 is the last before it.
    [InlineData("c0-30 p10 p19 p25", 10, "c0-18 p10")]
    [InlineData("c0-30 p10 p20", 10, "c0-9")]
    [InlineData("c0-30 p20", 10, "")]
    [InlineData("c0-30", 10, "")]
    [InlineData("c0-30 p10", 100, "")]
    [InlineData("c0-30 p30", 0, "")]
    [InlineData("c0-30 p29", 0, "c0-28")]
    // A checkpoint of several parts counts only when it is whole; one of any name counts.
    [InlineData("c0-30 m10.1/2 m15.1/2 m15.2/2 m18.2/2", 10, "c0-14 m10.1/2")]
    [InlineData("c0-30 u10 u12 p12 u14", 10, "c0-13 p12 u10 u12")]
    // Checksums before the checkpoint go, compactions that begin at or before it too.
    [InlineData("c0-30 p15 s14 s15 s16 x3-9 x14-20 x15-18 x16-19", 10, "c0-14 s14 x14-20 x15-18 x3-9")]
    [InlineData("c8-30 p8 p15", 10, "c8-14 p8")]
    public void Everything_from_the_last_checkpoint_before_the_cutoff_on_is_kept(string log, int retentionDays, string deleted)
    {
        var files = log.Split(' ').SelectMany(Parse).ToList();

        var plan = LogCleanUp.Plan(files, Now, TimeSpan.FromDays(retentionDays));

        Assert.Equal(deleted, Describe(plan.Delete));
        Assert.Equal(plan.Delete.Select(f => f.Version).Order(), plan.Delete.Select(f => f.Version));
    }

    [Fact]
    public async Task Log_of_many_days_keeps_what_its_retention_promises_and_loses_the_rest()
    {
        var table = new TestTable(checkpointInterval: 5);
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: ("delta.logRetentionDuration", "interval 10 days")));
        var states = new List<string[]> { SnapshotContent.Of(snapshot) };
        for (var version = 1; version <= 30; version++)
        {
            table.Clock.Advance(TimeSpan.FromDays(1));
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + version));
            states.Add(SnapshotContent.Of(snapshot));
        }

        // The cutoff is the midnight before version 20; of the checkpoints up to version 19 the newest is that of 15.
        Assert.Equal(15, (await ListAsync(table)).Min(f => f.Version));
        Assert.Contains((await ListAsync(table)), f => f is { Version: 15, Kind: LogFileKind.Commit });
        for (var version = 15; version <= 30; version++)
        {
            Assert.Equal(states[version], SnapshotContent.Of(await table.Log.LoadAsync(TimeTravel.Version(version))));
        }

        Assert.Equal(DeltaErrorKind.VersionNotFound, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync(TimeTravel.Version(14)))).Kind);
        Assert.Equal(0, await table.Log.CleanUpAsync(snapshot));
    }

    [Fact]
    public async Task Property_turns_the_clean_up_off_and_a_call_does_it_all_the_same()
    {
        var table = new TestTable(checkpointInterval: 5);
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: [("delta.logRetentionDuration", "interval 2 days"), ("delta.enableExpiredLogCleanup", "false")]));
        for (var version = 1; version <= 12; version++)
        {
            table.Clock.Advance(TimeSpan.FromDays(1));
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + version));
        }

        Assert.Equal(0, (await ListAsync(table)).Min(f => f.Version));

        // Ten versions before the checkpoint of version 5, each with a checksum.
        Assert.Equal(10, await table.Log.CleanUpAsync(snapshot));
        Assert.Equal(5, (await ListAsync(table)).Min(f => f.Version));
    }

    [Fact]
    public async Task Checkpoint_that_cannot_be_read_takes_nothing_with_it()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();
        await table.AppendAsync(snapshot, TestTable.File("a"));
        await table.Store.PutAsync(Log + "00000000000000000001.checkpoint.parquet", "{\"add\":"u8.ToArray());
        table.Clock.Advance(TimeSpan.FromDays(40));
        var before = await ListAsync(table);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CleanUpAsync(snapshot));

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Equal(before, await ListAsync(table));
        Assert.Equal(1, (await table.Log.LoadAsync()).FileCount);
    }

    [Fact]
    public async Task Sidecars_are_kept_while_a_checkpoint_refers_to_them_or_may_be_about_to()
    {
        var table = new TestTable();
        await table.PutCommitAsync(0, DeltaActionJson.ToJson(V2WritingTests.Protocol), DeltaActionJson.ToJson(TestTable.MetadataOf(configuration: ("delta.checkpointPolicy", "v2"))), DeltaActionJson.ToJson(TestTable.File("a")));
        var snapshot = await table.Log.LoadAsync();
        await table.Log.CheckpointAsync(snapshot);
        await table.Store.PutAsync(Log + "_sidecars/abandoned.parquet", "{}"u8.ToArray());
        table.Clock.Advance(TimeSpan.FromDays(2));
        await table.Store.PutAsync(Log + "_sidecars/young.parquet", "{}"u8.ToArray());
        var before = await SidecarsAsync(table);
        Assert.Equal(3, before.Count);

        Assert.Equal(1, await table.Log.CleanUpAsync(snapshot));

        Assert.Equal(before.Where(s => !s.Contains("abandoned", StringComparison.Ordinal)), await SidecarsAsync(table));
        Assert.Equal(SnapshotContent.Of(snapshot), SnapshotContent.Of(await table.Log.LoadAsync()));
    }

    private static IEnumerable<LogFile> Parse(string text)
    {
        var numbers = text[1..].Split('-', '.', '/').Select(int.Parse).ToArray();
        LogFile File(LogFileKind kind, long version, long last, int part, int parts) =>
            new($"{kind}{version}{last}{part}", kind, version, last, part, parts, TestTable.Start.AddDays(version));
        return text[0] switch
        {
            'c' => Enumerable.Range(numbers[0], numbers[1] - numbers[0] + 1).Select(v => File(LogFileKind.Commit, v, v, 1, 1)),
            'p' => [File(LogFileKind.ClassicCheckpoint, numbers[0], numbers[0], 1, 1)],
            'u' => [File(LogFileKind.UuidCheckpoint, numbers[0], numbers[0], 1, 1)],
            'm' => [File(LogFileKind.MultiPartCheckpoint, numbers[0], numbers[0], numbers[1], numbers[2])],
            's' => [File(LogFileKind.Checksum, numbers[0], numbers[0], 1, 1)],
            _ => [File(LogFileKind.Compaction, numbers[0], numbers[1], 1, 1)],
        };
    }

    private static string Describe(IReadOnlyList<LogFile> files)
    {
        var commits = files.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).ToList();
        Assert.Equal(commits.Count, commits.Count == 0 ? 0 : commits.Max() - commits.Min() + 1);
        var others = files.Where(f => f.Kind != LogFileKind.Commit).Select(f => f.Kind switch
        {
            LogFileKind.ClassicCheckpoint => $"p{f.Version}",
            LogFileKind.UuidCheckpoint => $"u{f.Version}",
            LogFileKind.MultiPartCheckpoint => $"m{f.Version}.{f.Part}/{f.Parts}",
            LogFileKind.Checksum => $"s{f.Version}",
            _ => $"x{f.Version}-{f.LastVersion}",
        }).Order(StringComparer.Ordinal);
        return string.Join(' ', (commits.Count == 0 ? [] : new[] { $"c{commits.Min()}-{commits.Max()}" }).Concat(others));
    }

    private static async Task<List<LogFile>> ListAsync(TestTable table)
    {
        var files = new List<LogFile>();
        await foreach (var info in table.Store.ListAsync(Log))
        {
            if (LogFile.TryParse(info, Log) is { } file)
            {
                files.Add(file);
            }
        }

        return files;
    }

    private static async Task<List<string>> SidecarsAsync(TestTable table)
    {
        var paths = new List<string>();
        await foreach (var info in table.Store.ListAsync(Log + "_sidecars/"))
        {
            paths.Add(info.Path);
        }

        return paths;
    }
}
