using RetailFlow.Testing.Azure;

namespace RetailFlow.Storage.Azure.Tests;

internal static class Stores
{
    /// <summary>Quick retries: the server of the tests is never busy.</summary>
    public static AzureStoreOptions Options { get; } = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(1),
        MaxRetryDelay = TimeSpan.FromMilliseconds(5),
    };

    /// <summary>A store over a container of its own.</summary>
    public static AzureBlobStore Empty(AzuriteServer server, string folder = "", AzureStoreOptions? options = null)
    {
        string url = server.CreateContainerAsync().GetAwaiter().GetResult();
        string location = folder.Length == 0 ? url : $"{url}/{folder}";
        Assert.True(AzureStores.TryOpen(location, server.Environment, options ?? Options, out AzureBlobStore? store));
        return store;
    }
}
