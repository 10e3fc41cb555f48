using System.Text;
using Azure.Core;
using RetailFlow.Testing.Azure;
using RetailFlow.Testing.Storage;

namespace RetailFlow.Storage.Azure.Tests;

/// <summary>Requests and answers are lost between the store and a real server; what the store tells stays true.</summary>
public sealed class LostAnswerTests(AzuriteServer server)
{
    private static readonly byte[] s_ours = Encoding.UTF8.GetBytes("ours, and long enough for several blocks of sixteen bytes");
    private static readonly byte[] s_theirs = Encoding.UTF8.GetBytes("theirs");

    public static TheoryData<Loss, int> Losses
    {
        get
        {
            TheoryData<Loss, int> data = [];
            foreach (Loss loss in new[] { Loss.Request, Loss.Answer, Loss.FalseFailure })
            {
                data.Add(loss, 1000);
                data.Add(loss, 16);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task A_put_if_absent_tells_the_truth(Loss loss, int singlePutBytes)
    {
        (AzureBlobStore store, AzureBlobStore other) = Open(
            (request, attempt) => attempt <= 2 && request.Method == RequestMethod.Put ? loss : Loss.None, singlePutBytes);

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a", s_ours));
        Assert.Equal(s_ours, await other.ReadAsync("a"));
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("a", s_ours));

        await other.PutIfAbsentAsync("b", s_theirs);
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("b", s_ours));
        Assert.Equal(s_theirs, await other.ReadAsync("b"));
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task An_import_tells_the_truth_and_consumes_the_file_only_when_it_created(Loss loss, int singlePutBytes)
    {
        (AzureBlobStore store, AzureBlobStore other) = Open((_, attempt) => attempt <= 2 ? loss : Loss.None, singlePutBytes);
        using TemporaryDirectory directory = new();
        string file = directory.File("f");
        await File.WriteAllBytesAsync(file, s_ours);

        Assert.Equal(PutOutcome.Created, await store.ImportIfAbsentAsync("a", file));
        Assert.False(File.Exists(file));
        Assert.Equal(s_ours, await other.ReadAsync("a"));

        await File.WriteAllBytesAsync(file, s_theirs);
        Assert.Equal(PutOutcome.AlreadyExists, await store.ImportIfAbsentAsync("a", file));
        Assert.True(File.Exists(file));
    }

    [Theory]
    [InlineData(Loss.Answer, 1000)]
    [InlineData(Loss.FalseFailure, 1000)]
    [InlineData(Loss.Answer, 16)]
    public async Task A_put_whose_every_answer_is_lost_is_recognised_by_its_mark(Loss loss, int singlePutBytes)
    {
        (AzureBlobStore store, AzureBlobStore other) = Open(
            (request, _) => IsFinalPut(request, singlePutBytes) ? loss : Loss.None, singlePutBytes);

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a", s_ours));
        await other.PutIfAbsentAsync("b", s_theirs);
        Assert.Equal(PutOutcome.AlreadyExists, await store.PutIfAbsentAsync("b", s_ours));
    }

    [Fact]
    public async Task A_put_that_never_arrives_fails_and_leaves_nothing()
    {
        (AzureBlobStore store, AzureBlobStore other) = Open(
            (request, _) => request.Method == RequestMethod.Put ? Loss.Request : Loss.None);

        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await store.PutIfAbsentAsync("a", s_ours));

        Assert.Equal("NetworkFailure", failure.ErrorName);
        Assert.Null(await other.ReadAsync("a"));
    }

    [Fact]
    public async Task Of_many_writers_with_losses_exactly_one_creates_each_name()
    {
        const int Writers = 8;
        const int Rounds = 30;
        string url = await server.CreateContainerAsync();
        Task<PutOutcome>[][] outcomes = new Task<PutOutcome>[Rounds][];
        FaultyTransport[] transports = [.. Enumerable.Range(0, Writers).Select(writer => new FaultyTransport(Seeded(writer)))];
        AzureBlobStore[] stores = Array.ConvertAll(transports, transport => Open(url, transport, 1000));
        for (int round = 0; round < Rounds; round++)
        {
            string name = FormattableString.Invariant($"_delta_log/{round:d20}.json");
            outcomes[round] = [.. stores.Select((store, writer) => store.PutIfAbsentAsync(name, new byte[] { (byte)writer }).AsTask())];
            await Task.WhenAll(outcomes[round]);
        }

        Assert.All(transports, transport => Assert.True(transport.Losses > Rounds / 2));
        AzureBlobStore reader = Open(url, new FaultyTransport((_, _) => Loss.None), 1000);
        for (int round = 0; round < Rounds; round++)
        {
            int winner = Enumerable.Range(0, Writers).Single(writer => outcomes[round][writer].Result == PutOutcome.Created);
            Assert.Equal(new[] { (byte)winner }, await reader.ReadAsync(FormattableString.Invariant($"_delta_log/{round:d20}.json")));
        }
    }

    [Theory]
    [InlineData(Loss.Request)]
    [InlineData(Loss.Answer)]
    [InlineData(Loss.FalseFailure)]
    [InlineData(Loss.HalfBody)]
    public async Task Everything_else_is_as_if_nothing_had_been_lost(Loss loss)
    {
        (AzureBlobStore store, AzureBlobStore other) = Open((_, attempt) => attempt <= 2 ? loss : Loss.None, readBytes: 10);

        await store.PutAsync("d/a", s_theirs);
        await store.PutAsync("d/a", s_ours);
        Assert.Equal(s_ours, await other.ReadAsync("d/a"));
        Assert.Equal(s_ours, await store.ReadAsync("d/a"));
        Assert.Equal(s_ours[3..20], await store.ReadRangeAsync("d/a", 3, 17));
        await using Stream stream = await store.OpenReadAsync("d/a");
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy);
        Assert.Equal(s_ours, copy.ToArray());
        Assert.Equal(s_ours.Length, (await store.HeadAsync("d/a"))!.Value.Length);
        List<string> paths = [];
        await foreach (ObjectInfo info in store.ListAsync("d/"))
        {
            paths.Add(info.Path);
        }

        Assert.Equal(["d/a"], paths);
        Assert.True(await store.DeleteAsync("d/a"));
        Assert.Null(await store.HeadAsync("d/a"));
        Assert.Null(await store.ReadAsync("d/a"));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await store.ReadRangeAsync("d/a", 0, 1));
    }

    [Fact]
    public async Task A_damaged_answer_is_refused()
    {
        (AzureBlobStore store, AzureBlobStore other) = Open(
            (request, _) => request.Method == RequestMethod.Get ? Loss.FlippedByte : Loss.None);
        await other.PutAsync("a", s_ours);

        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await store.ReadAsync("a"));

        Assert.Equal("Md5Mismatch", failure.ErrorName);
    }

    [Fact]
    public async Task A_stream_over_an_object_that_is_replaced_ends_with_an_error_and_never_mixes()
    {
        (AzureBlobStore store, AzureBlobStore other) = Open((_, _) => Loss.None, readBytes: 10);
        await other.PutAsync("a", Enumerable.Repeat((byte)1, 100).ToArray());
        await using Stream stream = await store.OpenReadAsync("a");
        await stream.ReadExactlyAsync(new byte[5]);
        await other.PutAsync("a", Enumerable.Repeat((byte)2, 100).ToArray());
        List<byte> seen = [];

        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () =>
        {
            byte[] buffer = new byte[7];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                seen.AddRange(buffer[..read]);
            }
        });

        Assert.Equal("ObjectChanged", failure.ErrorName);
        Assert.All(seen, value => Assert.Equal(1, value));
        Assert.Equal(Enumerable.Repeat((byte)2, 100), await store.ReadAsync("a"));
    }

    private static bool IsFinalPut(Request request, int singlePutBytes) => request.Method == RequestMethod.Put
        && (singlePutBytes >= 1000 || request.Uri.Query.Contains("comp=blocklist", StringComparison.Ordinal));

    /// <summary>The first two tries of a request may be lost, so none fails for good.</summary>
    private static Func<Request, int, Loss> Seeded(int seed)
    {
        Lock gate = new();
        Random random = new(seed);
        return (_, attempt) =>
        {
            lock (gate)
            {
                return attempt > 2 ? Loss.None : random.Next(5) switch { 0 => Loss.Request, 1 or 2 => Loss.Answer, _ => Loss.None };
            }
        };
    }

    private AzureBlobStore Open(string url, FaultyTransport transport, int singlePutBytes, int readBytes = 1 << 20) => new(
        AzureLocation.Parse(url),
        new AzureCredential.AccountKey(server.AccountKey),
        Stores.Options with { Transport = transport, SinglePutBytes = singlePutBytes, BlockBytes = 16, ReadBytes = readBytes });

    private (AzureBlobStore Faulty, AzureBlobStore Other) Open(
        Func<Request, int, Loss> decide, int singlePutBytes = 1000, int readBytes = 1 << 20)
    {
        string url = server.CreateContainerAsync().GetAwaiter().GetResult();
        return (
            Open(url, new FaultyTransport(decide), singlePutBytes, readBytes),
            Open(url, new FaultyTransport((_, _) => Loss.None), singlePutBytes));
    }
}
