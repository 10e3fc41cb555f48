using System.Net;
using System.Text;
using RetailFlow.Testing.Azure;

namespace RetailFlow.Storage.Azure.Tests;

/// <summary>What the service holds and answers beside plain objects.</summary>
public sealed class ServiceTests(AzuriteServer server)
{
    [Fact]
    public async Task A_shared_access_signature_opens_the_account()
    {
        string url = await server.CreateContainerAsync();
        Assert.True(AzureStores.TryOpen(
            url + "/lake",
            name => name == "AZURE_STORAGE_SAS_TOKEN" ? "?" + server.SharedAccessSignature() : null,
            Stores.Options with { ListPageSize = 1 },
            out AzureBlobStore? store));

        Assert.Equal(PutOutcome.Created, await store.PutIfAbsentAsync("a b", Bytes("1")));
        await store.PutAsync("é/+&", Bytes("22"));

        Assert.Equal(["a b", "é/+&"], await Paths(store));
        Assert.Equal(Bytes("22"), await store.ReadAsync("é/+&"));
        Assert.True(await store.DeleteAsync("a b"));
    }

    [Fact]
    public async Task Names_are_relative_to_the_folder_of_the_url()
    {
        string url = await server.CreateContainerAsync();
        AzureBlobStore store = Open(url + "/lake/prod");
        await Open(url).PutAsync("lake/production/x", Bytes("not below"));
        await store.PutAsync("t/1", Bytes("x"));

        Assert.Equal(["t/1"], await Paths(store));
        Assert.Equal(["lake/prod/t/1", "lake/production/x"], await Paths(Open(url)));
    }

    [Fact]
    public async Task Directory_markers_are_not_objects()
    {
        string url = await server.CreateContainerAsync();
        string container = url[(url.LastIndexOf('/') + 1)..];
        using HttpResponseMessage planted = await server.SendAsync(
            HttpMethod.Put, container + "/dir", "", new ByteArrayContent([]), ("x-ms-blob-type", "BlockBlob"), ("x-ms-meta-hdi_isfolder", "true"));
        Assert.Equal(HttpStatusCode.Created, planted.StatusCode);
        AzureBlobStore store = Open(url);
        await store.PutAsync("dir/file", Bytes("x"));

        Assert.Equal(["dir/file"], await Paths(store));
        Assert.Null(await store.HeadAsync("dir"));
        Assert.Null(await store.ReadAsync("dir"));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await store.ReadRangeAsync("dir", 0, 1));
        await Assert.ThrowsAsync<FileNotFoundException>(async () => await store.OpenReadAsync("dir"));
        StorageException refused = await Assert.ThrowsAsync<StorageException>(async () => await store.PutIfAbsentAsync("dir", Bytes("x")));
        Assert.Equal("PathIsDirectory", refused.ErrorName);
    }

    [Fact]
    public async Task Names_that_no_path_can_have_are_passed_over()
    {
        string url = await server.CreateContainerAsync();
        string container = url[(url.LastIndexOf('/') + 1)..];
        foreach (string name in new[] { "a//b", "c/.tmp-1", "d" })
        {
            using HttpResponseMessage planted = await server.SendAsync(
                HttpMethod.Put, $"{container}/{name}", "", new ByteArrayContent([]), ("x-ms-blob-type", "BlockBlob"));
            Assert.Equal(HttpStatusCode.Created, planted.StatusCode);
        }

        Assert.Equal(["d"], await Paths(Open(url)));
    }

    [Fact]
    public async Task A_missing_container_is_an_error_and_not_an_empty_lake()
    {
        string url = await server.CreateContainerAsync() + "-missing";
        AzureBlobStore store = Open(url);
        Func<Task>[] calls =
        [
            async () => await store.ReadAsync("a"),
            async () => await store.HeadAsync("a"),
            async () => await store.DeleteAsync("a"),
            async () => await store.PutIfAbsentAsync("a", Bytes("x")),
            async () => await store.PutAsync("a", Bytes("x")),
            async () => await Paths(store),
        ];
        foreach (Func<Task> call in calls)
        {
            StorageException failure = await Assert.ThrowsAsync<StorageException>(call);
            Assert.Equal("ContainerNotFound", failure.ErrorName);
            Assert.Contains("there is no such container", failure.Message, StringComparison.Ordinal);
            Assert.Contains(server.Account, failure.Message, StringComparison.Ordinal);
        }

        Assert.True(await store.CreateContainerAsync());
        Assert.False(await store.CreateContainerAsync());
        Assert.Empty(await Paths(store));
    }

    [Fact]
    public async Task A_refused_credential_is_named_and_not_shown()
    {
        string url = await server.CreateContainerAsync();
        string wrongKey = Convert.ToBase64String(Bytes("a key that is wrong"));
        string wrongSas = server.SharedAccessSignature("r");
        AzureBlobStore byKey = new(AzureLocation.Parse(url), new AzureCredential.AccountKey(wrongKey), Stores.Options);
        AzureBlobStore bySas = new(AzureLocation.Parse(url), new AzureCredential.SharedAccessSignature(wrongSas), Stores.Options);

        StorageException key = await Assert.ThrowsAsync<StorageException>(async () => await byKey.ReadAsync("t/a"));
        StorageException sas = await Assert.ThrowsAsync<StorageException>(async () => await bySas.PutIfAbsentAsync("t/a", Bytes("x")));

        Assert.Contains("account key", key.Message, StringComparison.Ordinal);
        Assert.Contains("'t/a'", key.Message, StringComparison.Ordinal);
        Assert.Contains("shared access signature", sas.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(wrongKey, key.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sig=", sas.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_network_failure()
    {
        AzureBlobStore store = new(
            AzureLocation.Parse("http://127.0.0.1:1/account1/lake"), new AzureCredential.AccountKey("AAAA"), Stores.Options with { MaxRetries = 1 });

        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await store.ReadAsync("a"));

        Assert.Equal("NetworkFailure", failure.ErrorName);
    }

    [Fact]
    public async Task A_cached_lake_reads_large_files_from_the_service_once()
    {
        byte[] content = new byte[3_000_000];
        new Random(5).NextBytes(content);
        using RetailFlow.Testing.Storage.TemporaryDirectory directory = new();
        AzureBlobStore store = Open(await server.CreateContainerAsync() + "/lake");
        await File.WriteAllBytesAsync(directory.File("staged"), content);
        Assert.Equal(PutOutcome.Created, await store.ImportIfAbsentAsync("t/a.parquet", directory.File("staged")));
        using CachedObjectStore cache = new(store, new CacheOptions
        {
            Folder = directory.File("cache"),
            MaxBytes = 10_000_000,
            StoreName = store.Location.ToString(),
            RangeBytes = 1 << 20,
        });

        using FileLeases leases = await cache.PinAllAsync(["t/a.parquet", "t/a.parquet"]);

        Assert.Equal(content, await File.ReadAllBytesAsync(leases.Paths[1]));
        Assert.Equal((1, 3_000_000), (cache.Downloads, cache.DownloadedBytes));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<List<string>> Paths(AzureBlobStore store)
    {
        List<string> paths = [];
        await foreach (ObjectInfo info in store.ListAsync(""))
        {
            paths.Add(info.Path);
        }

        return paths;
    }

    private AzureBlobStore Open(string url)
    {
        Assert.True(AzureStores.TryOpen(url, server.Environment, Stores.Options, out AzureBlobStore? store));
        return store;
    }
}
