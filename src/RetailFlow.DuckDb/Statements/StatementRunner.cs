using System.Runtime.ExceptionServices;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Prepares and runs the statements of one connection, and knows which token may cancel them.</summary>
internal sealed unsafe class StatementRunner
{
    private readonly ConnectionHandle connection;
    private readonly TableRegistry tables;
    private readonly ulong connectionId;
    private CancellationToken cancellation;
    private ResultHandle? open;

    public StatementRunner(ConnectionHandle connection, TableRegistry tables)
    {
        this.connection = connection;
        this.tables = tables;
        NativeMethods.ConnectionGetClientContext(connection, out ClientContextHandle context);
        using (context)
        {
            connectionId = NativeMethods.ClientContextGetConnectionId(context);
        }
    }

    /// <summary>Interrupts the running statement; nothing once the connection is closed.</summary>
    public void Interrupt()
    {
        try
        {
            NativeMethods.Interrupt(connection);
        }
        catch (ObjectDisposedException)
        {
            // Nothing can run on a closed connection.
        }
    }

    /// <summary>Makes a token the one that interrupts this connection.</summary>
    public IDisposable CancelWith(CancellationToken token)
    {
        CancellationToken previous = cancellation;
        cancellation = token;
        CancellationTokenRegistration registration = token.UnsafeRegister(static runner => ((StatementRunner)runner!).Interrupt(), this);
        return new CancellationScope(this, registration, previous);
    }

    /// <summary>Runs all statements of a script but the last, and prepares the last one.</summary>
    /// <param name="sql">The script.</param>
    /// <param name="single">Whether more than one statement is an error.</param>
    public PreparedStatementHandle PrepareLast(string sql, bool single)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        ulong count = NativeMethods.ExtractStatements(connection, sql, out ExtractedStatementsHandle statements);
        using (statements)
        {
            if (NativeMethods.ReadText(NativeMethods.ExtractStatementsError(statements)) is { } error)
            {
                throw new DuckDbException(error);
            }

            if (count == 0)
            {
                throw new DuckDbException(DuckDbErrorKind.InvalidInput, "The SQL text holds no statement.");
            }

            if (single && count > 1)
            {
                throw new DuckDbException(DuckDbErrorKind.InvalidInput, "A text with parameters, or to prepare, must hold exactly one statement.");
            }

            for (ulong index = 0; index < count - 1; index++)
            {
                using PreparedStatementHandle statement = Prepare(statements, index);
                Run(statement);
            }

            return Prepare(statements, count - 1);
        }
    }

    /// <summary>Starts a statement; its rows stream.</summary>
    public ResultHandle Start(PreparedStatementHandle statement)
    {
        tables.ClearFailure(connectionId);
        open = null;
        NativeState state = NativeMethods.PendingPreparedStreaming(statement, out PendingResultHandle pending);
        using (pending)
        {
            if (state != NativeState.Success)
            {
                throw Failure(new DuckDbException(NativeMethods.ReadText(NativeMethods.PendingError(pending)) ?? "DuckDB could not start the statement."));
            }

            // Making the pending result clears an earlier interrupt, so a token is only safe to check from here on.
            if (cancellation.IsCancellationRequested)
            {
                EndRunning();
                throw new OperationCanceledException(cancellation);
            }

            ResultHandle result = new();
            if (NativeMethods.ExecutePending(pending, result.Pointer) != NativeState.Success)
            {
                using (result)
                {
                    throw Failure(ErrorOf(result) ?? new DuckDbException(DuckDbErrorKind.Unknown, "DuckDB could not run the statement."));
                }
            }

            open = result;
            return result;
        }
    }

    /// <summary>
    /// Ends the statement of a result that may not have been read to its end. Without this its transaction stays open until the next
    /// statement undoes it, and takes along what an appender or a registration adds meanwhile.
    /// </summary>
    /// <param name="result">The result; null for whichever is open.</param>
    public void End(ResultHandle? result = null)
    {
        if (open is null || (result is not null && !ReferenceEquals(open, result)))
        {
            return;
        }

        open = null;
        EndRunning();
    }

    /// <summary>Starts a statement and wraps its result.</summary>
    public DuckDbResult Stream(PreparedStatementHandle statement)
    {
        ResultHandle result = Start(statement);
        try
        {
            return new DuckDbResult(result, this);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Runs a statement to its end.</summary>
    /// <returns>The rows changed, or 0.</returns>
    public long Run(PreparedStatementHandle statement)
    {
        using ResultHandle result = Start(statement);
        try
        {
            bool countsRows = NativeMethods.ResultReturnType(*result.Pointer) == NativeReturnType.ChangedRows;
            long changed = 0;
            while (Fetch(result) is { } chunk)
            {
                using (chunk)
                {
                    nint pointer = chunk.DangerousGetHandle();
                    if (countsRows && NativeMethods.DataChunkGetSize(pointer) > 0)
                    {
                        changed = *(long*)NativeMethods.VectorGetData(NativeMethods.DataChunkGetVector(pointer, 0));
                    }
                }
            }

            return changed;
        }
        finally
        {
            End(result);
        }
    }

    /// <summary>The next chunk, or null at the end.</summary>
    public DataChunkHandle? Fetch(ResultHandle result)
    {
        cancellation.ThrowIfCancellationRequested();
        nint chunk = NativeMethods.FetchChunk(*result.Pointer);
        if (chunk != 0)
        {
            return new DataChunkHandle(chunk);
        }

        if (ReferenceEquals(open, result))
        {
            open = null;
        }

        return ErrorOf(result) is { } error ? throw Failure(error) : null;
    }

    /// <summary>Drops what is kept for a connection that closes.</summary>
    public void Forget() => tables.ClearFailure(connectionId);

    private PreparedStatementHandle Prepare(ExtractedStatementsHandle statements, ulong index)
    {
        cancellation.ThrowIfCancellationRequested();
        tables.ClearFailure(connectionId);
        if (NativeMethods.PrepareExtractedStatement(connection, statements, index, out PreparedStatementHandle statement) == NativeState.Success)
        {
            return statement;
        }

        using (statement)
        {
            throw Failure(new DuckDbException(NativeMethods.ReadText(NativeMethods.PrepareError(statement)) ?? "DuckDB could not prepare the statement."));
        }
    }

    private void EndRunning()
    {
        if (!connection.IsClosed)
        {
            // Preparing ends the running statement, and an empty text does nothing beyond that.
            _ = NativeMethods.Prepare(connection, "", out PreparedStatementHandle nothing);
            nothing.Dispose();
        }
    }

    private static DuckDbException? ErrorOf(ResultHandle result) =>
        NativeMethods.ReadText(NativeMethods.ResultError(result.Pointer)) is { } message
            ? new DuckDbException((DuckDbErrorKind)NativeMethods.ResultErrorType(result.Pointer), message)
            : null;

    /// <summary>What the caller sees of an engine error: the exception of a managed source when one caused it, or the cancellation.</summary>
    private Exception Failure(DuckDbException error)
    {
        if (tables.TakeFailure(connectionId) is { } source)
        {
            ExceptionDispatchInfo.Throw(source);
        }

        return error.Kind == DuckDbErrorKind.Interrupt && cancellation.IsCancellationRequested
            ? new OperationCanceledException(error.Message, error, cancellation)
            : error;
    }

    private sealed class CancellationScope(StatementRunner runner, CancellationTokenRegistration registration, CancellationToken previous) : IDisposable
    {
        private bool disposed;

        public void Dispose()
        {
            if (!disposed)
            {
                disposed = true;
                registration.Dispose();
                runner.cancellation = previous;
            }
        }
    }
}
