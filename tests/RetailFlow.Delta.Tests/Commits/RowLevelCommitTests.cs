namespace RetailFlow.Delta.Tests;

public sealed class RowLevelCommitTests
{
    [Fact]
    public async Task Deletion_vector_is_a_new_entry_of_the_same_file()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);

        var next = await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1, 3));

        Assert.Equal(2, next.FileCount);
        Assert.Equal("1 3", await table.DeletedRowsAsync(next, "a"));
        var lines = await table.Table.CommitLinesAsync(1);
        Assert.Equal(
            [
                """{"remove":{"path":"a","deletionTimestamp":1772366400000,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":10}}""",
                """{"add":{"path":"a","partitionValues":{},"size":10,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":10,\"minValues\":{\"id\":0},\"maxValues\":{\"id\":9},\"nullCount\":{\"id\":0},\"tightBounds\":false}","deletionVector":{"storageType":"i","pathOrInlineDv":"PATH","sizeInBytes":36,"cardinality":2}}}"""
                    .Replace("PATH", next.Files.Single(f => f.Path == "a").DeletionVector!.PathOrInlineDv, StringComparison.Ordinal),
            ],
            lines[1..]);
    }

    [Fact]
    public async Task Different_rows_of_one_file_are_deleted_by_two_writers()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var first = await table.DeleteAsync(snapshot, "a", 1);
        var second = await table.DeleteAsync(snapshot, "a", 2);
        var third = await table.DeleteAsync(snapshot, "a", 7, 8);
        await table.Table.CommitAsync(first);

        var two = Assert.IsType<CommitResult.Committed>(await table.Table.Log.CommitAsync(second));
        var three = Assert.IsType<CommitResult.Committed>(await table.Table.Log.CommitAsync(third));

        Assert.Equal((1, 2), (two.Rebases, three.Rebases));
        Assert.Equal("1 2", await table.DeletedRowsAsync(two.Snapshot, "a"));
        var file = three.Snapshot.Files.Single(f => f.Path == "a");
        Assert.Equal("1 2 7 8", await table.DeletedRowsAsync(three.Snapshot, "a"));
        Assert.Equal((10L, false), (file.ParsedStatistics!.NumRecords, file.ParsedStatistics.TightBounds));
        Assert.Equal(two.Snapshot.Files.Single(f => f.Path == "a").Key, (await table.Table.Log.ChangesAsync(2, 3))[0].Removes[0].Key);
        var loaded = await table.Table.Open().LoadAsync();
        Assert.Equal("1 2 7 8", await table.DeletedRowsAsync(loaded, "a"));
        Assert.Equal(2, loaded.FileCount);
    }

    [Fact]
    public async Task One_row_is_not_deleted_twice()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var second = await table.DeleteAsync(snapshot, "a", 1, 2);
        await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 2, 3));

        var conflict = Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(second));

        Assert.Equal((ConflictRule.ConcurrentDeleteRead, 1), (conflict.Rule, conflict.WinningVersion));
        Assert.Equal("Version 1 (DELETE) came first: rows of 'a' that were read were deleted by another writer.", conflict.Message);
    }

    [Fact]
    public async Task Writer_that_read_rows_is_not_disturbed_by_the_deletion_of_others()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var (undisturbed, disturbed) = (Reader(5), Reader(4));
        var later = await table.DeleteAsync(snapshot, "a", 9);
        await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 4));

        Assert.Equal(1, Assert.IsType<CommitResult.Committed>(await table.Table.Log.CommitAsync(undisturbed)).Rebases);
        Assert.Equal(ConflictRule.ConcurrentDeleteRead, Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(disturbed)).Rule);

        // What was added since may hold rows that the deletion would have had to see.
        Assert.Equal(ConflictRule.ConcurrentAppend, Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(later)).Rule);

        DeltaTransaction Reader(long row)
        {
            var transaction = DeltaTransaction.Create(snapshot, "WRITE");
            transaction.ReadRows(snapshot.Files.Single(f => f.Path == "a"), DeletionVector.Of([row]));
            transaction.Add(VectorTable.File($"x{row}"));
            return transaction;
        }
    }

    [Fact]
    public async Task Read_rows_follow_the_file_through_several_winners()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var reader = DeltaTransaction.Create(snapshot, "WRITE");
        reader.ReadRows(snapshot.Files.Single(), DeletionVector.Of([3L]));
        reader.Add(VectorTable.File("x"));
        var next = await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1));
        next = await table.Table.CommitAsync(await table.DeleteAsync(next, "a", 2));
        await table.Table.CommitAsync(await table.DeleteAsync(next, "a", 3));

        var conflict = Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(reader));

        Assert.Equal((ConflictRule.ConcurrentDeleteRead, 3), (conflict.Rule, conflict.WinningVersion));
    }

    [Theory]
    [InlineData("rewrite", ConflictRule.ConcurrentDeleteRead)]
    [InlineData("remove", ConflictRule.ConcurrentDeleteRead)]
    public async Task File_that_is_gone_is_a_conflict(string winner, ConflictRule expected)
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var ours = await table.DeleteAsync(snapshot, "a", 1);
        var other = DeltaTransaction.Create(snapshot, "OPTIMIZE");
        other.Remove(snapshot.Files.Single(f => f.Path == "a"), dataChange: winner == "remove");
        if (winner == "rewrite")
        {
            other.Add(VectorTable.File("c") with { DataChange = false });
        }

        await table.Table.CommitAsync(other);

        Assert.Equal(expected, Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(ours)).Rule);
    }

    [Fact]
    public async Task File_that_is_rewritten_does_not_take_in_deletions()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var rewrite = DeltaTransaction.Create(snapshot, "OPTIMIZE");
        rewrite.Remove(snapshot.Files.Single(), dataChange: false);
        rewrite.Add(VectorTable.File("c") with { DataChange = false });
        await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1));

        Assert.Equal(ConflictRule.ConcurrentDeleteDelete, Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(rewrite)).Rule);
    }

    [Fact]
    public async Task Predicate_without_rows_counts_all_of_the_file()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a"]);
        var ours = DeltaTransaction.Create(snapshot, "DELETE");
        var file = Assert.Single(ours.ReadFiles(FilePredicate.Equal("id", Literal.Of(5))));
        ours.ReplaceDeletionVector(file, await table.DeletedAsync(file, 5));
        await table.Table.CommitAsync(await table.DeleteAsync(snapshot, "a", 1));

        Assert.IsType<CommitResult.Conflicted>(await table.Table.Log.CommitAsync(ours));
    }

    [Fact]
    public async Task Random_deletions_of_many_writers_are_all_there_or_refused()
    {
        var random = new Random(7);
        for (var round = 0; round < 40; round++)
        {
            var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
            var model = new Dictionary<string, SortedSet<long>> { ["a"] = [], ["b"] = [] };
            var transactions = new List<(DeltaTransaction Transaction, string Path, long[] Rows)>();
            for (var i = 0; i < 6; i++)
            {
                var path = random.Next(2) == 0 ? "a" : "b";
                var rows = Enumerable.Range(0, 1 + random.Next(2)).Select(_ => random.NextInt64(VectorTable.Rows)).Distinct().ToArray();
                transactions.Add((await table.DeleteAsync(snapshot, path, rows), path, rows));
            }

            foreach (var (transaction, path, rows) in transactions)
            {
                var fits = !rows.Any(model[path].Contains);
                var result = await table.Table.Log.CommitAsync(transaction);
                Assert.Equal(fits, result is CommitResult.Committed);
                model[path].UnionWith(fits ? rows : []);
            }

            var end = await table.Table.Open().LoadAsync();
            Assert.Equal(string.Join(' ', model["a"]), await table.DeletedRowsAsync(end, "a"));
            Assert.Equal(string.Join(' ', model["b"]), await table.DeletedRowsAsync(end, "b"));
        }
    }

    [Fact]
    public async Task Writers_at_the_same_time_delete_each_row_once()
    {
        var (table, snapshot) = await VectorTable.CreateAsync(["a", "b"]);
        var done = 0;
        var transactions = new List<DeltaTransaction>();
        for (var row = 0; row < VectorTable.Rows; row++)
        {
            transactions.Add(await table.DeleteAsync(snapshot, "a", row));
            transactions.Add(await table.DeleteAsync(snapshot, "a", row));
            transactions.Add(await table.DeleteAsync(snapshot, "b", row, (row + 1) % VectorTable.Rows));
        }

        await Parallel.ForEachAsync(transactions, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (transaction, token) =>
            Interlocked.Add(ref done, await table.Table.Log.CommitAsync(transaction, token) is CommitResult.Committed ? 1 : 0));

        var end = await table.Table.Open().LoadAsync();
        Assert.Equal(done, end.Version);
        Assert.Equal("0 1 2 3 4 5 6 7 8 9", await table.DeletedRowsAsync(end, "a"));
        Assert.Equal(done - VectorTable.Rows, end.Files.Single(f => f.Path == "b").DeletionVector!.Cardinality / 2);
    }
}
