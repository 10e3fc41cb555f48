namespace RetailFlow.Delta.Tests;

public sealed class DeletionVectorRulesTests
{
    [Fact]
    public async Task Vector_needs_feature_property_row_count_and_wide_bounds()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var file = snapshot.Files.Single();
        var deleted = await table.DeletedAsync(file, 1);

        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, deleted with { Stats = null }), "needs statistics with numRecords");
        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, deleted with { Stats = "{\"minValues\":{}}" }), "needs statistics with numRecords");
        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, deleted with { Stats = file.Stats }), "must say \"tightBounds\":false");
        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, deleted with { Stats = "{\"numRecords\":0,\"tightBounds\":false}" }), "a deletion vector of 1 rows, but 0 rows in all");

        var plain = new TestTable();
        await RefuseAsync(plain, await plain.CreateAsync(files: VectorTable.File("a")), t => t.ReplaceDeletionVector(file, deleted), "must list the feature deletionVectors");
        var (off, without) = await VectorTable.CreateAsync(["a"], ("delta.enableDeletionVectors", "false"));
        await RefuseAsync(off.Table, without, t => t.ReplaceDeletionVector(file, deleted), "takes no new deletion vectors (delta.enableDeletionVectors)");
    }

    [Fact]
    public async Task Path_goes_and_comes_only_with_another_vector()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var file = snapshot.Files.Single(f => f.Path == "a");
        var deleted = await table.DeletedAsync(file, 1);

        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, file), "is removed from 'silver/items' and removed or added once more");
        await RefuseAsync(table.Table, snapshot, t => t.Add(deleted), "needs the removal of this one");
        await RefuseAsync(table.Table, snapshot, t => { t.ReplaceDeletionVector(file, deleted); t.Add(deleted); }, "is added twice");
        Assert.Throws<ArgumentException>(() => DeltaTransaction.Create(snapshot, "X").ReplaceDeletionVector(file, snapshot.Files.Single(f => f.Path == "b")));

        var next = await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1));
        await RefuseAsync(table.Table, next, t => t.Remove(file), "it is not in");
        await RefuseAsync(table.Table, next, t => t.Add(next.Files.Single(f => f.Path == "a") with { DeletionVector = deleted.DeletionVector! with { PathOrInlineDv = "x" } }), "needs the removal of this one");
    }

    [Fact]
    public async Task Vector_that_the_table_had_comes_back_though_new_ones_are_off()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var one = await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1));
        var two = await table.Table.CommitAsync(await table.DeleteAsync(one, "a", 2));
        var off = DeltaTransaction.Create(two, "SET TBLPROPERTIES");
        off.SetMetadata(two.Metadata with { Configuration = new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "false" } });
        var three = await table.Table.CommitAsync(off);

        var restore = DeltaTransaction.Create(three, "RESTORE");
        restore.ReplaceDeletionVector(three.Files.Single(), one.Files.Single());
        var end = await table.Table.CommitAsync(restore);

        Assert.Equal("1", await table.DeletedRowsAsync(end, "a"));
    }

    [Fact]
    public async Task Append_only_table_keeps_its_rows_from_vectors_too()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"], ("delta.appendOnly", "true"));
        var file = snapshot.Files.Single();
        var deleted = await table.DeletedAsync(file, 1);

        await RefuseAsync(table.Table, snapshot, t => t.ReplaceDeletionVector(file, deleted), "append-only");
    }

    private static async Task RefuseAsync(TestTable table, Snapshot on, Action<DeltaTransaction> change, string message)
    {
        var transaction = DeltaTransaction.Create(on, "TEST");
        change(transaction);
        var error = await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction));
        Assert.Equal(DeltaErrorKind.InvalidCommit, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
