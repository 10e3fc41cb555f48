using System.Collections.Concurrent;
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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var index in _indexes.Values)
        {
            index.Dispose();
        }
    }
}
