using System.Collections.Concurrent;
using RetailFlow.Delta;
using RetailFlow.DuckDb;
using RetailFlow.Lakehouse.Tables;

namespace RetailFlow.Lakehouse.Indexes;

/// <summary>The key indexes of one lake, by table and columns, in a folder of this machine.</summary>
internal sealed class KeyIndexes(string folder, Func<Guid> newGuid) : IDisposable
{
    private readonly ConcurrentDictionary<string, KeyIndex> _indexes = new(StringComparer.Ordinal);

    /// <summary>The index of a table by these columns.</summary>
    public KeyIndex Of(LakeTable table, IReadOnlyList<string> columns)
    {
        var name = $"{table.Name}.{string.Join('-', columns)}";
        return _indexes.GetOrAdd(name, n => new KeyIndex(table, columns, Path.Combine(folder, n), newGuid));
    }

    /// <summary>Lets the indexes that are in use know files that a commit is about to add to a table.</summary>
    public async ValueTask AnnounceAsync(
        LakeTable table, DuckDbConnection connection, Snapshot snapshot, IReadOnlyList<AddFile> files, CancellationToken cancellationToken)
    {
        foreach (var index in _indexes.Values.Where(i => i.Table == table))
        {
            await index.AnnounceAsync(connection, snapshot, files, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var index in _indexes.Values)
        {
            index.Dispose();
        }
    }
}
