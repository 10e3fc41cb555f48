using System.Text;
using RetailFlow.Storage;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class VersionChecksumTests
{
    [Fact]
    public async Task Checksum_follows_every_commit_and_agrees_with_its_replay()
    {
        var table = new TestTable();
        var snapshot = await table.CreateAsync(new Protocol(1, 7, null, new HashSet<string> { "domainMetadata", "inCommitTimestamp" }), TestTable.MetadataOf(configuration: [("delta.enableInCommitTimestamps", "true"), ("k", "v")]));
        for (var i = 0; i < 6; i++)
        {
            var transaction = DeltaTransaction.Create(snapshot, "WRITE");
            transaction.Add(TestTable.File("f" + i, size: 100 + i));
            transaction.SetTransaction("app", i);
            if (i == 3)
            {
                transaction.Remove(snapshot.FindFile(new FileKey("f1", null))!);
                transaction.SetDomain("d", "{}");
            }

            snapshot = await table.CommitAsync(transaction);
        }

        for (var version = 0; version <= 6; version++)
        {
            Assert.Equal([], (await table.Log.VerifyAsync(version))!);
        }

        var text = Encoding.UTF8.GetString((await table.Store.ReadAsync(TestTable.Path + "/_delta_log/00000000000000000006.crc"))!);
        Assert.StartsWith(
            "{\"txnId\":\"" + snapshot.LastCommit!.TxnId + "\",\"tableSizeBytes\":514,\"numFiles\":5,\"numDeletedRecordsOpt\":0,\"numDeletionVectorsOpt\":0,\"numMetadata\":1,\"numProtocol\":1,"
            + $"\"inCommitTimestampOpt\":{snapshot.LastCommit.InCommitTimestamp},\"setTransactions\":[{{\"appId\":\"app\",\"version\":5,",
            text,
            StringComparison.Ordinal);
        Assert.Contains("\"domainMetadata\":[{\"domain\":\"d\",\"configuration\":\"{}\",\"removed\":false}],\"metadata\":{\"id\":", text, StringComparison.Ordinal);
        Assert.EndsWith("\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"domainMetadata\",\"inCommitTimestamp\"]}}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"tableSizeBytes\":20", "\"tableSizeBytes\":21", "tableSizeBytes is 21; the log gives 20.")]
    [InlineData("\"numFiles\":2", "\"numFiles\":3", "numFiles is 3; the log gives 2.")]
    [InlineData("\"numDeletionVectorsOpt\":0", "\"numDeletionVectorsOpt\":1", "numDeletionVectorsOpt is 1; the log gives 0.")]
    [InlineData("\"version\":7", "\"version\":8", "setTransactions has ")]
    [InlineData("\"setTransactions\":[{", "\"setTransactions\":[{\"appId\":\"y\",\"version\":1},{", "setTransactions has ")]
    [InlineData("\"minWriterVersion\":2", "\"minWriterVersion\":3", "protocol has ")]
    [InlineData("\"partitionColumns\":[]", "\"partitionColumns\":[\"day\"]", "metadata has ")]
    [InlineData("\"numMetadata\":1", "\"allFiles\":[],\"numMetadata\":1", "allFiles lacks ")]
    [InlineData("\"numMetadata\":1", "\"inCommitTimestampOpt\":5,\"numMetadata\":1", "inCommitTimestampOpt is 5; the log gives none.")]
    [InlineData("\"numMetadata\":1", "\"fileSizeHistogram\":{\"sortedBinBoundaries\":[0,10],\"fileCounts\":[2,0],\"totalBytes\":[20,0]},\"numMetadata\":1", "fileSizeHistogram is 0,10,2,0,20,0; the log gives 0,10,0,2,0,20.")]
    [InlineData("\"numMetadata\":1", "\"deletedRecordCountsHistogramOpt\":{\"deletedRecordCounts\":[1,0,0,0,0,0,0,0,0,0]},\"numMetadata\":1", "deletedRecordCountsHistogramOpt is 1,0")]
    [InlineData("\"numMetadata\":1,", "", "A version checksum cannot be parsed: 'numMetadata' is missing")]
    [InlineData("{", "", "A version checksum cannot be parsed")]
    public async Task Wrong_checksum_is_told_and_stops_no_reader(string what, string instead, string difference)
    {
        var table = new TestTable();
        var transaction = DeltaTransaction.Create(await table.CreateAsync(files: [TestTable.File("a"), TestTable.File("b")]), "WRITE");
        transaction.SetTransaction("x", 7);
        await table.CommitAsync(transaction);
        const string path = TestTable.Path + "/_delta_log/00000000000000000001.crc";
        var text = Encoding.UTF8.GetString((await table.Store.ReadAsync(path))!);
        Assert.Contains(what, text, StringComparison.Ordinal);
        var at = text.IndexOf(what, StringComparison.Ordinal);
        await table.Store.PutAsync(path, Encoding.UTF8.GetBytes(text[..at] + instead + text[(at + what.Length)..]));

        Assert.Contains((await table.Log.VerifyAsync(1))!, d => d.StartsWith(difference, StringComparison.Ordinal));
        Assert.Equal(1, (await table.Log.LoadAsync()).Version);
    }

    [Fact]
    public async Task Version_without_a_checksum_has_nothing_to_verify()
    {
        var table = new TestTable();
        await table.CreateAsync();
        await table.Store.DeleteAsync(TestTable.Path + "/_delta_log/00000000000000000000.crc");

        Assert.Null(await table.Log.VerifyAsync(0));
        Assert.Equal(DeltaErrorKind.VersionNotFound, (await Assert.ThrowsAsync<DeltaException>(async () => await table.Log.VerifyAsync(1))).Kind);
    }

    [Fact]
    public async Task Checksum_that_exists_or_cannot_be_written_leaves_the_commit_alone()
    {
        var store = new InMemoryObjectStore();
        const string path = TestTable.Path + "/_delta_log/00000000000000000000.crc";
        await store.PutAsync(path, "older"u8.ToArray());
        var table = new TestTable(store);
        await table.CreateAsync();
        Assert.Equal("older"u8.ToArray(), await store.ReadAsync(path));

        var failing = new TestTable(new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.When((_, at, _) => at.EndsWith(".crc", StringComparison.Ordinal) ? StoreFault.FailBefore : StoreFault.None)));
        Assert.Equal(1, (await failing.AppendAsync(await failing.CreateAsync(), TestTable.File("a"))).Version);
    }

    [Fact]
    public void Histograms_count_every_file_once()
    {
        AddFile[] files = [.. new long[] { 0, 1, 9, 10, 99, 1_000_000 }.Select((size, i) => TestTable.File("f" + i, size))];

        var histogram = FileSizeHistogram.Of([0, 10, 100], files);

        Assert.Equal([3, 2, 1], histogram.FileCounts);
        Assert.Equal([10, 109, 1_000_000], histogram.TotalBytes);
    }
}
