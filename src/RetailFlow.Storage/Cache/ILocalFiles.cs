namespace RetailFlow.Storage;

/// <summary>
/// Objects as files that an engine on this machine can open: in place where the store is a folder, from a cache where it is
/// remote.
/// </summary>
public interface ILocalFiles
{
    /// <summary>
    /// Makes the object available as a local file that stays there, unchanged, until the lease is disposed of. The caller
    /// only reads it.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    /// <exception cref="StorageException">It cannot be had, or the cache has no room for it beside the files in use.</exception>
    ValueTask<IFileLease> PinAsync(string path, CancellationToken cancellationToken = default);
}

/// <summary>A local file that stays until this is disposed of; disposing of it again does nothing.</summary>
public interface IFileLease : IDisposable
{
    /// <summary>The absolute path of the file.</summary>
    string Path { get; }
}

/// <summary>Leases of many files, ended together.</summary>
public sealed class FileLeases : IDisposable
{
    private readonly IFileLease[] _leases;

    internal FileLeases(IFileLease[] leases)
    {
        _leases = leases;
        Paths = Array.ConvertAll(leases, lease => lease.Path);
    }

    /// <summary>The absolute paths of the files, in the order in which they were asked for.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_leases, lease => lease.Dispose());
}

/// <summary>What can be done with every <see cref="ILocalFiles"/>.</summary>
public static class LocalFiles
{
    /// <summary>Pins all of <paramref name="paths"/>, or none and fails.</summary>
    /// <param name="files">Where the files come from.</param>
    /// <param name="paths">The objects; the same may occur more than once.</param>
    /// <param name="parallelism">Objects that are fetched at once.</param>
    /// <param name="cancellationToken">Ends the work; what was pinned is let go.</param>
    /// <exception cref="FileNotFoundException">One of the objects does not exist.</exception>
    /// <exception cref="StorageException">One cannot be had.</exception>
    public static async ValueTask<FileLeases> PinAllAsync(
        this ILocalFiles files, IReadOnlyList<string> paths, int parallelism = 8, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(paths);
        IFileLease?[] leases = new IFileLease?[paths.Count];
        try
        {
            ParallelOptions parallel = new() { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, paths.Count, parallel, async (n, token) => leases[n] = await files.PinAsync(paths[n], token));
        }
        catch
        {
            Array.ForEach(leases, lease => lease?.Dispose());
            throw;
        }

        return new FileLeases(leases!);
    }
}
