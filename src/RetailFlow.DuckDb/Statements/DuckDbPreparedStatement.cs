using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>A statement prepared once and run many times. Bindings stay until they are replaced or cleared.</summary>
public sealed class DuckDbPreparedStatement : IDisposable
{
    private readonly PreparedStatementHandle handle;
    private readonly StatementRunner runner;

    internal DuckDbPreparedStatement(PreparedStatementHandle handle, StatementRunner runner)
    {
        this.handle = handle;
        this.runner = runner;
    }

    /// <summary>How many parameters the statement has.</summary>
    public int ParameterCount => checked((int)NativeMethods.ParameterCount(handle));

    /// <summary>Binds a parameter by its position, counted from 1.</summary>
    /// <exception cref="DuckDbException">There is no such parameter.</exception>
    /// <exception cref="NotSupportedException">A value of a type that has no DuckDB type.</exception>
    public DuckDbPreparedStatement Bind(int position, object? value)
    {
        ParameterBinder.Bind(handle, position, value);
        return this;
    }

    /// <summary>Binds a parameter by its name, without the dollar sign.</summary>
    /// <inheritdoc cref="Bind(int, object)"/>
    public DuckDbPreparedStatement Bind(string name, object? value)
    {
        if (NativeMethods.BindParameterIndex(handle, out ulong index, name) != NativeState.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.InvalidInput, $"The statement has no parameter ${name}.");
        }

        return Bind(checked((int)index), value);
    }

    /// <summary>Takes all bindings away.</summary>
    public void ClearBindings() => _ = NativeMethods.ClearBindings(handle);

    /// <summary>Runs the statement to its end, after binding these parameters when any are given.</summary>
    /// <returns>The rows changed; 0 for a query.</returns>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    /// <exception cref="OperationCanceledException">A token of the connection was cancelled.</exception>
    public long Execute(params ReadOnlySpan<object?> parameters)
    {
        BindGiven(parameters);
        return runner.Run(handle);
    }

    /// <summary>Runs the statement and streams its rows, after binding these parameters when any are given.</summary>
    /// <exception cref="DuckDbException">The engine's error.</exception>
    /// <exception cref="OperationCanceledException">A token of the connection was cancelled.</exception>
    public DuckDbResult Query(params ReadOnlySpan<object?> parameters)
    {
        BindGiven(parameters);
        return runner.Stream(handle);
    }

    /// <summary>Releases the statement.</summary>
    public void Dispose() => handle.Dispose();

    private void BindGiven(ReadOnlySpan<object?> parameters)
    {
        if (parameters.Length > 0)
        {
            ParameterBinder.BindAll(handle, parameters);
        }
    }
}
