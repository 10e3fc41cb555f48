namespace RetailFlow.Delta.Tests;

public sealed class GoldenTableTests
{
    [Theory]
    [InlineData("golden/124-decimal-decode-bug/delta", 0, 2, 844, 0)]
    [InlineData("golden/basic-decimal-table/delta", 0, 4, 4131, 0)]
    [InlineData("golden/basic-with-vacuum-protocol-check-feature/delta", 1, 2, 2191, 0)]
    [InlineData("golden/canonicalized-paths-normal-b/delta", 1, 0, 0, 1)]
    [InlineData("golden/canonicalized-paths-special-b/delta", 1, 0, 0, 1)]
    [InlineData("golden/data-reader-array-complex-objects/delta", 0, 2, 5662, 0)]
    [InlineData("golden/data-reader-escaped-chars/delta", 2, 3, 1194, 0)]
    [InlineData("golden/data-reader-map/delta", 0, 2, 7293, 0)]
    [InlineData("golden/data-reader-nullable-field-invalid-schema-key/delta", 0, 2, 885, 0)]
    [InlineData("golden/data-reader-primitives/delta", 0, 2, 5050, 0)]
    [InlineData("golden/data-skipping-basic-stats-all-types/delta", 0, 1, 2738, 0)]
    [InlineData("golden/data-skipping-change-stats-collected-across-versions/delta", 4, 3, 2052, 0)]
    [InlineData("golden/decimal-various-scale-precision/delta", 0, 1, 9126, 0)]
    [InlineData("golden/deltalog-commit-info/delta", 0, 1, 1, 0)]
    [InlineData("golden/kernel-timestamp-int96/delta", 0, 5, 3535, 0)]
    [InlineData("golden/log-replay-special-characters-b/delta", 0, 1, 100, 0)]
    [InlineData("golden/log-replay-special-characters/delta", 1, 0, 0, 1)]
    [InlineData("golden/parquet-all-types/delta", 0, 1, 21057, 0)]
    [InlineData("golden/parquet-decimal-type/delta", 0, 1, 2303393, 0)]
    [InlineData("golden/snapshot-data1/delta", 1, 4, 2598, 0)]
    [InlineData("golden/snapshot-data2-deleted/delta", 4, 3, 1740, 6)]
    [InlineData("golden/snapshot-repartitioned/delta", 5, 2, 1392, 9)]
    [InlineData("golden/time-travel-partition-changes-a/delta", 0, 10, 4290, 0)]
    [InlineData("golden/time-travel-start-start20-start40/delta", 2, 6, 2704, 0)]
    [InlineData("kernel/cdf-table-backtick-column-names", 1, 4, 5292, 0)]
    [InlineData("kernel/cdf-table-delete-unconditional", 1, 0, 0, 3)]
    [InlineData("kernel/cdf-table-partitioned", 2, 1, 927, 4)]
    [InlineData("kernel/cdf-table-update-ops", 2, 2, 1003, 0)]
    public async Task Log_of_commits_replays_to_its_files(string table, long version, int files, long bytes, int tombstones)
    {
        var snapshot = await ConformanceTables.Open(table).LoadAsync();

        Assert.Equal((version, files, bytes, tombstones), (snapshot.Version, snapshot.FileCount, snapshot.TotalSize, snapshot.Tombstones.Count));
        Assert.Equal(bytes, snapshot.Files.Sum(f => f.Size));
    }

    [Theory]
    [InlineData("golden/deltalog-invalid-protocol-version/delta", DeltaErrorKind.UnsupportedFeature, "needs reader version 99")]
    [InlineData("golden/deltalog-state-reconstruction-without-protocol/delta", DeltaErrorKind.Corrupt, "has no protocol action")]
    [InlineData("golden/no-delta-log-folder/delta", DeltaErrorKind.TableNotFound, "There is no Delta table")]
    [InlineData("golden/versions-not-contiguous/delta", DeltaErrorKind.Corrupt, "not contiguous: version 1 is missing")]
    public async Task Log_that_cannot_be_read_is_refused_by_name(string table, DeltaErrorKind kind, string message)
    {
        var log = ConformanceTables.Open(table);

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await log.LoadAsync());

        Assert.Equal(kind, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_without_a_log_is_no_table()
    {
        Assert.Null(await ConformanceTables.Open("golden/no-delta-log-folder/delta").TryLoadAsync());
    }

    [Fact]
    public async Task Version_before_a_checkpoint_is_replayed_from_commits_alone()
    {
        // The table has a checkpoint at version 10, and these logs fail when a checkpoint is read.
        var log = ConformanceTables.Open("golden/basic-with-inserts-deletes-checkpoint/delta");

        var snapshot = await log.LoadAsync(TimeTravel.Version(9));

        Assert.Equal(9, snapshot.Version);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await log.LoadAsync(TimeTravel.Version(10)));
    }

    [Fact]
    public async Task Corrupted_hint_at_the_last_checkpoint_is_ignored()
    {
        var log = ConformanceTables.Open("golden/corrupted-last-checkpoint-kernel/delta");

        var snapshot = await log.LoadAsync(TimeTravel.Version(9));

        Assert.Equal((9, 20, 10030), (snapshot.Version, snapshot.FileCount, snapshot.TotalSize));
    }

    [Fact]
    public async Task Partition_values_and_paths_keep_their_own_escapes()
    {
        var snapshot = await ConformanceTables.Open("golden/data-reader-escaped-chars/delta").LoadAsync();

        Assert.Equal(["bar+%21", "bar+%22", "bar+%23"], snapshot.Files.Select(f => f.PartitionValues["_2"]).Order());
        Assert.Contains("_2=bar+%2521/part-00000-af08f887-922f-4c31-82a7-8e142c4280a6.c000.snappy.parquet", snapshot.Files.Select(f => f.DecodedPath));
    }

    [Fact]
    public async Task Commit_info_keeps_known_and_unknown_fields()
    {
        var info = (await ConformanceTables.Open("golden/deltalog-commit-info/delta").LoadAsync()).LastCommit!;

        Assert.Equal((1540415658000, "WRITE", -1, "default", true), (info.Timestamp, info.Operation, info.ReadVersion, info.IsolationLevel, info.IsBlindAppend));
        Assert.Equal("test", info.OperationParameters["test"]);
        Assert.Equal("test", info.OperationMetrics["test"]);
        Assert.Equal("\"user_0\"", info.Rest["userId"]);
        Assert.Equal("{\"notebookId\":\"notebook_id_0\"}", info.Rest["notebook"]);
    }

    [Fact]
    public async Task Schema_of_every_type_is_parsed()
    {
        var schema = (await ConformanceTables.Open("golden/parquet-all-types/delta").LoadAsync()).Schema;

        Assert.Equal(
            "struct<ByteType:byte,ShortType:short,IntegerType:integer,LongType:long,FloatType:float,DoubleType:double,decimal:decimal(10,2),"
            + "BooleanType:boolean,StringType:string,BinaryType:binary,DateType:date,TimestampType:timestamp,TimestampNTZType:timestamp_ntz,"
            + "nested_struct:struct<aa:string,ac:struct<aca:integer>>,array_of_prims:array<integer>,array_of_arrays:array<array<integer>>,"
            + "array_of_structs:array<struct<ab:long>>,map_of_prims:map<integer,long>,map_of_rows:map<integer,struct<ab:long>>,"
            + "map_of_arrays:map<long,array<integer>>>",
            schema.ToString());
    }

    [Theory]
    [InlineData("as_int", 0, true)]
    [InlineData("as_int", 1, false)]
    [InlineData("as_long", -1, false)]
    [InlineData("as_big_decimal", 0, true)]
    [InlineData("as_big_decimal", 2, false)]
    [InlineData("as_double", 0, true)]
    [InlineData("as_double", -1, false)]
    [InlineData("unknown", 5, true)]
    public async Task Statistics_of_another_writer_skip_what_cannot_match(string column, long value, bool kept)
    {
        var snapshot = await ConformanceTables.Open("golden/data-skipping-basic-stats-all-types/delta").LoadAsync();

        Assert.Equal(kept, FileSkipper.Select(snapshot, FilePredicate.Equal(column, Literal.Of(value))).Any());
    }

    [Fact]
    public async Task Statistics_that_were_collected_for_fewer_and_fewer_columns_never_lose_a_row()
    {
        var snapshot = await ConformanceTables.Open("golden/data-skipping-change-stats-collected-across-versions/delta").LoadAsync();

        int Kept(string column, long value) => FileSkipper.Select(snapshot, FilePredicate.Equal(column, Literal.Of(value))).Count();

        Assert.Equal([3, 3], [Kept("col1", 0), Kept("col2", 0)]);
        Assert.Equal([1, 2], [Kept("col1", 1), Kept("col2", 1)]);
    }
}
