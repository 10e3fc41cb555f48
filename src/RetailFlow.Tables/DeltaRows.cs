using System.Diagnostics.CodeAnalysis;
using RetailFlow.DuckDb;

namespace RetailFlow.Tables;

/// <summary>Rows of a table, streamed, of one version however the table changes meanwhile. Dispose it when done.</summary>
public sealed class DeltaRows : IDisposable
{
    private readonly DuckDbResult _result;
    private readonly IDisposable[] _owned;

    internal DeltaRows(long version, DuckDbResult result, params IDisposable[] owned)
    {
        Version = version;
        _result = result;
        _owned = owned;
    }

    /// <summary>The version that was read; of a change feed the last.</summary>
    public long Version { get; }

    /// <summary>Columns, in order.</summary>
    public IReadOnlyList<DuckDbColumnDefinition> Columns => _result.Columns;

    /// <summary>The next up to 2048 rows by column, valid until the next call.</summary>
    /// <exception cref="DuckDbException">A file cannot be read to its end.</exception>
    public bool NextChunk([NotNullWhen(true)] out DuckDbChunk? chunk) => _result.NextChunk(out chunk);

    /// <summary>The rows, each an array in the order of the columns.</summary>
    /// <exception cref="DuckDbException">A file cannot be read to its end.</exception>
    public IEnumerable<object?[]> Rows() => _result.Rows();

    /// <inheritdoc/>
    public void Dispose()
    {
        _result.Dispose();
        Array.ForEach(_owned, owned => owned.Dispose());
    }
}
