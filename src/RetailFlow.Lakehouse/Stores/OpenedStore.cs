using System.Security.Cryptography;
using System.Text;
using RetailFlow.Storage;
using RetailFlow.Storage.Azure;

namespace RetailFlow.Lakehouse.Stores;

/// <summary>A store opened from what a user writes, and the folder of this machine that belongs to it.</summary>
internal sealed class OpenedStore : IDisposable
{
    private readonly CachedObjectStore? _cache;

    private OpenedStore(IObjectStore store, string location, string folder, CachedObjectStore? cache)
    {
        Store = store;
        Location = location;
        Folder = folder;
        _cache = cache;
    }

    /// <summary>The store; a remote one keeps its data files in a cache.</summary>
    public IObjectStore Store { get; }

    /// <summary>Full path, or the URL in one form for all ways to write it; it contains no secret.</summary>
    public string Location { get; }

    /// <summary>The store's own folder, or one that only this location has.</summary>
    public string Folder { get; }

    /// <summary>Whether a user names a remote store by this, rightly or wrongly written.</summary>
    public static bool IsRemote(string location) => AzureLocation.IsUrl(location);

    /// <summary>Opens a folder or, by its URL, a place in Azure storage.</summary>
    /// <exception cref="LakeException">The URL or a variable of the environment breaks a rule.</exception>
    /// <exception cref="StorageException">The cache cannot be used.</exception>
    public static OpenedStore Open(string location, RemoteOptions options)
    {
        if (!IsRemote(location))
        {
            var path = Path.GetFullPath(location);
            return new OpenedStore(new LocalObjectStore(path), path, path, null);
        }

        var blobs = OpenBlobs(location, options.Variable);
        var folder = options.FolderOrDefault();
        var name = blobs.Location.ToString();
        var cache = new CachedObjectStore(blobs, new CacheOptions
        {
            Folder = Path.Combine(folder, "cache"),
            MaxBytes = options.CacheBytesOrDefault(),
            StoreName = name,
            IsImmutable = IsDataFile,
        });
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];
        return new OpenedStore(cache, name, Path.Combine(folder, "lakes", hash), cache);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Dispose();

    // Data files are named once and for all (Delta protocol, "Data Files"), and RAW is never changed. Files of a log are not cached:
    // a table that was deleted and made again has checkpoints of the same names.
    private static bool IsDataFile(string path) => !$"/{path}".Contains("/_delta_log/", StringComparison.Ordinal);

    private static AzureBlobStore OpenBlobs(string location, Func<string, string?> variable)
    {
        try
        {
            return AzureStores.TryOpen(location, variable, null, out var store) ? store : throw new InvalidOperationException("A remote location is a URL.");
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new LakeException(LakeErrorKind.InvalidInput, e.Message, e);
        }
    }
}
