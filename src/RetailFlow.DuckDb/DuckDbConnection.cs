using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// A connection. Use it from one thread at a time; only <see cref="Interrupt"/> may be called from another. A streaming result
/// ends when the next statement runs, or an appender writes, on its connection.
/// </summary>
public sealed class DuckDbConnection : IDisposable
{
    private readonly ConnectionHandle handle;
    private readonly StatementRunner runner;

    /// <summary>The engine's connection.</summary>
    internal ConnectionHandle Handle => handle;

    internal DuckDbConnection(DuckDbDatabase database, ConnectionHandle handle)
    {
        this.handle = handle;
        Database = database;
        runner = new StatementRunner(handle, database.Tables);
    }

    /// <summary>The database of the connection.</summary>
    public DuckDbDatabase Database { get; }

    /// <summary>Runs a script, or one statement with parameters, to its end.</summary>
    /// <param name="sql">Statements separated by semicolons; exactly one when there are parameters.</param>
    /// <param name="parameters">Values for ?, $1, $2 and so on; an array that is one value must be cast to object.</param>
    /// <returns>The rows that the last statement changed; 0 for a query.</returns>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    /// <exception cref="OperationCanceledException">A token given to <see cref="CancelWith"/> was cancelled.</exception>
    public long Execute(string sql, params ReadOnlySpan<object?> parameters)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        using PreparedStatementHandle statement = runner.PrepareLast(sql, parameters.Length > 0);
        ParameterBinder.BindAll(statement, parameters);
        return runner.Run(statement);
    }

    /// <summary>Runs a script, or one statement with parameters, and streams the rows of the last statement.</summary>
    /// <param name="sql">Statements separated by semicolons; exactly one when there are parameters.</param>
    /// <param name="parameters">Values for ?, $1, $2 and so on; an array that is one value must be cast to object.</param>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    /// <exception cref="OperationCanceledException">A token given to <see cref="CancelWith"/> was cancelled.</exception>
    public DuckDbResult Query(string sql, params ReadOnlySpan<object?> parameters)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        using PreparedStatementHandle statement = runner.PrepareLast(sql, parameters.Length > 0);
        ParameterBinder.BindAll(statement, parameters);
        return runner.Stream(statement);
    }

    /// <summary>The first value of the first row, or null when there is no row.</summary>
    /// <inheritdoc cref="Query"/>
    public object? Scalar(string sql, params ReadOnlySpan<object?> parameters)
    {
        using DuckDbResult result = Query(sql, parameters);
        object? value = result.NextChunk(out DuckDbChunk? chunk) ? chunk.GetValue(0, 0) : null;

        // Most such queries have one row, and reading on to their end is the cheapest way to end them.
        _ = result.NextChunk(out _);
        return value;
    }

    /// <summary>The first value of the first row as <typeparamref name="T"/>; numbers convert when they fit.</summary>
    /// <inheritdoc cref="Query"/>
    /// <exception cref="InvalidCastException">The value is NULL or missing and the type takes no null, or is of another kind.</exception>
    /// <exception cref="OverflowException">The number does not fit.</exception>
    public T Scalar<T>(string sql, params ReadOnlySpan<object?> parameters) => ScalarConversion.To<T>(Scalar(sql, parameters), sql);

    /// <summary>Prepares one statement for several runs.</summary>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    public DuckDbPreparedStatement Prepare(string sql)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        return new DuckDbPreparedStatement(runner.PrepareLast(sql, single: true), runner);
    }

    /// <summary>Opens an appender, the fastest way to put rows into an existing table.</summary>
    /// <param name="table">The name of the table, not quoted.</param>
    /// <param name="schema">Its schema; null for the current one.</param>
    /// <exception cref="DuckDbException">There is no such table.</exception>
    public DuckDbAppender CreateAppender(string table, string? schema = null)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        runner.End();
        return DuckDbAppender.Create(handle, runner, table, schema);
    }

    /// <summary>
    /// Lets a token interrupt what runs on this connection, until the returned object is disposed. What is interrupted fails with
    /// <see cref="OperationCanceledException"/>; a token cancelled beforehand stops the next statement or chunk.
    /// </summary>
    public IDisposable CancelWith(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        return runner.CancelWith(cancellationToken);
    }

    /// <summary>
    /// Interrupts the running statement, which fails with a <see cref="DuckDbException"/> of kind
    /// <see cref="DuckDbErrorKind.Interrupt"/>. Without a running statement nothing happens. Safe from any thread.
    /// </summary>
    public void Interrupt() => runner.Interrupt();

    /// <summary>
    /// Makes <c>name()</c> callable in SQL on every connection of the database; each call reads the source from its beginning. A
    /// name registered before is given the new columns and source; statements prepared earlier keep the old ones. A transaction that
    /// is open when a name is registered for the first time does not see it.
    /// </summary>
    /// <param name="name">The name of the table function.</param>
    /// <param name="columns">The columns that the source fills.</param>
    /// <param name="source">Where the rows come from; it must stay usable until it is replaced or <see cref="UnregisterTable"/> is called.</param>
    /// <exception cref="DuckDbException">The name belongs to a function of the engine.</exception>
    public void RegisterTable(string name, IReadOnlyList<DuckDbColumnDefinition> columns, IChunkSource source)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfZero(columns.Count, nameof(columns));
        Database.Tables.Register(Database, name, columns, source);
    }

    /// <summary>Takes the source of a table function away; a later call of it in SQL fails. Unknown names are ignored.</summary>
    public void UnregisterTable(string name) => Database.Tables.Unregister(name);

    /// <summary>Closes the connection; open results and prepared statements stay valid inside the engine until disposed.</summary>
    public void Dispose()
    {
        runner.Forget();
        handle.Dispose();
    }
}
