namespace RetailFlow.Delta.Tests;

public sealed class ProfileConversionTests
{
    [Fact]
    public void Interop_table_becomes_modern_in_place()
    {
        var snapshot = Table(new Protocol(1, 4), TestTable.MetadataOf(configuration: [(TableProfile.Property, "interop"), ("delta.enableChangeDataFeed", "true")]));

        var (metadata, protocol) = Assert.IsType<ProfileConversion.InPlace>(ProfileConversion.For(snapshot, TableProfile.Modern, () => Guid.Empty)).Table;

        Assert.Equal(
            "3 7|deletionVectors|appendOnly changeDataFeed checkConstraints deletionVectors domainMetadata generatedColumns inCommitTimestamp invariants",
            ProtocolUpgradeTests.Text(protocol));
        Assert.Equal(("modern", "true"), (metadata.Configuration[TableProfile.Property], metadata.Configuration["delta.enableChangeDataFeed"]));
        Assert.Empty(TableProfile.Modern.Check(protocol, metadata));
    }

    [Fact]
    public void Table_that_fits_interop_is_marked_in_place()
    {
        var snapshot = Table(new Protocol(1, 2), TestTable.MetadataOf());

        var (metadata, protocol) = Assert.IsType<ProfileConversion.InPlace>(ProfileConversion.For(snapshot, TableProfile.Interop, () => Guid.Empty)).Table;

        Assert.Same(snapshot.Protocol, protocol);
        Assert.Equal("interop", metadata.Configuration[TableProfile.Property]);
    }

    [Fact]
    public void Modern_table_becomes_interop_only_as_a_copy()
    {
        var mapped = SchemaEvolution.Apply(
            TestTable.MetadataOf(configuration: [("delta.constraints.a", "id > 0"), ("delta.enableDeletionVectors", "true"), ("delta.enableInCommitTimestamps", "true"), ("delta.enableRowTracking", "false")]),
            new Protocol(1, 3),
            new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name" }),
            () => Guid.Empty);
        var snapshot = Table(mapped.Protocol, mapped.Metadata);

        var publish = Assert.IsType<ProfileConversion.Publish>(ProfileConversion.For(snapshot, TableProfile.Interop, () => Guid.Empty));

        Assert.Equal(["columnMapping", "deletionVectors", "minWriterVersion"], publish.Reasons.Select(r => r.Feature));
        Assert.Equal(new Protocol(1, 3), publish.Table.Protocol);
        Assert.Equal(TestTable.Schema.ToJson(), publish.Table.Metadata.SchemaString);
        Assert.Equal(["delta.constraints.a", "retailflow.profile"], publish.Table.Metadata.Configuration.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Column_that_interop_cannot_have_is_named()
    {
        var metadata = TestTable.MetadataOf(new StructType([new StructField("t", PrimitiveType.TimestampNtz)]));

        Assert.Equal(
            "The profile 'interop' excludes the feature timestampNtz: Fabric SQL endpoint and Direct Lake could not read the table.",
            Assert.Throws<DeltaException>(() => ProfileConversion.For(Table(ProtocolUpgrade.For(null, metadata), metadata), TableProfile.Interop, () => Guid.Empty)).Message);
    }

    private static Snapshot Table(Protocol protocol, Metadata metadata) =>
        new("t", 3, LogState.Empty.Apply([protocol, metadata]), TestTable.Start, null, TestTable.Start);
}
