using RetailFlow.Tables;

namespace RetailFlow.Lakehouse.Tables;

/// <summary>
/// Data files that the engine may open until this is disposed: in place, or pinned in the cache of a remote store. It must outlive the
/// relations over them.
/// </summary>
internal sealed class OpenFiles : IDisposable
{
    private readonly List<IDisposable> _held = [];

    /// <summary>The local path of each file of a table, in order, by its decoded path in the log.</summary>
    /// <exception cref="Delta.DeltaException">A file is missing.</exception>
    public async ValueTask<IReadOnlyList<string>> OfAsync(TableAccess table, IEnumerable<string> decodedPaths, CancellationToken cancellationToken)
    {
        var copies = new LocalCopies(table);
        _held.Add(copies);
        return await copies.OfAsync(decodedPaths, cancellationToken);
    }

    /// <summary>Keeps a scan open as long as this is.</summary>
    public TableScan Keep(TableScan scan)
    {
        _held.Add(scan);
        return scan;
    }

    /// <inheritdoc/>
    public void Dispose() => _held.ForEach(held => held.Dispose());
}
