using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// Puts rows into a table, by row or by chunk. Rows are in the table after <see cref="Flush"/>; <see cref="Dispose"/> drops those
/// that were not flushed. The engine writes on its own whenever it holds some two hundred thousand rows, so wrap the work in a
/// transaction when it must be all or nothing.
/// </summary>
public sealed class DuckDbAppender : IDisposable
{
    private readonly AppenderHandle handle;
    private readonly StatementRunner runner;
    private readonly DataChunkHandle chunk;
    private readonly DuckDbChunkWriter writer;
    private int rows;
    private bool chunkIsOpen;

    private DuckDbAppender(AppenderHandle handle, StatementRunner runner, DataChunkHandle chunk, DuckDbType[] columns)
    {
        this.handle = handle;
        this.runner = runner;
        this.chunk = chunk;
        ColumnTypes = columns;
        writer = new DuckDbChunkWriter(columns);
        Reset();
    }

    /// <summary>The types of the table's columns, in order.</summary>
    public IReadOnlyList<DuckDbType> ColumnTypes { get; }

    /// <summary>Adds a row, one value per column, as <see cref="DuckDbChunkWriter.SetValue"/> takes them.</summary>
    /// <exception cref="ArgumentException">More or fewer values than columns.</exception>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    public void AppendRow(params ReadOnlySpan<object?> values)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        ThrowIfChunkIsOpen();
        if (values.Length != ColumnTypes.Count)
        {
            throw new ArgumentException($"The table has {ColumnTypes.Count} columns, and {values.Length} values were given.", nameof(values));
        }

        if (rows == writer.Capacity)
        {
            Append(rows);
        }

        try
        {
            for (int column = 0; column < values.Length; column++)
            {
                writer.SetValue(column, rows, values[column]);
            }
        }
        catch
        {
            // A NULL cannot be taken back from a row, so the rows before the failed one leave this chunk.
            Append(rows);
            throw;
        }

        rows++;
    }

    /// <summary>Gives a chunk to fill; <see cref="EndChunk"/> hands it over.</summary>
    /// <exception cref="DuckDbException">The engine's error on rows appended before.</exception>
    public DuckDbChunkWriter BeginChunk()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        ThrowIfChunkIsOpen();
        Append(rows);
        chunkIsOpen = true;
        return writer;
    }

    /// <summary>Takes the first <paramref name="count"/> rows of the chunk that <see cref="BeginChunk"/> gave.</summary>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    public void EndChunk(int count)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (!chunkIsOpen)
        {
            throw new InvalidOperationException("No chunk has been begun.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, writer.Capacity);
        chunkIsOpen = false;
        Append(count);
    }

    /// <summary>Writes all rows to the table.</summary>
    /// <exception cref="DuckDbException">The engine's error, such as a constraint that does not hold; none of these rows is in the table then.</exception>
    public void Flush()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        ThrowIfChunkIsOpen();
        Append(rows);
        runner.End();
        Check(NativeMethods.AppenderFlush(handle));
    }

    /// <summary>Drops the rows that were not flushed and releases the appender.</summary>
    public void Dispose()
    {
        if (!handle.IsClosed)
        {
            writer.Detach();
            chunk.Dispose();
            _ = NativeMethods.AppenderClear(handle);
            handle.Dispose();
        }
    }

    internal static unsafe DuckDbAppender Create(ConnectionHandle connection, StatementRunner runner, string table, string? schema)
    {
        NativeState state = NativeMethods.AppenderCreate(connection, schema, table, out AppenderHandle handle);
        try
        {
            if (state != NativeState.Success)
            {
                throw ErrorOf(handle);
            }

            DuckDbType[] columns = new DuckDbType[NativeMethods.AppenderColumnCount(handle)];
            for (int i = 0; i < columns.Length; i++)
            {
                columns[i] = LogicalTypes.Take(NativeMethods.AppenderColumnType(handle, (ulong)i));
            }

            return new DuckDbAppender(handle, runner, CreateChunk(columns), columns);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static unsafe DataChunkHandle CreateChunk(DuckDbType[] columns)
    {
        LogicalTypeHandle[] types = [.. columns.Select(LogicalTypes.Create)];
        try
        {
            nint[] pointers = [.. types.Select(type => type.DangerousGetHandle())];
            fixed (nint* first = pointers)
            {
                return new DataChunkHandle(NativeMethods.CreateDataChunk(first, (ulong)columns.Length));
            }
        }
        finally
        {
            foreach (LogicalTypeHandle type in types)
            {
                type.Dispose();
            }
        }
    }

    private void Append(int count)
    {
        rows = 0;
        if (count > 0)
        {
            runner.End();
            NativeMethods.DataChunkSetSize(chunk.DangerousGetHandle(), (ulong)count);
            Check(NativeMethods.AppendDataChunk(handle, chunk));
        }

        Reset();
    }

    private void Reset()
    {
        NativeMethods.DataChunkReset(chunk.DangerousGetHandle());
        writer.Attach(chunk.DangerousGetHandle());
    }

    private void ThrowIfChunkIsOpen()
    {
        if (chunkIsOpen)
        {
            throw new InvalidOperationException("A chunk has been begun; end it first.");
        }
    }

    private void Check(NativeState state)
    {
        if (state != NativeState.Success)
        {
            throw ErrorOf(handle);
        }
    }

    private static DuckDbException ErrorOf(AppenderHandle handle)
    {
        using ErrorDataHandle error = new(NativeMethods.AppenderErrorData(handle));
        return new DuckDbException(
            (DuckDbErrorKind)NativeMethods.ErrorDataErrorType(error),
            NativeMethods.ReadText(NativeMethods.ErrorDataMessage(error)) ?? "DuckDB could not append.");
    }
}
