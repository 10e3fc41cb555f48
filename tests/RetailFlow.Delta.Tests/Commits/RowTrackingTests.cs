namespace RetailFlow.Delta.Tests;

public sealed class RowTrackingTests
{
    private const string Supported = "1 7||appendOnly domainMetadata rowTracking";

    [Fact]
    public async Task Added_files_get_row_ids_above_all_that_were_given_out()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(ProtocolUpgradeTests.Parse(Supported), files: [VectorTable.File("a"), VectorTable.File("b", rows: 5)]);
        Assert.Equal("a 0 0, b 10 0", Ids(snapshot));
        Assert.Equal("""{"rowIdHighWaterMark":14}""", snapshot.DomainMetadata["delta.rowTracking"].Configuration);

        var next = await table.AppendAsync(snapshot, VectorTable.File("c", rows: 1));
        Assert.Equal("a 0 0, b 10 0, c 15 1", Ids(next));

        next = await table.RemoveAsync(next, "c");
        Assert.Equal("""{"rowIdHighWaterMark":15}""", next.DomainMetadata["delta.rowTracking"].Configuration);
        next = await table.AppendAsync(next, VectorTable.File("d"));
        Assert.Equal("a 0 0, b 10 0, d 16 3", Ids(next));
        Assert.Equal((15L, 1L), ((await table.Log.ChangesAsync(1, 2))[0].Removes[0].BaseRowId, (await table.Log.ChangesAsync(1, 2))[0].Removes[0].DefaultRowCommitVersion));
    }

    [Fact]
    public async Task Ids_are_given_out_again_behind_a_winner()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(ProtocolUpgradeTests.Parse(Supported));
        var late = DeltaTransaction.Create(snapshot, "WRITE");
        late.Add(VectorTable.File("late"));
        await table.AppendAsync(snapshot, VectorTable.File("a", rows: 7));

        var committed = Assert.IsType<CommitResult.Committed>(await table.Log.CommitAsync(late));

        Assert.Equal("a 0 1, late 7 2", Ids(committed.Snapshot));
        Assert.Equal("""{"rowIdHighWaterMark":16}""", (await table.Open().LoadAsync()).DomainMetadata["delta.rowTracking"].Configuration);
    }

    [Fact]
    public async Task File_with_another_deletion_vector_keeps_its_ids()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var upgrade = DeltaTransaction.Create(snapshot, "UPGRADE");
        upgrade.SetProtocol(VectorTable.Protocol("domainMetadata", "rowTracking"));
        var next = await table.Table.CommitAsync(upgrade);
        next = await table.Table.AppendAsync(next, VectorTable.File("c"));
        Assert.Equal("a - -, b - -, c 0 2", Ids(next));

        next = await table.Table.CommitAsync(await table.DeleteAsync(next, "c", 1));

        Assert.Equal("a - -, b - -, c 0 2", Ids(next));
    }

    [Fact]
    public async Task Statistics_must_count_the_rows()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(ProtocolUpgradeTests.Parse(Supported));
        var transaction = DeltaTransaction.Create(snapshot, "WRITE");
        transaction.Add(TestTable.File("a"));

        Assert.Contains("needs statistics with numRecords", (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(transaction))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enabling_needs_ids_in_every_file_which_a_second_commit_of_it_gives()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(files: VectorTable.File("a"));
        var names = 0;
        var change = new SchemaChange.SetProperties(new Dictionary<string, string> { ["delta.enableRowTracking"] = "true" });
        var evolved = SchemaEvolution.Apply(snapshot, change, () => new Guid(++names, 0, 0, new byte[8]));
        Assert.Equal("_row-id-col-00000001-0000-0000-0000-000000000000", evolved.Metadata.Configuration["delta.rowTracking.materializedRowIdColumnName"]);
        Assert.Equal("1 7||appendOnly domainMetadata invariants rowTracking", ProtocolUpgradeTests.Text(evolved.Protocol));

        var early = DeltaTransaction.Create(snapshot, "SET TBLPROPERTIES");
        early.SetMetadata(evolved.Metadata);
        early.SetProtocol(evolved.Protocol);
        Assert.Contains("'a' has no row ids", (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(early))).Message, StringComparison.Ordinal);

        var both = DeltaTransaction.Create(snapshot, "SET TBLPROPERTIES");
        both.SetMetadata(evolved.Metadata);
        both.SetProtocol(evolved.Protocol);
        both.Add(snapshot.Files.Single() with { DataChange = false });
        var next = await table.CommitAsync(both);
        Assert.Equal("a 0 1", Ids(next));
        Assert.True(next.Properties.RowTracking);

        foreach (var preserved in (bool?[])[null, false, true])
        {
            var rewrite = DeltaTransaction.Create(next, "UPDATE");
            rewrite.Remove(next.Files.Single());
            rewrite.Add(VectorTable.File($"b{preserved}"));
            if (preserved is { } stated)
            {
                rewrite.StateRowIds(stated);
                next = await table.CommitAsync(rewrite);
                Assert.Equal(stated ? "true" : "false", next.LastCommit!.Tags["delta.rowTracking.preserved"]);
            }
            else
            {
                Assert.Contains("keeps row ids (delta.enableRowTracking)", (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.CommitAsync(rewrite))).Message, StringComparison.Ordinal);
            }
        }
    }

    private static string Ids(Snapshot snapshot) => string.Join(
        ", ",
        snapshot.Files.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => $"{f.Path} {f.BaseRowId?.ToString() ?? "-"} {f.DefaultRowCommitVersion?.ToString() ?? "-"}"));
}
