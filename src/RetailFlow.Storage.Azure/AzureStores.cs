using System.Diagnostics.CodeAnalysis;

namespace RetailFlow.Storage.Azure;

/// <summary>Opens stores from what a user writes: a URL and the environment.</summary>
public static class AzureStores
{
    /// <summary>
    /// Opens a store whose paths are relative to the URL's path, with the credential that the environment names.
    /// False where <paramref name="location"/> is no URL, so that it names a folder of this machine.
    /// </summary>
    /// <param name="location">A URL that <see cref="AzureLocation.Parse"/> takes, or anything else.</param>
    /// <param name="environment">The value of an environment variable, or null where it is not set.</param>
    /// <param name="options">How the store talks to the service; null for the defaults.</param>
    /// <param name="store">The store.</param>
    /// <exception cref="FormatException">It is a URL and breaks a rule, or a variable of the environment does.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or an access token would be sent without TLS.</exception>
    public static bool TryOpen(
        string location,
        Func<string, string?> environment,
        AzureStoreOptions? options,
        [NotNullWhen(true)] out AzureBlobStore? store)
    {
        store = AzureLocation.IsUrl(location)
            ? new AzureBlobStore(AzureLocation.Parse(location), AzureCredential.FromEnvironment(environment), options)
            : null;
        return store is not null;
    }
}
