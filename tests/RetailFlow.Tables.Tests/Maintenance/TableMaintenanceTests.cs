using RetailFlow.Delta;
using RetailFlow.Tables.Tests.Support;
using static RetailFlow.Tables.Tests.Support.WorkTable;

namespace RetailFlow.Tables.Tests.Maintenance;

public sealed class TableMaintenanceTests : FrontTests
{
    private readonly LateClock _clock;

    public TableMaintenanceTests()
        : this(new LateClock())
    {
    }

    private TableMaintenanceTests(LateClock clock)
        : base(clock) => _clock = clock;

    [Fact]
    public async Task Vacuum_keeps_what_a_version_within_the_retention_needs_and_nothing_else_that_is_old()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select 1 as id");
        await table.OverwriteAsync("select 2 as id");
        _clock.Late = TimeSpan.FromDays(5);
        await table.OverwriteAsync("select 3 as id");
        await Store.PutIfAbsentAsync("t/orphan.parquet", new byte[5]);
        await Store.PutIfAbsentAsync("other/orphan.parquet", new byte[5]);
        var first = (await table.LoadAsync(TimeTravel.Version(1))).Files.Single();

        Assert.Empty((await table.VacuumAsync()).Files);
        _clock.Late = TimeSpan.FromDays(8);
        var dry = await table.VacuumAsync(dryRun: true);
        var dryAgain = await table.VacuumAsync(dryRun: true);
        var done = await table.VacuumAsync();

        string[] expected = ["t/orphan.parquet", "t/" + first.Path];
        Assert.Equal(expected.Order(StringComparer.Ordinal), dry.Files);
        Assert.Equal(dry.Files, dryAgain.Files);
        Assert.Equal(dry.Files, done.Files);
        Assert.Equal((5 + first.Size, true, 5 + first.Size, false), (dry.Bytes, dry.DryRun, done.Bytes, done.DryRun));
        Assert.Empty((await table.VacuumAsync()).Files);
        Assert.Equal(["2"], await RowsAsync(table, TimeTravel.Version(2)));
        Assert.Equal(["3"], await RowsAsync(table));
        Assert.NotNull(await Store.HeadAsync("other/orphan.parquet"));
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await RowsAsync(table, TimeTravel.Version(1)));
        Assert.Contains(first.DecodedPath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vacuum_below_the_retention_must_be_forced()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select 1 as id");
        await table.DeleteAsync();
        _clock.Late = TimeSpan.FromHours(1);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.VacuumAsync(TimeSpan.FromHours(167)));
        Assert.Equal("'t' keeps files that left it for 168 hours; vacuuming with 167 hours must be forced.", error.Message);
        Assert.Equal(["1"], await RowsAsync(table, TimeTravel.Version(1)));

        Assert.Single((await table.VacuumAsync(TimeSpan.Zero, force: true)).Files);
        Assert.Empty(await RowsAsync(table));
    }

    [Fact]
    public async Task Vacuum_keeps_deletion_vectors_in_use_and_deletes_those_replaced()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]), Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id from range(100)");
        await table.DeleteAsync("id % 2 = 0");
        await table.DeleteAsync("id > 3");
        _clock.Late = TimeSpan.FromDays(8);

        var done = await table.VacuumAsync();

        Assert.Equal(1, done.Files.Count(f => f.EndsWith(".bin", StringComparison.Ordinal)));
        Assert.Single(done.Files);
        Assert.Equal(["1", "3"], await RowsAsync(table));
    }

    [Fact]
    public async Task Restored_table_is_as_it_was_and_the_versions_between_stay()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]), Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id from range(4)");
        await table.DeleteAsync("id = 2");
        await table.AppendAsync("select 9 as id, 'x' as extra", mergeSchema: true);

        var restored = await table.RestoreAsync(TimeTravel.Version(1));
        var again = await table.RestoreAsync(TimeTravel.Version(1));

        Assert.Equal(new RestoreReport(4, 1, 1, 2), restored);
        Assert.Equal(new RestoreReport(null, 1, 0, 0), again);
        Assert.Equal(["0", "1", "2", "3"], await RowsAsync(table));
        Assert.Equal(["0|", "1|", "3|", "9|x"], await RowsAsync(table, TimeTravel.Version(3)));
        Assert.Equal(["0", "1", "3"], await RowsAsync(table, TimeTravel.Version(2)));
        var entry = (await table.HistoryAsync(1)).Single().CommitInfo!;
        Assert.Equal(("RESTORE", "1"), (entry.Operation, entry.OperationParameters["version"]));
    }

    [Fact]
    public async Task Restore_after_a_vacuum_is_refused_by_the_name_of_the_missing_file()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select 1 as id");
        await table.OverwriteAsync("select 2 as id");
        var gone = (await table.LoadAsync(TimeTravel.Version(1))).Files.Single().DecodedPath;
        _clock.Late = TimeSpan.FromDays(8);
        await table.VacuumAsync();

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.RestoreAsync(TimeTravel.Version(1)));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Contains($"restored to version 1: its file '{gone}' is missing", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await table.LoadAsync()).Version);
        Assert.Equal(["2"], await RowsAsync(table));
    }

    [Fact]
    public async Task Shallow_clone_has_the_rows_and_lives_its_own_life()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]), Profile = TableProfile.Modern });
        await table.AppendAsync("select range as id from range(4)");
        await table.DeleteAsync("id = 2");
        var clone = DeltaTable.Open(Session, "c l%/one");

        await table.CloneShallowAsync(clone);
        await clone.DeleteAsync("id = 0");
        await clone.AppendAsync("select 7 as id");

        Assert.Equal(["1", "3", "7"], await RowsAsync(clone));
        Assert.Equal(["0", "1", "3"], await RowsAsync(clone, TimeTravel.Version(0)));
        Assert.Equal(["0", "1", "3"], await RowsAsync(table));
        Assert.NotEqual((await table.LoadAsync()).Metadata.Id, (await clone.LoadAsync()).Metadata.Id);
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.CloneShallowAsync(clone));
        Assert.Equal(DeltaErrorKind.Conflict, error.Kind);
    }

    [Fact]
    public async Task Checkpoint_makes_the_earlier_log_unnecessary()
    {
        var table = await CreateAsync(new TableDefinition { Schema = new([Long("id")]) });
        await table.AppendAsync("select 1 as id");

        Assert.Equal(1, await table.CheckpointAsync());
        await Store.DeleteAsync("t/_delta_log/00000000000000000000.json");

        Assert.Equal(["1"], await RowsAsync(table));
        Assert.Equal([1L], (await table.HistoryAsync()).Select(h => h.Version));
    }

    // Files carry the time of the disk, so the tests' time is that and more.
    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Late { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Late;
    }
}
