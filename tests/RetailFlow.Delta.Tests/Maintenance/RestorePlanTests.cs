namespace RetailFlow.Delta.Tests;

public sealed class RestorePlanTests
{
    [Fact]
    public async Task Table_is_as_it_was_files_vectors_and_schema()
    {
        var (table, zero) = await VectorTable.CreateAsync(["a", "b"]);
        var one = await table.Table.CommitAsync(await table.DeleteAsync(zero, "a", 1));
        var evolved = SchemaEvolution.Apply(one, new SchemaChange.AddColumn("more", PrimitiveType.Long), () => Guid.Empty);
        var alter = DeltaTransaction.Create(one, "ADD COLUMNS");
        alter.SetMetadata(evolved.Metadata);
        var two = await table.Table.CommitAsync(alter);
        var three = await table.Table.CommitAsync(await table.DeleteAsync(two, "a", 2));
        var four = await table.Table.RemoveAsync(three, "b");
        four = await table.Table.AppendAsync(four, VectorTable.File("c"));

        foreach (var target in (Snapshot[])[one, zero, two, three])
        {
            var current = await table.Table.Log.LoadAsync();
            var plan = RestorePlan.For(current, target);
            var restored = await table.Table.CommitAsync(plan.ToTransaction());

            Assert.Equal(Content(target), Content(restored));
            Assert.Equal(target.Metadata.SchemaString, restored.Metadata.SchemaString);
            Assert.True(RestorePlan.For(restored, target).IsEmpty);
        }

        var first = RestorePlan.For(four, one);
        Assert.Equal(["a", "b"], first.Add.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(["a", "c"], first.Remove.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(["a", "b"], first.NeededFiles.Order(StringComparer.Ordinal));
        Assert.All(first.Add, f => Assert.True(f.DataChange));
        Assert.Null(first.Protocol);
        Assert.NotNull(first.Metadata);
    }

    [Fact]
    public async Task Protocol_profile_and_times_do_not_go_back()
    {
        var table = new TestTable();
        var zero = await table.CreateAsync(metadata: TestTable.MetadataOf(configuration: (TableProfile.Property, "interop")), files: TestTable.File("a"));
        var modern = Assert.IsType<ProfileConversion.InPlace>(ProfileConversion.For(zero, TableProfile.Modern, () => Guid.Empty)).Table;
        var convert = DeltaTransaction.Create(zero, "CONVERT");
        convert.SetMetadata(modern.Metadata);
        convert.SetProtocol(modern.Protocol);
        var one = await table.CommitAsync(convert);
        var two = await table.AppendAsync(one, TestTable.File("b"));

        var plan = RestorePlan.For(two, zero);
        var restored = await table.CommitAsync(plan.ToTransaction());

        Assert.Null(plan.Protocol);
        Assert.Equal(["a"], SnapshotContent.Paths(restored));
        Assert.Equal(one.Protocol.WriterFeatures, restored.Protocol.WriterFeatures);
        Assert.Equal(["delta.enableInCommitTimestamps", "delta.inCommitTimestampEnablementTimestamp", "delta.inCommitTimestampEnablementVersion", "retailflow.profile"], restored.Metadata.Configuration.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("modern", restored.Metadata.Configuration["retailflow.profile"]);
        Assert.True(restored.LastCommit!.InCommitTimestamp > two.LastCommit!.InCommitTimestamp);
        Assert.Throws<DeltaException>(() => RestorePlan.For(zero, two));
    }

    [Fact]
    public async Task Concurrent_change_of_data_is_a_conflict()
    {
        var table = new TestTable();
        var zero = await table.CreateAsync(files: TestTable.File("a"));
        var one = await table.RemoveAsync(zero, "a");
        var restore = RestorePlan.For(one, zero).ToTransaction();
        var other = DeltaTransaction.Create(one, "MERGE");
        other.ReadWholeTable();
        other.Add(TestTable.File("b"));
        await table.CommitAsync(other);

        Assert.Equal(ConflictRule.ConcurrentAppend, Assert.IsType<CommitResult.Conflicted>(await table.Log.CommitAsync(restore)).Rule);
    }

    private static string[] Content(Snapshot snapshot) => [.. snapshot.Files.Select(f => f.Key.ToString()).Order(StringComparer.Ordinal)];
}
