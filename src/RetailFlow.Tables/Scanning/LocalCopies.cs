using RetailFlow.Delta;

namespace RetailFlow.Tables;

/// <summary>Files of a table where the engine can open them: in place, or, where the store is remote, as copies for the time of a scan.</summary>
internal sealed class LocalCopies(TableAccess access) : IDisposable
{
    private StagingFolder? _stage;

    /// <summary>The local path of each file, by its decoded path in the log.</summary>
    /// <exception cref="DeltaException">A file is missing or lies outside of the store.</exception>
    public async ValueTask<IReadOnlyList<string>> OfAsync(IEnumerable<string> decodedPaths, CancellationToken cancellationToken)
    {
        var locals = new List<string>();
        foreach (var decoded in decodedPaths)
        {
            var path = StorePath.Of(access.Store, access.Path, decoded);
            locals.Add(access.Store.LocalPath(path) ?? await CopyAsync(path, locals.Count, cancellationToken));
        }

        return locals;
    }

    /// <inheritdoc/>
    public void Dispose() => _stage?.Dispose();

    private async ValueTask<string> CopyAsync(string path, int number, CancellationToken cancellationToken)
    {
        _stage ??= access.Engine.Stage();
        var copy = Path.Combine(_stage.Path, $"{number}.parquet");
        try
        {
            await using var source = await access.Store.OpenReadAsync(path, cancellationToken);
            await using var target = File.Create(copy);
            await source.CopyToAsync(target, cancellationToken);
            return copy;
        }
        catch (FileNotFoundException e)
        {
            throw new DeltaException(DeltaErrorKind.Corrupt, $"The data file '{path}' is missing.", e);
        }
    }
}
