using RetailFlow.Storage;
using RetailFlow.Testing.Conformance;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Delta.Tests;

public sealed class DeletionVectorFilesTests
{
    private static readonly Guid FileId = new("d2c639aa-8816-431a-aaf6-d3fe2512ff61");

    private static readonly DeletionVector Large = DeletionVector.Of(Enumerable.Range(0, 500).Select(i => 3L * i));

    [Theory]
    [InlineData("u", "ab^-aqEH.-t@S}K{vb[*k^", "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")]
    [InlineData("u", "^-aqEH.-t@S}K{vb[*k^", "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")]
    [InlineData("p", "s3://mytable/deletion_vector_d2c639aa%20x.bin", "s3://mytable/deletion_vector_d2c639aa x.bin")]
    [InlineData("i", "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", null)]
    public void Path_is_that_of_the_protocols_examples(string storage, string text, string? path) =>
        Assert.Equal(path, DeletionVectorFiles.PathOf(new DeletionVectorDescriptor(storage, text, 4, 40, 6)));

    [Theory]
    [InlineData("u", "short")]
    [InlineData("u", "\"-aqEH.-t@S}K{vb[*k^")]
    [InlineData("x", "^-aqEH.-t@S}K{vb[*k^")]
    public void Descriptor_without_a_path_of_its_kind_is_corrupt(string storage, string text) =>
        Assert.Equal(
            DeltaErrorKind.Corrupt,
            Assert.Throws<DeltaException>(() => DeletionVectorFiles.PathOf(new DeletionVectorDescriptor(storage, text, 4, 40, 6))).Kind);

    [Fact]
    public async Task Vectors_that_Spark_wrote_are_read()
    {
        var golden = new DeletionVectorFiles(new LocalObjectStore(ConformanceFolder.Delta()), "golden/dv-partitioned-with-checkpoint/delta");
        DeletionVectorDescriptor Stored(string name, int size, long rows) => new("u", name, 1, size, rows);
        var descriptors = new[]
        {
            Stored("0X9F0q2<2yJ-f)Gm2!e0", 34, 1), Stored("NZQXpd#3xxK!oBujr/=:", 36, 2), Stored("]g#Gi8g29gLy&KMkGJr?", 34, 1), Stored("Zcq?bs*HKQWCB[Sjf[.o", 36, 2),
        };

        var vectors = await golden.ReadAllAsync([.. descriptors, descriptors[0]]);

        Assert.Equal(4, vectors.Count);
        Assert.Equal([0L], vectors[descriptors[0].UniqueId].Rows);
        Assert.All(descriptors, d => Assert.Equal(d.Cardinality, vectors[d.UniqueId].Cardinality));
    }

    [Theory]
    [InlineData("i", "^Bg9^0rr910000000000iXQKl0rr91000005c8Xg##093", null, 34, 1, "3")]
    [InlineData("i", "^Bg9^0rr910000000000iXQKl0rr91000315c8Xg000f5", null, 36, 2, "0,5")]
    [InlineData("i", "^Bg9^0rr910000000000iXQKl0rr91000935c8Xg000311onP9", null, 40, 4, "0,1,4,5")]
    [InlineData("u", "vBn[lx{q8@P<9BNH/isA", 1, 36, 2, "0,9")]
    public async Task Vectors_of_a_change_feed_are_read(string storage, string text, int? offset, int size, long rows, string expected)
    {
        var files = new DeletionVectorFiles(new LocalObjectStore(ConformanceFolder.Delta()), "kernel/cdf-table-with-dv");

        var vector = await files.ReadAsync(new DeletionVectorDescriptor(storage, text, offset, size, rows));

        Assert.Equal(rows, vector.Cardinality);
        Assert.Equal(expected, string.Join(',', vector.Rows));
    }

    [Fact]
    public async Task Small_vectors_stay_in_the_log_and_the_others_share_a_file()
    {
        var store = new InMemoryObjectStore();
        var files = new DeletionVectorFiles(store, "t");
        var other = Large.Except(DeletionVector.Of([3, 6]));
        DeletionVector[] vectors = [Large, DeletionVector.Of([4, 5]), other];

        var descriptors = await files.WriteAsync(vectors, FileId);

        Assert.Equal(["u", "i", "u"], descriptors.Select(d => d.StorageType));
        Assert.Equal([1, null, 1 + 4 + descriptors[0].SizeInBytes + 4], descriptors.Select(d => d.Offset));
        Assert.Equal([500, 2, 498], descriptors.Select(d => d.Cardinality));
        Assert.Equal("t/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin", Assert.Single(await ListAsync(store)));
        var read = await files.ReadAllAsync(descriptors);
        Assert.All(descriptors.Zip(vectors), p => Assert.Equal(p.Second.Rows, read[p.First.UniqueId].Rows));
        Assert.Equal(DeltaErrorKind.InvalidCommit, (await Assert.ThrowsAsync<DeltaException>(async () => await files.WriteAsync(vectors, FileId))).Kind);
    }

    [Fact]
    public async Task Small_vectors_alone_need_no_file()
    {
        var store = new InMemoryObjectStore();

        var descriptors = await new DeletionVectorFiles(store, "").WriteAsync([DeletionVector.Of([4, 5]), DeletionVector.Empty], FileId);

        Assert.Empty(await ListAsync(store));
        Assert.Equal([4L, 5L], (await new DeletionVectorFiles(store, "").ReadAsync(descriptors[0])).Rows);
        Assert.Empty((await new DeletionVectorFiles(store, "").ReadAsync(descriptors[1])).Rows);
    }

    [Fact]
    public async Task Vectors_of_one_file_are_read_at_once()
    {
        var store = new FaultInjectingObjectStore(new InMemoryObjectStore(), FaultPlan.None);
        var files = new DeletionVectorFiles(store, "t");
        var vectors = Enumerable.Range(0, 40).Select(i => Large.Except(DeletionVector.Of([3L * i]))).ToArray();
        var descriptors = await files.WriteAsync(vectors, FileId);

        var read = await files.ReadAllAsync(descriptors.Reverse());

        Assert.Equal(1, store.Calls(StoreOperation.ReadRange));
        Assert.Equal(vectors.Select(v => v.Rows), descriptors.Select(d => read[d.UniqueId].Rows));
    }

    [Fact]
    public async Task Absolute_path_below_the_store_is_read_and_any_other_is_refused()
    {
        using var folder = new TemporaryDirectory();
        var store = new LocalObjectStore(folder.Path);
        var written = (await new DeletionVectorFiles(store, "other table").WriteAsync([Large], FileId))[0];
        var files = new DeletionVectorFiles(store, "t");
        var path = DeltaPath.Encode($"{folder.Path}/other table/deletion_vector_{FileId:D}.bin");

        foreach (var absolute in new[] { path, "file:" + path, "file://" + path })
        {
            Assert.Equal(Large.Rows, (await files.ReadAsync(written with { StorageType = "p", PathOrInlineDv = absolute })).Rows);
        }

        foreach (var outside in new[] { "/etc/passwd", "s3://bucket/x.bin", "abfss://c@a.dfs.core.windows.net/x.bin" })
        {
            var error = await Assert.ThrowsAsync<DeltaException>(async () => await files.ReadAsync(written with { StorageType = "p", PathOrInlineDv = outside }));
            Assert.Equal(DeltaErrorKind.UnsupportedFeature, error.Kind);
            Assert.Contains(outside, error.Message, StringComparison.Ordinal);
        }

        var climbing = written with { StorageType = "p", PathOrInlineDv = $"{folder.Path}/t/../../x.bin" };
        Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(async () => await files.ReadAsync(climbing))).Kind);
    }

    [Fact]
    public async Task Any_changed_byte_and_any_shorter_file_is_found()
    {
        var store = new InMemoryObjectStore();
        var files = new DeletionVectorFiles(store, "t");
        var descriptor = (await files.WriteAsync([Large], FileId))[0];
        var path = (await ListAsync(store))[0];
        var content = (await store.ReadAsync(path))!;
        var damaged = Enumerable.Range(0, content.Length).Select(i => content.Select((b, at) => at == i ? (byte)(b ^ 0x20) : b).ToArray());
        foreach (var bytes in damaged.Concat(Enumerable.Range(0, content.Length).Select(i => content[..i])))
        {
            await store.PutAsync(path, bytes);
            var error = await Assert.ThrowsAsync<DeltaException>(async () => await files.ReadAsync(descriptor));
            Assert.Equal(DeltaErrorKind.Corrupt, error.Kind);
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }

        await store.DeleteAsync(path);
        Assert.Contains("is missing", (await Assert.ThrowsAsync<DeltaException>(async () => await files.ReadAsync(descriptor))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Descriptor_that_does_not_fit_its_vector_is_corrupt()
    {
        var store = new InMemoryObjectStore();
        var files = new DeletionVectorFiles(store, "t");
        var descriptors = await files.WriteAsync([Large, DeletionVector.Of([1])], FileId);
        var (stored, inline) = (descriptors[0], descriptors[1]);
        foreach (var wrong in new[]
        {
            stored with { Cardinality = 499 }, stored with { SizeInBytes = stored.SizeInBytes - 1 }, stored with { Offset = 2 }, stored with { Offset = null },
            stored with { Offset = 1 << 20 }, stored with { SizeInBytes = -1 }, inline with { Cardinality = 2 }, inline with { SizeInBytes = inline.SizeInBytes - 4 },
            inline with { SizeInBytes = 4000 }, inline with { PathOrInlineDv = "\"" },
        })
        {
            Assert.Equal(DeltaErrorKind.Corrupt, (await Assert.ThrowsAsync<DeltaException>(async () => await files.ReadAsync(wrong))).Kind);
        }
    }

    private static async Task<List<string>> ListAsync(InMemoryObjectStore store)
    {
        var paths = new List<string>();
        await foreach (var info in store.ListAsync(""))
        {
            paths.Add(info.Path);
        }

        return paths;
    }
}
