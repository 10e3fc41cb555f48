using RetailFlow.Delta;
using RetailFlow.Storage;

namespace RetailFlow.Tables;

/// <summary>
/// Files of a table where the engine can open them: in place; where the store is remote from its cache; and where it has none, as copies
/// for the time of a scan.
/// </summary>
internal sealed class LocalCopies(TableAccess access) : IDisposable
{
    private FileLeases? _leases;
    private StagingFolder? _stage;

    /// <summary>The local path of each file, by its decoded path in the log.</summary>
    /// <exception cref="DeltaException">A file is missing or lies outside of the store.</exception>
    public ValueTask<IReadOnlyList<string>> OfAsync(IEnumerable<string> decodedPaths, CancellationToken cancellationToken)
    {
        var paths = decodedPaths.Select(decoded => StorePath.Of(access.Store, access.Path, decoded)).ToList();
        return OfObjectsAsync(paths, cancellationToken).OrUnavailable(access.Path, "was not read");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _leases?.Dispose();
        _stage?.Dispose();
    }

    private async ValueTask<IReadOnlyList<string>> OfObjectsAsync(List<string> paths, CancellationToken cancellationToken)
    {
        try
        {
            var locals = paths.Select(access.Store.LocalPath).OfType<string>().ToList();
            if (locals.Count == paths.Count)
            {
                return locals;
            }

            if (access.Store is ILocalFiles files)
            {
                _leases = await files.PinAllAsync(paths, cancellationToken: cancellationToken);
                return _leases.Paths;
            }

            locals.Clear();
            _stage = access.Engine.Stage();
            foreach (var path in paths)
            {
                locals.Add(await _stage.CopyAsync(access.Store, path, $"{locals.Count}.parquet", cancellationToken));
            }

            return locals;
        }
        catch (FileNotFoundException e)
        {
            throw new DeltaException(DeltaErrorKind.Corrupt, $"A data file of '{access.Path}' is missing: {e.Message}", e);
        }
    }
}
