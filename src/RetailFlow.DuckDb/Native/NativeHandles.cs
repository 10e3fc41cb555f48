using System.Runtime.InteropServices;

namespace RetailFlow.DuckDb.Native;

/// <summary>Owns one object of the engine that is released through a pointer to its handle.</summary>
internal abstract class DuckDbHandle() : SafeHandle(0, ownsHandle: true)
{
    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;
}

/// <summary><c>duckdb_database</c>.</summary>
internal sealed class DatabaseHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.Close(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_connection</c>.</summary>
internal sealed class ConnectionHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.Disconnect(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_config</c>.</summary>
internal sealed class ConfigHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyConfig(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_client_context</c>.</summary>
internal sealed class ClientContextHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyClientContext(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_extracted_statements</c>.</summary>
internal sealed class ExtractedStatementsHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyExtracted(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_prepared_statement</c>.</summary>
internal sealed class PreparedStatementHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyPrepare(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_pending_result</c>.</summary>
internal sealed class PendingResultHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyPending(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_result</c>, kept in unmanaged memory so that its address never changes.</summary>
internal sealed unsafe class ResultHandle : DuckDbHandle
{
    public ResultHandle() => SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(NativeResult)));

    /// <summary>The structure; valid until the handle is released.</summary>
    public NativeResult* Pointer => (NativeResult*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyResult((NativeResult*)handle);
        NativeMemory.Free((void*)handle);
        return true;
    }
}

/// <summary><c>duckdb_data_chunk</c>.</summary>
internal sealed class DataChunkHandle : DuckDbHandle
{
    /// <summary>Takes over a chunk; 0 gives an invalid handle.</summary>
    public DataChunkHandle(nint chunk) => SetHandle(chunk);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyDataChunk(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_logical_type</c>.</summary>
internal sealed class LogicalTypeHandle : DuckDbHandle
{
    /// <summary>Takes over a logical type.</summary>
    public LogicalTypeHandle(nint type) => SetHandle(type);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyLogicalType(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_value</c>.</summary>
internal sealed class ValueHandle : DuckDbHandle
{
    /// <summary>Takes over a value.</summary>
    public ValueHandle(nint value) => SetHandle(value);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyValue(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_table_function</c>.</summary>
internal sealed class TableFunctionHandle : DuckDbHandle
{
    /// <summary>Takes over a table function.</summary>
    public TableFunctionHandle(nint function) => SetHandle(function);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyTableFunction(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_scalar_function</c>.</summary>
internal sealed class ScalarFunctionHandle : DuckDbHandle
{
    /// <summary>Takes over a scalar function.</summary>
    public ScalarFunctionHandle(nint function) => SetHandle(function);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyScalarFunction(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_appender</c>; releasing it flushes what is left and ignores the outcome, so close it first.</summary>
internal sealed class AppenderHandle : DuckDbHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.AppenderDestroy(ref handle);
        return true;
    }
}

/// <summary><c>duckdb_error_data</c>.</summary>
internal sealed class ErrorDataHandle : DuckDbHandle
{
    /// <summary>Takes over error data.</summary>
    public ErrorDataHandle(nint error) => SetHandle(error);

    protected override bool ReleaseHandle()
    {
        NativeMethods.DestroyErrorData(ref handle);
        return true;
    }
}
