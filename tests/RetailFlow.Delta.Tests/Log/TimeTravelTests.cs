namespace RetailFlow.Delta.Tests;

public sealed class TimeTravelTests
{
    private static readonly Protocol WithInCommitTimestamps = new(1, 7, null, new HashSet<string> { "inCommitTimestamp" });

    [Fact]
    public async Task Every_version_can_be_loaded_with_and_without_checkpoints()
    {
        var table = new TestTable(checkpointInterval: 3);
        var snapshots = new List<Snapshot> { await table.CreateAsync(files: TestTable.File("f0")) };
        for (var i = 1; i < 11; i++)
        {
            snapshots.Add(i % 4 == 0 ? await table.RemoveAsync(snapshots[^1], "f" + (i - 1)) : await table.AppendAsync(snapshots[^1], TestTable.File("f" + i)));
        }

        foreach (var expected in snapshots)
        {
            Assert.Equal(SnapshotContent.Of(expected), SnapshotContent.Of(await table.Log.LoadAsync(TimeTravel.Version(expected.Version))));
        }

        Assert.Equal(3, Assert.IsType<JsonLinesCheckpoints>(table.Parquet).Written);
    }

    [Fact]
    public async Task Version_that_does_not_exist_is_an_error_that_names_the_newest()
    {
        var table = new TestTable();
        await table.AppendAsync(await table.CreateAsync(), TestTable.File("a"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync(TimeTravel.Version(2)));

        Assert.Equal((DeltaErrorKind.VersionNotFound, "The table 'silver/items' has no version 2: the newest is 1."), (error.Kind, error.Message));
        Assert.Equal(DeltaErrorKind.VersionNotFound, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync(TimeTravel.Version(-1)))).Kind);
    }

    [Fact]
    public async Task Version_that_was_cleaned_up_is_an_error()
    {
        var table = new TestTable(checkpointInterval: 2);
        var snapshot = await table.AppendAsync(await table.AppendAsync(await table.CreateAsync(), TestTable.File("a")), TestTable.File("b"));
        await table.AppendAsync(snapshot, TestTable.File("c"));
        await table.Store.DeleteAsync(TestTable.CommitPath(0));
        await table.Store.DeleteAsync(TestTable.CommitPath(1));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync(TimeTravel.Version(1)));

        Assert.Equal((DeltaErrorKind.VersionNotFound, "The table 'silver/items' can no longer show version 1: its log was cleaned up."), (error.Kind, error.Message));
        Assert.Equal(["a", "b"], SnapshotContent.Paths(await table.Log.LoadAsync(TimeTravel.Version(2))));
        Assert.Equal(["a", "b", "c"], SnapshotContent.Paths(await table.Log.LoadAsync()));
    }

    [Fact]
    public async Task Time_gives_the_newest_version_not_younger()
    {
        var table = await TimedAsync(0, 10, 20);

        Assert.Equal([0, 0, 1, 1, 2, 2], await VersionsAtAsync(table, 0, 9.999, 10, 19, 20, 1000));
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.LoadAsync(TimeTravel.AsOf(TestTable.Start.AddSeconds(-1))));
        Assert.Equal(
            (DeltaErrorKind.VersionNotFound, "The table 'silver/items' has no version as early as 2026-03-01T11:59:59.0000000+00:00: the first that can be read is version 0 of 2026-03-01T12:00:00.0000000+00:00."),
            (error.Kind, error.Message));
    }

    [Fact]
    public async Task File_times_that_go_back_are_made_to_rise_by_a_millisecond()
    {
        var table = await TimedAsync(0, 10, 4, 10.001, 30);

        // Times of the versions: 0, 10, 10.001, 10.002, 30.
        Assert.Equal([0, 1, 2, 3, 3, 4], await VersionsAtAsync(table, 4, 10, 10.001, 10.002, 29, 30));
    }

    [Fact]
    public async Task In_commit_timestamps_count_before_file_times()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(WithInCommitTimestamps, TestTable.MetadataOf(configuration: ("delta.enableInCommitTimestamps", "true")));
        for (var i = 1; i < 8; i++)
        {
            table.Clock.Advance(TimeSpan.FromSeconds(10));
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        // A copy of the log has other file times, and the same versions at the same times.
        table.Clock.Advance(TimeSpan.FromDays(5));
        var copy = new TestTable();
        for (var version = 7; version >= 0; version--)
        {
            copy.Clock.Advance(TimeSpan.FromHours(1));
            await copy.PutCommitAsync(version, await table.CommitLinesAsync(version));
        }

        Assert.Equal([0, 0, 1, 5, 7, 7], await VersionsAtAsync(copy, 0, 9.999, 10, 59, 70, 80_000));
        Assert.Equal(TestTable.Start.AddSeconds(70), (await copy.Log.LoadAsync()).Timestamp);
    }

    [Fact]
    public async Task In_commit_timestamps_rise_even_when_the_clock_goes_back()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(WithInCommitTimestamps, TestTable.MetadataOf(configuration: ("delta.enableInCommitTimestamps", "true")));
        table.Clock.Advance(TimeSpan.FromSeconds(-100));
        snapshot = await table.AppendAsync(snapshot, TestTable.File("a"));
        snapshot = await table.AppendAsync(await table.Log.LoadAsync(), TestTable.File("b"));

        Assert.Equal(TestTable.Start.AddMilliseconds(2), snapshot.Timestamp);
        Assert.Equal([2, 1, 0], (await table.Log.HistoryAsync()).Select(h => (h.Timestamp - TestTable.Start).TotalMilliseconds));
        Assert.StartsWith("{\"commitInfo\":{\"inCommitTimestamp\":1772366400002,", (await table.CommitLinesAsync(2))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_commit_timestamps_that_are_switched_on_later_say_since_when()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(WithInCommitTimestamps);
        for (var i = 1; i < 4; i++)
        {
            table.Clock.Advance(TimeSpan.FromSeconds(10));
            snapshot = await table.AppendAsync(snapshot, TestTable.File("f" + i));
        }

        table.Clock.Advance(TimeSpan.FromSeconds(10));
        var enable = DeltaTransaction.Create(snapshot, "SET TBLPROPERTIES");
        enable.SetMetadata(TestTable.MetadataOf(configuration: ("delta.enableInCommitTimestamps", "true")));
        snapshot = await table.CommitAsync(enable);
        table.Clock.Advance(TimeSpan.FromSeconds(10));
        await table.AppendAsync(snapshot, TestTable.File("f5"));

        Assert.Equal(("4", "1772366440000"), (snapshot.Metadata.Configuration["delta.inCommitTimestampEnablementVersion"], snapshot.Metadata.Configuration["delta.inCommitTimestampEnablementTimestamp"]));
        Assert.Equal([0, 2, 3, 4, 4, 5], await VersionsAtAsync(table, 0, 20, 39, 40, 49, 50));
    }

    private static async Task<TestTable> TimedAsync(params double[] seconds)
    {
        var table = new TestTable();
        for (var version = 0; version < seconds.Length; version++)
        {
            table.Clock.Advance(At(seconds[version]) - table.Clock.GetUtcNow());
            string[] lines = version > 0
                ? ["{\"add\":{\"path\":\"f" + version + "\",\"partitionValues\":{},\"size\":1,\"modificationTime\":1,\"dataChange\":true}}"]
                : [DeltaActionJson.ToJson(new Protocol(1, 2)), DeltaActionJson.ToJson(TestTable.MetadataOf())];
            await table.PutCommitAsync(version, lines);
        }

        return table;
    }

    private static DateTimeOffset At(double seconds) => TestTable.Start.AddTicks((long)Math.Round(seconds * 1000) * TimeSpan.TicksPerMillisecond);

    private static async Task<List<int>> VersionsAtAsync(TestTable table, params double[] seconds)
    {
        var versions = new List<int>();
        foreach (var second in seconds)
        {
            versions.Add((int)(await table.Log.LoadAsync(TimeTravel.AsOf(At(second)))).Version);
        }

        return versions;
    }
}
