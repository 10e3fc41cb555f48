using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Storage;
using RetailFlow.Tables.Tests.Support;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Tables.Tests.Changes;

public sealed class ChangeFeedTests : IDisposable
{
    private readonly TemporaryDirectory _work = new();
    private readonly List<DeltaTables> _sessions = [];

    public void Dispose()
    {
        _sessions.ForEach(s => s.Dispose());
        _work.Dispose();
    }

    [Theory]
    [InlineData("cdf-column-mapping-id-mode", 1, 4)]
    [InlineData("cdf-column-mapping-name-mode-3-7", 1, 4)]
    [InlineData("cdf-table-backtick-column-names", 0, 5)]
    [InlineData("cdf-table-delete-conditional-all-rows", 0, 20)]
    [InlineData("cdf-table-delete-unconditional", 0, 20)]
    [InlineData("cdf-table-partitioned", 0, 12)]
    [InlineData("cdf-table-update-ops", 0, 20)]
    public async Task Changes_of_other_writers_are_those_that_their_logs_spell_out(string name, long from, int rows)
    {
        var folder = SharedTables.Path("kernel/" + name);
        var file = _work.File("changes.parquet");

        Assert.Equal(rows, await Table(folder).ExportChangesAsync(file, from, null, TestContext.Current.CancellationToken));

        using var database = DuckDb.DuckDbDatabase.Open();
        using var connection = database.Connect();
        connection.Execute($"create view expected as {NaiveChanges.Select(folder, from)}");
        connection.Execute($"create view actual as select * exclude (_commit_timestamp) from read_parquet('{file}')");
        Assert.Equal((long)rows, connection.Scalar<long>("select count(*) from expected"));
        Assert.Empty(connection.Query("select * from expected except all select * from actual").ToList());
        Assert.Empty(connection.Query("select * from actual except all select * from expected").ToList());
    }

    [Fact]
    public async Task A_file_that_gets_and_loses_deletion_vectors_gives_the_rows_between_them()
    {
        using var changes = await Table(SharedTables.Path("kernel/cdf-table-with-dv")).ChangesAsync(0, null, TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                "0: +0 +1 +2 +3 +4 +5 +6 +7 +8 +9",
                "1: -0 -9",
                "2: +0 +9",
                "3: -0 -1 -4 -5",
                "4: +1 +4",
                "5: +0 +5 -3",
                "6: +3",
            ],
            changes.Rows()
                .GroupBy(r => (long)r[2]!, r => ((string)r[1]! == "insert" ? "+" : "-") + ((int)r[0]!).ToString(CultureInfo.InvariantCulture))
                .OrderBy(g => g.Key)
                .Select(g => $"{g.Key}: {string.Join(' ', g.Order(StringComparer.Ordinal))}"));
    }

    [Fact]
    public async Task A_version_without_the_feed_is_named()
    {
        var table = Table(SharedTables.Path("kernel/cdf-column-mapping-id-mode"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.ChangesAsync(0, 3, TestContext.Current.CancellationToken));

        Assert.Equal(DeltaErrorKind.InvalidInput, error.Kind);
        Assert.Contains("not on in version 0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(0, 9)]
    [InlineData(9, null)]
    [InlineData(-1, null)]
    public async Task A_range_that_the_table_does_not_have_is_refused(long from, int? to)
    {
        var table = Table(SharedTables.Path("kernel/cdf-table-partitioned"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.ChangesAsync(from, to, TestContext.Current.CancellationToken));

        Assert.Equal(DeltaErrorKind.VersionNotFound, error.Kind);
    }

    [Fact]
    public async Task The_time_of_a_change_is_that_of_its_commit()
    {
        var table = Table(SharedTables.Path("kernel/cdf-table-partitioned"));
        var snapshot = await table.LoadAsync(TimeTravel.Version(1), TestContext.Current.CancellationToken);

        using var changes = await table.ChangesAsync(1, 1, TestContext.Current.CancellationToken);

        Assert.All(changes.Rows(), row => Assert.Equal(snapshot.Timestamp.ToUnixTimeMilliseconds(), ((DateTimeOffset)row[^1]!).ToUnixTimeMilliseconds()));
    }

    private DeltaTable Table(string folder)
    {
        var session = DeltaTables.Open(new LocalObjectStore(folder), new DeltaTablesOptions { WorkFolder = _work.Path, Threads = 2 });
        _sessions.Add(session);
        return DeltaTable.Open(session, "");
    }
}
