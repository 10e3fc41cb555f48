using System.Diagnostics.CodeAnalysis;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// The rows of a statement, a chunk at a time; the engine works ahead only as far as its streaming buffer. Read it to the end or
/// dispose it before the connection runs another statement.
/// </summary>
public sealed unsafe class DuckDbResult : IDisposable
{
    private readonly ResultHandle handle;
    private readonly StatementRunner runner;
    private readonly DuckDbChunk chunk;
    private DataChunkHandle? current;
    private bool ended;

    internal DuckDbResult(ResultHandle handle, StatementRunner runner)
    {
        this.handle = handle;
        this.runner = runner;
        DuckDbColumnDefinition[] columns = new DuckDbColumnDefinition[NativeMethods.ColumnCount(handle.Pointer)];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = new DuckDbColumnDefinition(
                NativeMethods.ReadText(NativeMethods.ColumnName(handle.Pointer, (ulong)i)) ?? "",
                LogicalTypes.Take(NativeMethods.ColumnLogicalType(handle.Pointer, (ulong)i)));
        }

        Columns = columns;
        chunk = new DuckDbChunk(columns);
    }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<DuckDbColumnDefinition> Columns { get; }

    /// <summary>Moves to the next chunk, which has at least one row.</summary>
    /// <param name="chunk">The rows; the same object every time, valid until the next call or <see cref="Dispose"/>.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    /// <exception cref="OperationCanceledException">A token of the connection was cancelled.</exception>
    public bool NextChunk([NotNullWhen(true)] out DuckDbChunk? chunk)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        Release();
        while (!ended)
        {
            if (runner.Fetch(handle) is not { } next)
            {
                ended = true;
                break;
            }

            int rows = checked((int)NativeMethods.DataChunkGetSize(next.DangerousGetHandle()));
            if (rows == 0)
            {
                next.Dispose();
                continue;
            }

            current = next;
            this.chunk.Attach(next.DangerousGetHandle(), rows);
            chunk = this.chunk;
            return true;
        }

        chunk = null;
        return false;
    }

    /// <summary>The remaining rows, each a new array of values as <see cref="DuckDbChunk.GetValue"/> gives them.</summary>
    public IEnumerable<object?[]> Rows()
    {
        while (NextChunk(out DuckDbChunk? rows))
        {
            for (int row = 0; row < rows.RowCount; row++)
            {
                object?[] values = new object?[Columns.Count];
                for (int column = 0; column < values.Length; column++)
                {
                    values[column] = rows.GetValue(column, row);
                }

                yield return values;
            }
        }
    }

    /// <summary>The remaining rows as a list.</summary>
    public List<object?[]> ToList() => [.. Rows()];

    /// <summary>Ends the statement, if it has not been read to its end, and releases its rows.</summary>
    public void Dispose()
    {
        Release();
        if (!handle.IsClosed)
        {
            runner.End(handle);
            handle.Dispose();
        }
    }

    private void Release()
    {
        chunk.Detach();
        current?.Dispose();
        current = null;
    }
}
