using System.Text.Json;

namespace RetailFlow.Delta.Tests;

public sealed class CommitRulesTests
{
    private static readonly string[] Names = ["", "a,b", "a b", "a;b", "a{", "a}", "a(", "a)", "a\n", "a\t", "a="];

    [Fact]
    public async Task First_commit_needs_protocol_and_metadata()
    {
        var table = new TestTable();
        var withoutBoth = DeltaTransaction.Create(null, "WRITE");
        var withoutMetadata = DeltaTransaction.Create(null, "WRITE");
        withoutMetadata.SetProtocol(new Protocol(1, 2));

        await RefuseAsync(table, withoutBoth, "needs a protocol");
        await RefuseAsync(table, withoutMetadata, "needs metadata");
        Assert.Null(await table.Log.TryLoadAsync());
    }

    [Fact]
    public async Task Paths_are_unique_in_a_commit_however_they_are_spelled()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: [TestTable.File("a b"), TestTable.File("c")]);

        await RefuseAsync(table, snapshot, t => { t.Add(TestTable.File("x")); t.Add(TestTable.File("x")); }, "is added twice");
        await RefuseAsync(table, snapshot, t => { t.Add(TestTable.File("x%20y")); t.Add(TestTable.File("x y")); }, "is added twice");
        await RefuseAsync(table, snapshot, t => { t.Remove(File(snapshot, "c")); t.Remove(File(snapshot, "c")); }, "removed or added once more");
        await RefuseAsync(table, snapshot, t => { t.Remove(File(snapshot, "a b")); t.Add(TestTable.File("a%20b")); }, "removed or added once more");
    }

    [Fact]
    public async Task Only_files_of_the_table_can_be_removed()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: TestTable.File("a"));

        await RefuseAsync(table, snapshot, t => t.Remove(TestTable.File("b")), "it is not in 'silver/items'");
    }

    [Fact]
    public async Task Append_only_table_keeps_its_rows_but_may_be_compacted()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: ("delta.appendOnly", "true")), files: TestTable.File("a"));

        await RefuseAsync(table, snapshot, t => t.Remove(File(snapshot, "a")), "append-only");
        var compaction = DeltaTransaction.Create(snapshot, "OPTIMIZE");
        compaction.Remove(File(snapshot, "a"), dataChange: false);
        compaction.Add(TestTable.File("b") with { DataChange = false });
        Assert.Equal(["b"], SnapshotContent.Paths(await table.CommitAsync(compaction)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("name")]
    public async Task Partition_values_are_those_of_the_partition_columns(string? column)
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(partitionColumns: ["day"]));
        var file = TestTable.File("a") with
        {
            PartitionValues = column is null ? new Dictionary<string, string?>() : new Dictionary<string, string?> { [column] = "x" },
        };

        await RefuseAsync(table, snapshot, t => t.Add(file), "'silver/items' is partitioned by [day]");
        await table.AppendAsync(snapshot, TestTable.File("a", day: "2026-03-01"));
    }

    [Fact]
    public async Task Paths_do_not_leave_the_table()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();

        await RefuseAsync(table, snapshot, t => t.Add(TestTable.File("../x")), "no path of a file");
        await RefuseAsync(table, snapshot, t => t.Add(TestTable.File("a/%2E%2E/x")), "no path of a file");
        await RefuseAsync(table, snapshot, t => t.Add(TestTable.File("")), "no path of a file");
    }

    [Fact]
    public async Task Schema_has_named_columns_that_differ()
    {
        foreach (var name in Names)
        {
            await RefuseCreationAsync(TestTable.MetadataOf(new StructType([new StructField(name, PrimitiveType.Long)])), "The column name");
        }

        await RefuseCreationAsync(
            TestTable.MetadataOf(new StructType([new StructField("id", PrimitiveType.Long), new StructField("ID", PrimitiveType.Long)])),
            "has the column 'ID' twice");
        await RefuseCreationAsync(TestTable.MetadataOf(StructType.Empty), "has no columns");
        await RefuseCreationAsync(TestTable.MetadataOf(partitionColumns: ["nowhere"]), "'nowhere' of 'silver/items' is not in its schema");
        await RefuseCreationAsync(TestTable.MetadataOf(partitionColumns: ["id", "name", "day"]), "are all of its columns");
        await RefuseCreationAsync(TestTable.MetadataOf(partitionColumns: ["day", "day"]), "repeat");
    }

    [Fact]
    public async Task Types_and_properties_that_are_features_need_them_in_the_protocol()
    {
        var local = new StructType([new StructField("t", new ArrayType(PrimitiveType.TimestampNtz, true))]);

        await RefuseCreationAsync(TestTable.MetadataOf(local), "must list the feature timestampNtz");
        await RefuseCreationAsync(TestTable.MetadataOf(configuration: ("delta.enableInCommitTimestamps", "true")), "must list the feature inCommitTimestamp");
        await RefuseCreationAsync(TestTable.MetadataOf(configuration: ("delta.appendOnly", "maybe")), "'delta.appendOnly' has the value 'maybe'");
        await RefuseCreationAsync(TestTable.MetadataOf(configuration: ("delta.deletedFileRetentionDuration", "interval 3 moons")), "interval 3 moons");
    }

    [Theory]
    [InlineData(3, 2, null, null, "reader version 3 needs writer version 7|readerFeatures belong")]
    [InlineData(1, 7, null, null, "writerFeatures belong to writer version 7")]
    [InlineData(1, 2, null, "appendOnly", "writerFeatures belong to writer version 7")]
    [InlineData(3, 7, "timestampNtz", "appendOnly", "listed as a writer feature too")]
    public async Task Protocol_is_well_formed(int reader, int writer, string? readerFeature, string? writerFeature, string messages)
    {
        var table = new TestTable();
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(new Protocol(reader, writer, Set(readerFeature), Set(writerFeature)));
        transaction.SetMetadata(TestTable.MetadataOf());

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));

        Assert.Equal(DeltaErrorKind.InvalidCommit, error.Kind);
        Assert.Contains(messages.Split('|'), m => error.Message.Contains(m, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Protocol_is_never_lowered()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(new Protocol(1, 7, null, Set("appendOnly")));

        await RefuseAsync(table, snapshot, t => t.SetProtocol(new Protocol(1, 2)), "may not be lowered");
        await RefuseAsync(table, snapshot, t => t.SetProtocol(new Protocol(1, 7, null, Set("domainMetadata"))), "may not be lowered");
    }

    [Fact]
    public async Task Upgrade_to_listed_features_lists_what_the_versions_implied()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(new Protocol(1, 3));

        await RefuseAsync(
            table,
            snapshot,
            t => t.SetProtocol(new Protocol(1, 7, null, new HashSet<string> { "appendOnly", "domainMetadata" })),
            "it must list checkConstraints, invariants, which its versions implied");
        var upgrade = DeltaTransaction.Create(snapshot, "UPGRADE");
        upgrade.SetProtocol(ProtocolUpgrade.For(snapshot.Protocol, snapshot.Metadata, "domainMetadata"));
        Assert.Equal(1, (await table.CommitAsync(upgrade)).Version);
    }

    [Fact]
    public async Task Change_data_feed_has_columns_of_its_own()
    {
        var table = new TestTable();
        var metadata = TestTable.MetadataOf(new StructType([new StructField("id", PrimitiveType.Long), new StructField("_Change_type", PrimitiveType.String)]));
        var snapshot = await table.CreateAsync(new Protocol(1, 4), metadata);

        await RefuseAsync(
            table,
            snapshot,
            t => t.SetMetadata(metadata with { Configuration = new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true" } }),
            "has the column '_Change_type', so it cannot keep a change data feed");
    }

    [Fact]
    public async Task Clustering_columns_are_kept_by_their_physical_names()
    {
        var table = new TestTable();
        var schema = new StructType([new StructField("id", PrimitiveType.Long), new StructField("who", new StructType([new StructField("name", PrimitiveType.String)]))]);
        var metadata = ColumnMapping.ForNewTable(TestTable.MetadataOf(schema, configuration: ("delta.columnMapping.mode", "name")), new Queue<Guid>(Enumerable.Range(1, 3).Select(i => new Guid(i, 0, 0, new byte[8]))).Dequeue);
        var create = DeltaTransaction.Create(null, "CREATE TABLE");
        create.SetProtocol(ProtocolUpgrade.For(null, metadata, "clustering"));
        create.SetMetadata(metadata);
        create.SetClustering("id", ColumnPath.Of("who", "name"));
        var snapshot = await table.CommitAsync(create);

        Assert.Equal(
            """{"clusteringColumns":[["col-00000001-0000-0000-0000-000000000000"],["col-00000002-0000-0000-0000-000000000000","col-00000003-0000-0000-0000-000000000000"]],"domainName":"delta.clustering"}""",
            snapshot.DomainMetadata["delta.clustering"].Configuration);
        Assert.Equal(2, Clustering.Columns(snapshot).Count);
        await RefuseAsync(table, snapshot, t => t.SetDomain("delta.clustering", "{}"), "belongs to the protocol");
        Assert.Throws<DeltaException>(() => DeltaTransaction.Create(snapshot, "CLUSTER").SetClustering("nowhere"));
        Assert.Throws<DeltaException>(() => DeltaTransaction.Create(snapshot, "CLUSTER").SetClustering("who"));

        var plain = new TestTable();
        await RefuseAsync(plain, await plain.CreateAsync(new Protocol(1, 7, null, Set("domainMetadata"))), t => t.SetClustering("id"), "must list the feature clustering");
        var partitioned = new TestTable();
        var withPartitions = await partitioned.CreateAsync(new Protocol(1, 7, null, new HashSet<string> { "domainMetadata", "clustering" }), TestTable.MetadataOf(partitionColumns: ["day"]));
        await RefuseAsync(partitioned, withPartitions, t => t.SetClustering("id"), "is partitioned, so it cannot be clustered");
    }

    [Theory]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"appendOnly\",\"icebergCompatV2\",\"icebergCompatV1\"]}}", "{}", "{}", "icebergCompatV1, icebergCompatV2")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":8}}", "{}", "{}", "needs writer version 8")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":3}}", "{\"delta.constraints.positive\":\"id > 0\"}", "{}", "checkConstraints")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}", "{}", "{\"delta.invariants\":\"{}\"}", "invariants")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":4}}", "{}", "{\"delta.generationExpression\":\"1\"}", "generatedColumns")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":6}}", "{}", "{\"delta.identity.start\":1}", "identityColumns")]
    [InlineData("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"checkConstraints\"]}}", "{\"delta.constraints.positive\":\"id > 0\"}", "{}", "checkConstraints")]
    public async Task Table_of_another_writer_is_read_but_not_written_when_it_needs_what_is_not_supported(
        string protocol, string configuration, string fieldMetadata, string named)
    {
        var table = new TestTable();
        var schema = $$$"""{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{{{fieldMetadata}}}}]}""";
        await table.PutCommitAsync(
            0,
            protocol,
            $$$"""{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":{{{JsonSerializer.Serialize(schema)}}},"partitionColumns":[],"configuration":{{{configuration}}}}}""");
        var snapshot = await table.Log.LoadAsync();
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("a"));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));

        Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await table.Log.LoadAsync()).Version);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 4)]
    [InlineData(1, 6)]
    [InlineData(2, 5)]
    public async Task Legacy_versions_whose_features_are_not_in_use_are_written(int reader, int writer)
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(new Protocol(reader, writer));

        Assert.Equal(["a"], SnapshotContent.Paths(await table.AppendAsync(snapshot, TestTable.File("a"))));
    }

    [Fact]
    public async Task Domains_need_their_feature_and_those_of_the_protocol_are_not_touched()
    {
        var table = new TestTable();
        var without = await table.CreateAsync();
        await RefuseAsync(table, without, t => t.SetDomain("retail", "{}"), "must list the feature domainMetadata");

        var other = new TestTable();
        var with = await other.CreateAsync(new Protocol(1, 7, null, Set("domainMetadata")));
        await RefuseAsync(other, with, t => t.SetDomain("delta.rowTracking", "{}"), "belongs to the protocol");
        var set = DeltaTransaction.Create(with, "SET");
        set.SetDomain("retail", "{\"a\":1}");
        var next = await other.CommitAsync(set);
        Assert.Equal("{\"a\":1}", next.DomainMetadata["retail"].Configuration);
        var unset = DeltaTransaction.Create(next, "UNSET");
        unset.RemoveDomain("retail");
        Assert.Empty((await other.CommitAsync(unset)).DomainMetadata);
        Assert.Contains("""{"domainMetadata":{"domain":"retail","configuration":"{\"a\":1}","removed":true}}""", await other.CommitLinesAsync(2));
    }

    [Fact]
    public async Task Change_files_need_the_change_data_feed()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();
        await RefuseAsync(table, snapshot, t => t.AddChangeFile(new AddCdcFile { Path = "_change_data/a", Size = 1 }), "keeps no change data feed");

        var feeding = new TestTable();
        var with = await feeding.CreateAsync(new Protocol(1, 4), TestTable.MetadataOf(configuration: ("delta.enableChangeDataFeed", "true")));
        var transaction = DeltaTransaction.Create(with, "MERGE");
        transaction.AddChangeFile(new AddCdcFile { Path = "_change_data/a", Size = 1 });
        await feeding.CommitAsync(transaction);
        Assert.Equal(["_change_data/a"], (await feeding.Log.ChangesAsync(0, 1))[0].ChangeFiles.Select(f => f.Path));
    }

    [Fact]
    public async Task Transaction_is_committed_once()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync();
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("a"));
        await table.CommitAsync(transaction);

        await RefuseAsync(table, transaction, "was committed before");
    }

    private static AddFile File(Snapshot snapshot, string path) => snapshot.Files.Single(f => f.Path == path);

    private static HashSet<string>? Set(string? feature) => feature is null ? null : [feature];

    private static async Task RefuseCreationAsync(Metadata metadata, string message)
    {
        var transaction = DeltaTransaction.Create(null, "CREATE TABLE");
        transaction.SetProtocol(new Protocol(1, 2));
        transaction.SetMetadata(metadata);
        await RefuseAsync(new TestTable(), transaction, message);
    }

    private static async Task RefuseAsync(TestTable table, Snapshot on, Action<DeltaTransaction> change, string message)
    {
        var transaction = DeltaTransaction.Create(on, "WRITE");
        change(transaction);
        await RefuseAsync(table, transaction, message);
        Assert.Equal(on.Version, (await table.Log.LoadAsync()).Version);
    }

    private static async Task RefuseAsync(TestTable table, DeltaTransaction transaction, string message)
    {
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));
        Assert.Equal(DeltaErrorKind.InvalidCommit, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
