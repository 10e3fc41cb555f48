using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>
/// Data files that the engine may open until this is disposed: in place, or pinned in the cache of a remote store. It must outlive the
/// relations over them.
/// </summary>
internal sealed class OpenFiles : IDisposable
{
    private readonly List<LocalCopies> _copies = [];

    /// <summary>The local path of each file of a table, in order, by its decoded path in the log.</summary>
    /// <exception cref="Delta.DeltaException">A file is missing.</exception>
    public async ValueTask<IReadOnlyList<string>> OfAsync(TableAccess table, IEnumerable<string> decodedPaths, CancellationToken cancellationToken)
    {
        var copies = new LocalCopies(table);
        _copies.Add(copies);
        return await copies.OfAsync(decodedPaths, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _copies.ForEach(copies => copies.Dispose());
}
