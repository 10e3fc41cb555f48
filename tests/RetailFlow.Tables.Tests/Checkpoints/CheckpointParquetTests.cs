using System.Globalization;
using RetailFlow.Delta;
using RetailFlow.Testing.Conformance;

namespace RetailFlow.Tables.Tests.Checkpoints;

public sealed class CheckpointParquetTests : IDisposable
{
    private readonly CheckpointFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Every_action_survives_both_ways()
    {
        var actions = Everything().ToList();

        var info = await fixture.Parquet.WriteActionsAsync(fixture.Store, "c.parquet", CheckpointFileKind.TopLevel, actions, default);

        Assert.Equal(actions.Count, info.Actions);
        Assert.Equal(new FileInfo(fixture.Store.LocalPath("c.parquet")).Length, info.SizeInBytes);
        Assert.Equal(CheckpointFixture.Lines(actions), CheckpointFixture.Lines(await fixture.ReadAsync("c.parquet")));
    }

    [Fact]
    public async Task Sidecar_has_the_columns_of_files_only_and_a_classic_checkpoint_none_of_its_own()
    {
        var files = Everything().Where(a => a is AddFile or RemoveFile).ToList();
        await fixture.Parquet.WriteActionsAsync(fixture.Store, "s.parquet", CheckpointFileKind.Sidecar, files, default);
        await fixture.Parquet.WriteActionsAsync(fixture.Store, "c.parquet", CheckpointFileKind.Classic, files, default);

        Assert.Equal("add,remove", ColumnsOf("s.parquet"));
        Assert.Equal("txn,metaData,protocol,domainMetadata,add,remove", ColumnsOf("c.parquet"));
        Assert.Equal(CheckpointFixture.Lines(files), CheckpointFixture.Lines(await fixture.ReadAsync("s.parquet")));
    }

    [Fact]
    public async Task Values_are_written_plainly_whatever_they_are()
    {
        var files = Enumerable.Range(0, 5000).Select(i => (DeltaAction)File(i));
        await fixture.Parquet.WriteActionsAsync(fixture.Store, "c.parquet", CheckpointFileKind.Classic, files, default);

        using var connection = fixture.Engine.Connect();
        using var result = connection.Query($"select distinct encodings from parquet_metadata({SqlText.Literal(fixture.Store.LocalPath("c.parquet"))})");
        Assert.Equal(["PLAIN"], result.Rows().Select(r => (string)r[0]!));
    }

    [Fact]
    public async Task Statistics_kept_as_a_struct_become_their_json_and_what_could_be_misread_is_left_out()
    {
        fixture.Copy("c.parquet", """
            select struct_pack("path" := 'a', partitionValues := map(['p'], [null]), size := 5, modificationTime := 6, dataChange := false, stats_parsed := struct_pack(
                numRecords := 3::bigint,
                minValues := struct_pack(i := 1::integer, s := 'x"y', d := date '2024-02-29', t := timestamptz '2024-01-01 00:00:00.123999+00', n := struct_pack(m := 2::bigint), f := 0.5::double, c := 1.50::decimal(9, 2)),
                maxValues := struct_pack(i := 9::integer, s := null::varchar, d := date '2024-03-01', t := timestamptz '2024-01-02 00:00:00+00', n := struct_pack(m := 4::bigint), f := 'nan'::double, c := 2.50::decimal(9, 2)),
                nullCount := struct_pack(i := 0::bigint, n := struct_pack(m := 1::bigint)))) as "add"
            union all select struct_pack("path" := 'b', partitionValues := map(['p'], ['1']), size := 5, modificationTime := 6, dataChange := false, stats_parsed := null)
            """);

        var files = (await fixture.ReadAsync("c.parquet")).Cast<AddFile>().OrderBy(f => f.Path).ToList();

        Assert.Equal(
            """{"numRecords":3,"minValues":{"i":1,"s":"x\"y","d":"2024-02-29","t":"2024-01-01T00:00:00.123Z","n":{"m":2}}"""
 + ""","maxValues":{"i":9,"s":null,"d":"2024-03-01","t":"2024-01-02T00:00:00.000Z","n":{"m":4}},"nullCount":{"i":0,"n":{"m":1}}}""",
            files[0].Stats);
        Assert.Null(files[1].Stats);
        Assert.Null(files[0].PartitionValues["p"]);
        Assert.Equal("1", files[1].PartitionValues["p"]);
    }

    [Fact]
    public async Task Statistics_as_text_go_before_those_as_a_struct()
    {
        fixture.Copy("c.parquet", """
            select struct_pack("path" := 'a', partitionValues := map([], [])::map(varchar, varchar), size := 5, modificationTime := 6, stats := '{"numRecords":7}',
                stats_parsed := struct_pack(numRecords := 8)) as "add", 1 as unknown
            """);

        var file = Assert.IsType<AddFile>(Assert.Single(await fixture.ReadAsync("c.parquet")));

        Assert.Equal("""{"numRecords":7}""", file.Stats);
        Assert.Empty(file.PartitionValues);
    }

    [Fact]
    public async Task Struct_filled_with_nulls_is_no_action()
    {
        fixture.Copy("c.parquet", """
            select struct_pack("path" := null::varchar, size := null::bigint) as "add", struct_pack(appId := null::varchar, version := null::bigint) as txn,
                struct_pack(minReaderVersion := 1, minWriterVersion := 2) as protocol
            """);

        Assert.Equal(["""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"""], CheckpointFixture.Lines(await fixture.ReadAsync("c.parquet")));
    }

    [Theory]
    [InlineData("select struct_pack(\"path\" := 'a', size := null::bigint, modificationTime := 1) as \"add\"", "add.size")]
    [InlineData("select struct_pack(\"path\" := 'a', size := 1, modificationTime := null::bigint) as \"add\"", "add.modificationTime")]
    [InlineData("select struct_pack(\"path\" := 'a', size := -1, modificationTime := 1) as \"add\"", "add.size")]
    [InlineData("select struct_pack(\"path\" := 'a', size := 'big', modificationTime := 1) as \"add\"", "checkpoint")]
    [InlineData("select struct_pack(\"path\" := 'a', size := 1, modificationTime := 1, deletionVector := struct_pack(storageType := 'u')) as \"add\"", "deletion vector")]
    public async Task Row_that_lacks_what_an_action_must_have_is_corrupt(string select, string message)
    {
        fixture.Copy("c.parquet", select);

        var error = await Assert.ThrowsAsync<DeltaException>(() => fixture.ReadAsync("c.parquet"));

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_file_is_corrupt_and_a_missing_one_is_missing()
    {
        await fixture.Parquet.WriteActionsAsync(fixture.Store, "c.parquet", CheckpointFileKind.Classic, Everything(), default);
        var bytes = (await fixture.Store.ReadAsync("c.parquet"))!;
        foreach (var damaged in new[] { [], bytes[..4], bytes[..^1], bytes[..(bytes.Length / 2)], "{\"add\":{}}"u8.ToArray() })
        {
            await fixture.Store.PutAsync("c.parquet", damaged);
            Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(() => fixture.ReadAsync("c.parquet"))).Kind);
        }

        await Assert.ThrowsAsync<FileNotFoundException>(() => fixture.ReadAsync("none.parquet"));
    }

    [Theory]
    [InlineData("golden/basic-with-inserts-deletes-checkpoint/delta", 13)]
    [InlineData("golden/basic-with-inserts-overwrite-restore/delta", 3)]
    [InlineData("golden/corrupted-last-checkpoint-kernel/delta", 11)]
    [InlineData("golden/multi-part-checkpoint/delta", 1)]
    [InlineData("golden/v2-checkpoint-json/delta", 2)]
    [InlineData("kernel/v2-checkpoints-json-with-last-checkpoint", 0)]
    [InlineData("kernel/v2-checkpoints-json-without-sidecars", 2)]
    [InlineData("kernel/v2-checkpoints-parquet-with-sidecars", 6)]
    [InlineData("kernel/v2-classic-checkpoint-json", 1)]
    public async Task Table_from_its_checkpoint_is_the_table_from_its_commits(string table, long newest)
    {
        using var conformance = new CheckpointFixture(ConformanceFolder.Delta());

        for (long version = 0; version <= newest; version++)
        {
            var fromCheckpoint = await conformance.Log(table).LoadAsync(TimeTravel.Version(version));
            var fromCommits = await conformance.Log(table, new NoCheckpoints()).LoadAsync(TimeTravel.Version(version));

            Assert.Equal(CheckpointFixture.Content(fromCommits), CheckpointFixture.Content(fromCheckpoint));
        }

        Assert.Equal(newest, (await conformance.Log(table).LoadAsync()).Version);
    }

    [Fact]
    public async Task Checkpoint_without_a_protocol_is_refused_although_the_commits_are_there()
    {
        using var conformance = new CheckpointFixture(ConformanceFolder.Delta());
        var log = conformance.Log("golden/deltalog-state-reconstruction-from-checkpoint-missing-protocol/delta");

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await log.LoadAsync());

        Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
        Assert.Contains("no protocol action", error.Message, StringComparison.Ordinal);
    }

    private static AddFile File(int i) => new()
    {
        Path = string.Create(CultureInfo.InvariantCulture, $"day={i % 7}/part-{i:D5}.parquet"),
        PartitionValues = new Dictionary<string, string?> { ["day"] = i % 7 == 0 ? null : (i % 7).ToString(CultureInfo.InvariantCulture) },
        Size = i,
        ModificationTime = 1_700_000_000_000 + i,
        DataChange = false,
        Stats = string.Create(CultureInfo.InvariantCulture, $$"""{"numRecords":{{i}}}"""),
    };

    private static IEnumerable<DeltaAction> Everything()
    {
        yield return new Protocol(3, 7, new HashSet<string> { "v2Checkpoint" }, new HashSet<string> { "v2Checkpoint", "appendOnly" });
        yield return Metadata.Create(Guid.Empty, new StructType([new StructField("a", PrimitiveType.Long)]), ["p"], new Dictionary<string, string> { ["k"] = "v", ["it's \"x\""] = "é\n" }, 5);
        yield return new SetTransaction("app's", 4);
        yield return new SetTransaction("timed", 5, 6);
        yield return new DomainMetadata("d", "{\"x\":1}", Removed: false);
        yield return new CheckpointMetadata(9);
        yield return new Sidecar("s.parquet", 10, 11);
        yield return File(0);
        yield return File(1) with
        {
            Path = "p=%2520'\"/x.parquet",
            Stats = null,
            PartitionValues = new Dictionary<string, string?> { ["p"] = "%20'\"\\\u0001é", ["q"] = "" },
            Tags = new Dictionary<string, string> { ["t"] = "1", ["u"] = "" },
            DeletionVector = new DeletionVectorDescriptor("u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6, 12),
            BaseRowId = 7,
            DefaultRowCommitVersion = 8,
            ClusteringProvider = "liquid",
        };
        yield return new RemoveFile { Path = "gone", DeletionTimestamp = 3, DataChange = false };
        yield return new RemoveFile
        {
            Path = "gone%20too",
            DeletionTimestamp = 4,
            DataChange = false,
            ExtendedFileMetadata = true,
            PartitionValues = new Dictionary<string, string?> { ["p"] = null },
            Size = 12,
            DeletionVector = new DeletionVectorDescriptor("i", "abcde", null, 4, 1),
            BaseRowId = 1,
            DefaultRowCommitVersion = 2,
        };
    }

    private string ColumnsOf(string path)
    {
        using var connection = fixture.Engine.Connect();
        using var result = connection.Query($"describe select * from read_parquet({SqlText.Literal(fixture.Store.LocalPath(path))})");
        return string.Join(',', result.Rows().Select(r => r[0]));
    }
}
