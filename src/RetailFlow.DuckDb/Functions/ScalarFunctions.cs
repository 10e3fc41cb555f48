using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>Managed predicates as scalar functions of the engine, and what it calls to evaluate them.</summary>
internal static unsafe class ScalarFunctions
{
    // A connection of its own keeps the function out of the caller's transaction, whose rollback would take it away again.
    public static void Register(DuckDbDatabase database, string name, IReadOnlyList<DuckDbType> parameters, DuckDbPredicate predicate)
    {
        using DuckDbConnection connection = database.Connect();
        if (IsKnownToEngine(connection, name, parameters))
        {
            throw new DuckDbException(DuckDbErrorKind.Catalog, $"DuckDB has a function named {name} already.");
        }

        using ScalarFunctionHandle function = new(NativeMethods.CreateScalarFunction());
        NativeMethods.ScalarFunctionSetName(function, name);
        foreach (DuckDbType parameter in parameters)
        {
            using LogicalTypeHandle type = LogicalTypes.Create(parameter);
            NativeMethods.ScalarFunctionAddParameter(function, type);
        }

        using (LogicalTypeHandle boolean = LogicalTypes.Create(DuckDbType.Boolean))
        {
            NativeMethods.ScalarFunctionSetReturnType(function, boolean);
        }

        nint self = GCHandle.ToIntPtr(GCHandle.Alloc(new RegisteredPredicate(
            [.. parameters.Select((type, i) => new DuckDbColumnDefinition($"argument {i}", type))], predicate)));
        NativeMethods.ScalarFunctionSetExtraInfo(function, self, &Destroy);
        NativeMethods.ScalarFunctionSetFunction(function, &Evaluate);
        if (NativeMethods.RegisterScalarFunction(connection.Handle, function) != NativeState.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.Catalog, $"DuckDB does not accept a function named {name}.");
        }
    }

    // Binding a call of a name that does not exist is the one failure of kind Catalog, and costs far less than listing all functions.
    private static bool IsKnownToEngine(DuckDbConnection connection, string name, IReadOnlyList<DuckDbType> parameters)
    {
        try
        {
            connection.Prepare($"SELECT {DuckDbSql.Identifier(name)}({string.Join(", ", parameters.Select(type => $"CAST(NULL AS {type})"))})").Dispose();
            return true;
        }
        catch (DuckDbException error)
        {
            return error.Kind != DuckDbErrorKind.Catalog;
        }
    }

    // No exception may cross the engine's frames.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Evaluate(nint info, nint input, nint output)
    {
        try
        {
            RegisteredPredicate registered = (RegisteredPredicate)GCHandle.FromIntPtr(NativeMethods.ScalarFunctionGetExtraInfo(info)).Target!;
            int rows = (int)NativeMethods.DataChunkGetSize(input);
            registered.Evaluate(input, rows, new Span<bool>(NativeMethods.VectorGetData(output), rows));
        }
        catch (Exception exception)
        {
            NativeMethods.ScalarFunctionSetError(info, exception.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(nint data) => GCHandle.FromIntPtr(data).Free();
}

/// <summary>What the engine keeps per predicate.</summary>
internal sealed class RegisteredPredicate(DuckDbColumnDefinition[] parameters, DuckDbPredicate predicate)
{
    // A chunk serves one thread at a time; engine threads come and go.
    private readonly System.Collections.Concurrent.ConcurrentBag<DuckDbChunk> chunks = [];

    public void Evaluate(nint input, int rows, Span<bool> result)
    {
        DuckDbChunk chunk = chunks.TryTake(out DuckDbChunk? free) ? free : new DuckDbChunk(parameters);
        try
        {
            chunk.Attach(input, rows);
            predicate(chunk, result);
        }
        finally
        {
            chunk.Detach();
            chunks.Add(chunk);
        }
    }
}
