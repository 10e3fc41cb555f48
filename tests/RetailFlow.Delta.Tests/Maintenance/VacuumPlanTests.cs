using RetailFlow.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class VacuumPlanTests
{
    private static readonly DateTimeOffset Now = TestTable.Start.AddDays(30);

    // Path below the table, age of the file in days.
    [Theory]
    [InlineData("orphan.parquet", 8, true)]
    [InlineData("orphan.parquet", 6, false)]
    [InlineData("live.parquet", 20, false)]
    [InlineData("day=2026-03-01/live%.parquet", 20, false)]
    [InlineData("gone-long-ago.parquet", 20, true)]
    [InlineData("gone-lately.parquet", 20, false)]
    [InlineData("inside.parquet", 20, false)]
    [InlineData("sub/inside.parquet", 20, true)]
    [InlineData("deletion_vector_00000001-0000-0000-0000-000000000000.bin", 20, false)]
    [InlineData("ab/deletion_vector_00000002-0000-0000-0000-000000000000.bin", 20, false)]
    [InlineData("deletion_vector_00000003-0000-0000-0000-000000000000.bin", 20, true)]
    [InlineData("deletion_vector_00000004-0000-0000-0000-000000000000.bin", 20, false)]
    [InlineData("_delta_log/00000000000000000000.json", 20, false)]
    [InlineData("_other/orphan.parquet", 20, false)]
    [InlineData(".hidden/orphan.parquet", 20, false)]
    [InlineData("sub/_temporary/orphan.parquet", 20, false)]
    [InlineData("sub/.part.crc", 20, false)]
    [InlineData("_part=1/orphan.parquet", 20, true)]
    [InlineData("_change_data/cdc.parquet", 8, true)]
    [InlineData("_change_data/cdc.parquet", 6, false)]
    [InlineData("_change_data/_part=1/cdc.parquet", 8, true)]
    [InlineData("_change_data/_temporary/cdc.parquet", 8, false)]
    public void File_goes_only_if_it_is_old_and_no_version_within_the_retention_needs_it(string path, int days, bool deleted)
    {
        ObjectInfo[] listing =
        [
            new(TestTable.Path + "/" + path, 7, Now.AddDays(-days)),
            new("elsewhere/orphan.parquet", 7, Now.AddDays(-100)),
        ];

        var plan = VacuumPlan.For(Table(), listing, Now);

        Assert.Equal(deleted ? [listing[0]] : [], plan.Delete);
        Assert.Equal(deleted ? 7 : 0, plan.Bytes);
        Assert.Equal(Now.AddDays(-7), plan.DeletedBefore);
    }

    [Fact]
    public void Shorter_retention_must_be_forced_or_be_the_tables_own()
    {
        ObjectInfo[] listing = [new(TestTable.Path + "/orphan.parquet", 7, Now.AddDays(-2))];

        Assert.Equal(
            "'silver/items' keeps files that left it for 168 hours; vacuuming with 24 hours must be forced.",
            Assert.Throws<DeltaException>(() => VacuumPlan.For(Table(), listing, Now, TimeSpan.FromDays(1))).Message);
        Assert.Equal(listing, VacuumPlan.For(Table(), listing, Now, TimeSpan.FromDays(1), force: true).Delete);
        Assert.Equal(listing, VacuumPlan.For(Table(("delta.deletedFileRetentionDuration", "interval 1 days")), listing, Now).Delete);
        Assert.Empty(VacuumPlan.For(Table(), listing, Now, TimeSpan.FromDays(10)).Delete);
        Assert.Throws<DeltaException>(() => VacuumPlan.For(Table(), listing, Now, TimeSpan.FromDays(-1), force: true));
    }

    [Fact]
    public void Table_whose_files_cannot_be_judged_is_left_alone()
    {
        var state = LogState.Empty.Apply([new Protocol(1, 7, null, new HashSet<string> { "hiddenFiles" }), TestTable.MetadataOf()]);

        var error = Assert.Throws<DeltaException>(() => VacuumPlan.For(new Snapshot("t", 0, state, Now, null, Now), [], Now));

        Assert.Equal((DeltaErrorKind.UnsupportedFeature, "The table 't' cannot be written: it needs features that are not supported: hiddenFiles."), (error.Kind, error.Message));
    }

    private static Snapshot Table(params (string Key, string Value)[] properties)
    {
        var schema = new StructType([new StructField("id", PrimitiveType.Long), new StructField("_part", PrimitiveType.Long)]);
        var state = LogState.Empty.Apply(
        [
            VectorTable.Protocol(),
            TestTable.MetadataOf(schema, ["_part"], properties),
            TestTable.File("live.parquet") with { DeletionVector = Vector("", 1) },
            TestTable.File("day=2026-03-01/live%25.parquet") with { DeletionVector = Vector("ab", 2) },
            TestTable.File("file:///lake/silver/items/inside.parquet"),
            new RemoveFile { Path = "gone-long-ago.parquet", DeletionTimestamp = Now.AddDays(-8).ToUnixTimeMilliseconds(), DeletionVector = Vector("", 3) },
            new RemoveFile { Path = "gone-lately.parquet", DeletionTimestamp = Now.AddDays(-6).ToUnixTimeMilliseconds(), DeletionVector = Vector("", 4) },
        ]);
        return new Snapshot(TestTable.Path, 9, state, Now, null, Now);
    }

    private static DeletionVectorDescriptor Vector(string prefix, int id) =>
        new("u", prefix + Z85.Encode(new Guid(id, 0, 0, new byte[8]).ToByteArray(bigEndian: true)), 1, 40, 2);
}
