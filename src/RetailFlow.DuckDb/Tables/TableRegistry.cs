using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// The managed sources of one database by name, and the first failure of a source per connection. The engine keeps one table
/// function per name for the life of the database; which source it reads is looked up when a statement is bound.
/// </summary>
internal sealed unsafe class TableRegistry
{
    private readonly Lock gate = new();
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, RegisteredTable> tables = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<ulong, Exception> failures = new();

    public void Register(DuckDbDatabase database, string name, IReadOnlyList<DuckDbColumnDefinition> columns, IChunkSource source)
    {
        lock (gate)
        {
            if (!known.Contains(name))
            {
                CreateFunction(database, name);
                known.Add(name);
            }

            tables[name] = new RegisteredTable([.. columns], source);
        }
    }

    public void Unregister(string name) => tables.TryRemove(name, out _);

    public RegisteredTable Find(string name) =>
        tables.TryGetValue(name, out RegisteredTable? table)
            ? table
            : throw new DuckDbException(DuckDbErrorKind.Catalog, $"The table function {name} has no source any more.");

    /// <summary>Keeps what a source threw until the statement that ran into it reports its error; the first one counts.</summary>
    public void Fail(ulong connectionId, Exception exception) => failures.TryAdd(connectionId, exception);

    public void ClearFailure(ulong connectionId) => failures.TryRemove(connectionId, out _);

    public Exception? TakeFailure(ulong connectionId) => failures.TryRemove(connectionId, out Exception? exception) ? exception : null;

    // A connection of its own keeps the function out of the caller's transaction, whose rollback would take it away again.
    private void CreateFunction(DuckDbDatabase database, string name)
    {
        using DuckDbConnection connection = database.Connect();
        if (IsKnownToEngine(connection, name))
        {
            throw new DuckDbException(DuckDbErrorKind.Catalog, $"DuckDB has a table function named {name} of its own.");
        }

        using TableFunctionHandle function = new(NativeMethods.CreateTableFunction());
        NativeMethods.TableFunctionSetName(function, name);
        nint self = GCHandle.ToIntPtr(GCHandle.Alloc(new NamedTable(this, name)));
        NativeMethods.TableFunctionSetExtraInfo(function, self, &TableFunctionCallbacks.Destroy);
        NativeMethods.TableFunctionSetBind(function, &TableFunctionCallbacks.Bind);
        NativeMethods.TableFunctionSetInit(function, &TableFunctionCallbacks.Init);
        NativeMethods.TableFunctionSetLocalInit(function, &TableFunctionCallbacks.LocalInit);
        NativeMethods.TableFunctionSetFunction(function, &TableFunctionCallbacks.Scan);
        if (NativeMethods.RegisterTableFunction(connection.Handle, function) != NativeState.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.Catalog, $"DuckDB does not accept a table function named {name}.");
        }
    }

    // Binding a call of a name that does not exist is the one failure of kind Catalog, and costs far less than listing all functions.
    private static bool IsKnownToEngine(DuckDbConnection connection, string name)
    {
        try
        {
            connection.Prepare($"FROM {DuckDbSql.Identifier(name)}()").Dispose();
            return true;
        }
        catch (DuckDbException error)
        {
            return error.Kind != DuckDbErrorKind.Catalog;
        }
    }
}

/// <summary>What the engine keeps per table function.</summary>
internal sealed record NamedTable(TableRegistry Registry, string Name);

/// <summary>The columns and source of a table function at the moment.</summary>
internal sealed record RegisteredTable(DuckDbColumnDefinition[] Columns, IChunkSource Source);
