namespace RetailFlow.Delta.Tests;

public sealed class ShallowClonePlanTests
{
    [Fact]
    public async Task Clone_refers_to_the_sources_files_and_vectors_absolutely()
    {
        var vector = new DeletionVectorDescriptor("u", "ab" + Z85.Encode(new Guid(1, 0, 0, new byte[8]).ToByteArray(bigEndian: true)), 1, 40, 2);
        var metadata = TestTable.MetadataOf(configuration: [("delta.enableInCommitTimestamps", "true"), ("delta.inCommitTimestampEnablementVersion", "3"), ("delta.constraints.a", "id > 0")]);
        var protocol = ProtocolUpgrade.For(null, metadata, "deletionVectors", "rowTracking", "clustering");
        var state = LogState.Empty.Apply(
        [
            protocol,
            metadata,
            new DomainMetadata("delta.rowTracking", """{"rowIdHighWaterMark":99}""", false),
            new DomainMetadata("delta.clustering", """{"clusteringColumns":[["id"]]}""", false),
            VectorTable.File("a%20b") with { DeletionVector = vector, BaseRowId = 20, DefaultRowCommitVersion = 4 },
            VectorTable.File("file:///other/c") with { DeletionVector = new("i", "xx", null, 4, 1), BaseRowId = 30, DefaultRowCommitVersion = 5 },
        ]);
        var source = new Snapshot("silver/items", 7, state, TestTable.Start, null, TestTable.Start);
        var table = new TestTable();

        var clone = await table.CommitAsync(ShallowClonePlan.For(source, "file:///lake/silver/items/", new Guid(5, 0, 0, new byte[8]), 77));

        Assert.Equal(["file:///lake/silver/items/a%20b", "file:///other/c"], clone.Files.Select(f => f.Path).Order(StringComparer.Ordinal));
        var file = clone.Files.Single(f => f.BaseRowId == 20);
        Assert.Equal(("p", "file:///lake/silver/items/ab/deletion_vector_00000001-0000-0000-0000-000000000000.bin", 1, 4L), (file.DeletionVector!.StorageType, file.DeletionVector.PathOrInlineDv, file.DeletionVector.Offset, file.DefaultRowCommitVersion));
        Assert.Equal("ixx", clone.Files.Single(f => f.BaseRowId == 30).DeletionVector!.UniqueId);
        Assert.Equal("""{"rowIdHighWaterMark":39}""", clone.DomainMetadata["delta.rowTracking"].Configuration);
        Assert.Equal("""{"clusteringColumns":[["id"]]}""", clone.DomainMetadata["delta.clustering"].Configuration);
        Assert.Equal(("00000005-0000-0000-0000-000000000000", 77L), (clone.Metadata.Id, clone.Metadata.CreatedTime));
        Assert.Equal(["delta.constraints.a", "delta.enableInCommitTimestamps"], clone.Metadata.Configuration.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("7", clone.LastCommit!.OperationParameters["sourceVersion"]);
        Assert.Throws<ArgumentException>(() => ShallowClonePlan.For(source, "silver/items", Guid.Empty, 0));
    }
}
