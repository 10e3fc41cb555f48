using System.Text;

namespace RetailFlow.Delta.Tests;

public sealed class DeltaActionJsonTests
{
    [Theory]
    [InlineData("""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["appendOnly","deletionVectors"]}}""")]
    [InlineData("""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""")]
    [InlineData("""{"metaData":{"id":"x","name":"n","description":"d","format":{"provider":"parquet","options":{"a":"b"}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":["p"],"configuration":{"k":"v"},"createdTime":5}}""")]
    [InlineData("""{"add":{"path":"a%20b","partitionValues":{"p":null,"q":"1"},"size":3,"modificationTime":4,"dataChange":false,"stats":"{\"numRecords\":2}","tags":{"t":"u"},"deletionVector":{"storageType":"u","pathOrInlineDv":"x","offset":1,"sizeInBytes":2,"cardinality":3,"maxRowIndex":4},"baseRowId":0,"defaultRowCommitVersion":9,"clusteringProvider":"c"}}""")]
    [InlineData("""{"remove":{"path":"a","deletionTimestamp":1,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"p":null},"size":3,"stats":"{}","tags":{"t":"u"},"deletionVector":{"storageType":"i","pathOrInlineDv":"x","sizeInBytes":2,"cardinality":3},"baseRowId":1,"defaultRowCommitVersion":2}}""")]
    [InlineData("""{"cdc":{"path":"_change_data/a","partitionValues":{},"size":3,"dataChange":false,"tags":{"t":"u"}}}""")]
    [InlineData("""{"txn":{"appId":"a","version":3,"lastUpdated":4}}""")]
    [InlineData("""{"domainMetadata":{"domain":"d","configuration":"{\"x\":1}","removed":true}}""")]
    [InlineData("""{"sidecar":{"path":"a.parquet","sizeInBytes":1,"modificationTime":2}}""")]
    [InlineData("""{"checkpointMetadata":{"version":7}}""")]
    [InlineData("""{"commitInfo":{"inCommitTimestamp":2,"timestamp":1,"operation":"WRITE","operationParameters":{"mode":"Append"},"readVersion":3,"isolationLevel":"Serializable","isBlindAppend":true,"operationMetrics":{"numFiles":"1"},"engineInfo":"e","txnId":"t","userName":"ü","job":{"id":1}}}""")]
    public void Action_is_written_as_it_was_read(string line)
    {
        Assert.Equal(line, DeltaActionJson.ToJson(Parse(line)!));
    }

    [Theory]
    [InlineData("""{"somethingNew":{"a":[1,2,{"b":3}]}}""")]
    [InlineData("""{"add":null,"remove":null}""")]
    [InlineData("{}")]
    public void Line_without_a_known_action_is_ignored(string line)
    {
        Assert.Null(Parse(line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"add":{"path":"a","size":1,"modificationTime":1}""")]
    [InlineData("""{"add":{"path":"a","size":1,"modificationTime":1}} x""")]
    [InlineData("""{"add":{"size":1,"modificationTime":1}}""")]
    [InlineData("""{"add":{"path":"a","size":"1","modificationTime":1}}""")]
    [InlineData("""{"add":{"path":"a","size":-1,"modificationTime":1}}""")]
    [InlineData("""{"add":{"path":7,"size":1,"modificationTime":1}}""")]
    [InlineData("""{"add":7}""")]
    [InlineData("""{"txn":{"appId":"a"}}""")]
    [InlineData("""{"protocol":{"minReaderVersion":1}}""")]
    [InlineData("""{"txn":{"appId":"a","version":1},"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""")]
    [InlineData("""{"add":{"path":"a","size":1,"modificationTime":1,"partitionValues":[]}}""")]
    [InlineData("""{"add":{"path":"a","size":99999999999999999999,"modificationTime":1}}""")]
    public void Broken_line_is_corrupt(string line)
    {
        Assert.Equal(DeltaErrorKind.Corrupt, Assert.Throws<DeltaException>(() => Parse(line)).Kind);
    }

    [Fact]
    public void Line_that_is_cut_off_anywhere_is_corrupt()
    {
        var line = Encoding.UTF8.GetBytes("""{"add":{"path":"a","partitionValues":{"p":"1"},"size":3,"modificationTime":4,"dataChange":true,"stats":"{\"numRecords\":2}"}}""");
        for (var length = 0; length < line.Length; length++)
        {
            Assert.Equal(DeltaErrorKind.Corrupt, Assert.Throws<DeltaException>(() => DeltaActionJson.Parse(line.AsSpan(0, length))).Kind);
        }
    }

    [Fact]
    public void Row_of_a_checkpoint_with_nulls_reads_as_the_action()
    {
        var add = Assert.IsType<AddFile>(Parse(
            """{"txn":null,"add":{"path":"a","partitionValues":{"p":"1"},"size":3,"modificationTime":4,"dataChange":false,"stats":null,"tags":null,"deletionVector":{"storageType":null,"pathOrInlineDv":null,"offset":null,"sizeInBytes":null,"cardinality":null},"stats_parsed":{"numRecords":1}},"remove":null}"""));

        Assert.Equal("""{"add":{"path":"a","partitionValues":{"p":"1"},"size":3,"modificationTime":4,"dataChange":false}}""", DeltaActionJson.ToJson(add));
    }

    [Fact]
    public void Commit_info_of_unexpected_types_is_kept_and_no_error()
    {
        var info = Assert.IsType<CommitInfo>(Parse("""{"commitInfo":{"timestamp":"yesterday","operation":5,"operationParameters":{"partitionBy":["a"],"n":1},"isBlindAppend":null}}"""));

        Assert.Equal((null, null, null), (info.Timestamp, info.Operation, info.IsBlindAppend));
        Assert.Equal("""["a"]""", info.OperationParameters["partitionBy"]);
        Assert.Equal(("\"yesterday\"", "5"), (info.Rest["timestamp"], info.Rest["operation"]));
    }

    private static DeltaAction? Parse(string line) => DeltaActionJson.Parse(Encoding.UTF8.GetBytes(line));
}
