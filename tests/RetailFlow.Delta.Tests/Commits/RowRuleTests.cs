namespace RetailFlow.Delta.Tests;

public sealed class RowRuleTests
{
    [Theory]
    [InlineData("1 3", "{\"delta.constraints.positive\":\"id > 0\"}", "{}", "checkConstraints (positive)")]
    [InlineData("1 2", "{}", "{\"delta.invariants\":\"{}\"}", "invariants (id)")]
    [InlineData("1 4", "{}", "{\"delta.generationExpression\":\"1\"}", "generatedColumns (id)")]
    [InlineData("1 7||checkConstraints invariants", "{\"delta.constraints.a\":\"id > 0\",\"delta.constraints.b\":\"id > 1\"}", "{\"delta.invariants\":\"{}\"}", "checkConstraints (a, b); invariants (id)")]
    public async Task Rows_are_added_only_by_a_writer_that_enforced_the_rules(string protocol, string configuration, string annotations, string named)
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(ProtocolUpgradeTests.Parse(protocol), Metadata(configuration, annotations));

        var careless = Append(snapshot);
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(careless));
        Assert.Equal(
            (DeltaErrorKind.UnsupportedFeature, $"Rows cannot be added to 'silver/items': their writer did not state that it enforced {named}."),
            (error.Kind, error.Message));

        var careful = Append(snapshot);
        careful.EnforcedConstraints();
        var next = await table.CommitAsync(careful);
        Assert.Equal(["a"], SnapshotContent.Paths(next));

        var compaction = DeltaTransaction.Create(next, "OPTIMIZE");
        compaction.Remove(next.Files.Single(), dataChange: false);
        compaction.Add(TestTable.File("b") with { DataChange = false });
        Assert.Equal(["b"], SnapshotContent.Paths(await table.CommitAsync(compaction)));
    }

    [Fact]
    public async Task Rules_of_a_feature_that_is_not_supported_do_not_count()
    {
        var table = new TestTable();
        await table.PutCommitAsync(
            0,
            """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""",
            """{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{"delta.constraints.a":"id > 0"}}}""");

        Assert.Equal(["a"], SnapshotContent.Paths(await table.AppendAsync(await table.Log.LoadAsync(), TestTable.File("a"))));
    }

    [Fact]
    public async Task Required_column_has_no_nulls()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(new StructType([new StructField("id", PrimitiveType.Long, false), new StructField("n", PrimitiveType.Long)])));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("a", stats: """{"numRecords":3,"nullCount":{"id":2,"n":1}}"""));

        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));

        Assert.Equal("'a' has 2 nulls in the column 'id', which 'silver/items' requires.", error.Message);
        await table.AppendAsync(snapshot, TestTable.File("b", stats: """{"numRecords":3,"nullCount":{"id":0,"n":1}}"""));
    }

    private static DeltaTransaction Append(Snapshot snapshot)
    {
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("a"));
        return transaction;
    }

    private static Metadata Metadata(string configuration, string annotations) => TestTable.MetadataOf(
        StructType.Parse($$$"""{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{{{annotations}}}}]}""")) with
    {
        Configuration = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(configuration)!,
    };
}
