namespace RetailFlow.Delta.Tests;

public sealed class TableProfileTests
{
    [Theory]
    [InlineData("1 2", "", "")]
    [InlineData("1 3", "delta.constraints.a=id > 0", "")]
    [InlineData("1 4", "delta.enableChangeDataFeed=true", "")]
    [InlineData("3 7|deletionVectors|deletionVectors", "delta.enableDeletionVectors=true", "deletionVectors minWriterVersion")]
    [InlineData("2 5", "delta.columnMapping.mode=name", "columnMapping minWriterVersion")]
    [InlineData("3 7|timestampNtz v2Checkpoint|timestampNtz v2Checkpoint", "", "timestampNtz v2Checkpoint minWriterVersion")]
    [InlineData("1 7||inCommitTimestamp", "delta.enableInCommitTimestamps=true", "minWriterVersion")]
    [InlineData("1 2", "delta.checkpointPolicy=v2", "v2Checkpoint")]
    public void Interop_excludes_what_old_readers_cannot_read(string protocol, string property, string expected)
    {
        var metadata = property.Length == 0 ? TestTable.MetadataOf() : TestTable.MetadataOf(configuration: (property.Split('=')[0], property[(property.IndexOf('=') + 1)..]));

        Assert.Equal(expected, string.Join(' ', TableProfile.Interop.Check(ProtocolUpgradeTests.Parse(protocol)!, metadata).Select(v => v.Feature)));
    }

    [Fact]
    public void Violation_names_feature_and_readers()
    {
        var metadata = TestTable.MetadataOf(new StructType([new StructField("t", PrimitiveType.TimestampNtz), new StructField("Bad Name", PrimitiveType.Long)]));

        var violations = TableProfile.Interop.Check(new Protocol(1, 2), metadata);

        Assert.Equal(
            [
                "The profile 'interop' excludes the feature timestampNtz (a column of the type timestamp_ntz): Fabric SQL endpoint and Direct Lake could not read the table.",
                "The profile 'interop' excludes this table: columnName 'Bad Name' is not lower_snake_case. It would break Synapse serverless, Power BI (DeltaLake.Table), Delta Sharing with parquet responses.",
            ],
            violations.Select(v => v.Message));
        Assert.Equal("Fabric SQL endpoint and Direct Lake", violations[0].Reader);
    }

    [Fact]
    public void New_tables_get_what_their_profile_asks_for()
    {
        var interop = TestTable.MetadataOf() with { Configuration = TableProfile.Interop.Properties() };
        Assert.Equal("1 2", ProtocolUpgradeTests.Text(TableProfile.Interop.CreateProtocol(interop)));
        Assert.Equal([new("retailflow.profile", "interop")], interop.Configuration);

        var modern = TestTable.MetadataOf() with { Configuration = TableProfile.Modern.Properties(new Dictionary<string, string> { ["delta.enableChangeDataFeed"] = "true" }) };
        Assert.Equal(
            "3 7|deletionVectors|appendOnly changeDataFeed deletionVectors domainMetadata inCommitTimestamp invariants",
            ProtocolUpgradeTests.Text(TableProfile.Modern.CreateProtocol(modern)));
        Assert.Equal("true", modern.Configuration["delta.enableDeletionVectors"]);
        Assert.Empty(TableProfile.Modern.Check(TableProfile.Modern.CreateProtocol(modern), modern));

        var wrong = interop with { Configuration = TableProfile.Interop.Properties(new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }) };
        Assert.Contains("excludes the feature deletionVectors", Assert.Throws<DeltaException>(() => TableProfile.Interop.CreateProtocol(wrong)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_that_leaves_the_profile_is_refused()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: (TableProfile.Property, "interop")));
        Assert.Same(TableProfile.Interop, snapshot.Properties.Profile);

        var upgrade = DeltaTransaction.Create(snapshot, "UPGRADE");
        upgrade.SetProtocol(VectorTable.Protocol());
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(upgrade));
        Assert.Equal(
            "'silver/items': The profile 'interop' excludes the feature deletionVectors: Synapse serverless, Fabric pipelines, Delta Sharing with parquet responses could not read the table.",
            error.Message);

        var unknown = DeltaTransaction.Create(snapshot, "SET");
        unknown.SetMetadata(TestTable.MetadataOf(configuration: (TableProfile.Property, "futuristic")));
        Assert.Contains("'retailflow.profile' has the value 'futuristic'", (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(unknown))).Message, StringComparison.Ordinal);
    }
}
