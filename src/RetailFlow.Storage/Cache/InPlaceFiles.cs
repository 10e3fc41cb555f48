namespace RetailFlow.Storage;

/// <summary>The files of a store that is a folder of this machine, where they are. A lease costs nothing and holds nothing.</summary>
public sealed class InPlaceFiles : ILocalFiles
{
    private readonly IObjectStore _store;

    /// <summary>The files of <paramref name="store"/>, which must give local paths.</summary>
    public InPlaceFiles(IObjectStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
    }

    /// <inheritdoc/>
    public ValueTask<IFileLease> PinAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string file = _store.LocalPath(path)
            ?? throw new InvalidOperationException($"The store of '{path}' has no local files; a remote store needs a {nameof(CachedObjectStore)}.");
        return File.Exists(file)
            ? new ValueTask<IFileLease>(new Lease(file))
            : throw new FileNotFoundException($"There is no object '{path}'.", path);
    }

    private sealed record Lease(string Path) : IFileLease
    {
        public void Dispose()
        {
        }
    }
}
