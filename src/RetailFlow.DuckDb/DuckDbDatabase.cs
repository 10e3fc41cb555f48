using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// A DuckDB database inside this process. Connections of one database share its tables, its settings and the sources registered
/// with <see cref="DuckDbConnection.RegisterTable"/>. Safe to use from several threads.
/// </summary>
public sealed class DuckDbDatabase : IDisposable
{
    private readonly DatabaseHandle handle;

    private DuckDbDatabase(DatabaseHandle handle) => this.handle = handle;

    /// <summary>The version of the engine, such as v1.5.6.</summary>
    public static string LibraryVersion => NativeMethods.ReadText(NativeMethods.LibraryVersion()) ?? "";

    /// <summary>The table functions of this database whose rows come from managed code.</summary>
    internal TableRegistry Tables { get; } = new();

    /// <summary>
    /// Opens a database. Its time zone is UTC, so that conversions between TIMESTAMP and TIMESTAMP WITH TIME ZONE do not depend on
    /// the machine.
    /// </summary>
    /// <param name="path">A database file, created when missing; null for a database in memory.</param>
    /// <param name="options">Limits and settings.</param>
    /// <exception cref="DuckDbException">The file cannot be opened or a setting is wrong.</exception>
    /// <exception cref="DllNotFoundException">The DuckDB library is not beside the program.</exception>
    public static DuckDbDatabase Open(string? path = null, DuckDbOptions? options = null)
    {
        if (NativeMethods.CreateConfig(out ConfigHandle config) != NativeState.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.OutOfMemory, "DuckDB could not create a configuration.");
        }

        using (config)
        {
            foreach ((string name, string value) in (options ?? new DuckDbOptions()).ToSettings())
            {
                if (NativeMethods.SetConfig(config, name, value) != NativeState.Success)
                {
                    throw new DuckDbException(DuckDbErrorKind.Settings, $"DuckDB refuses the setting {name} = {value}.");
                }
            }

            NativeState state = NativeMethods.OpenExt(path, out DatabaseHandle handle, config, out nint error);
            string? message = NativeMethods.TakeText(error);
            if (state != NativeState.Success)
            {
                handle.Dispose();
                throw new DuckDbException(message ?? $"DuckDB could not open {path ?? "a database in memory"}.");
            }

            DuckDbDatabase database = new(handle);
            try
            {
                using DuckDbConnection connection = database.Connect();
                connection.Execute("SET GLOBAL TimeZone = 'UTC'");
                return database;
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
    }

    /// <summary>Opens a connection: one transaction and one running statement at a time.</summary>
    /// <exception cref="DuckDbException">The engine refuses.</exception>
    public DuckDbConnection Connect()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (NativeMethods.Connect(handle, out ConnectionHandle connection) != NativeState.Success)
        {
            connection.Dispose();
            throw new DuckDbException(DuckDbErrorKind.Connection, "DuckDB could not open a connection.");
        }

        return new DuckDbConnection(this, connection);
    }

    /// <summary>
    /// Makes <c>name(...)</c> callable in SQL on every connection of the database, for the life of the database: a condition on rows
    /// that managed code decides, a chunk of rows at a time. A transaction that is open at the time does not see it.
    /// </summary>
    /// <param name="name">The name of the function; none of the engine's and none given before.</param>
    /// <param name="parameters">Types of its arguments. A call with a constant NULL is NULL and does not reach the predicate.</param>
    /// <param name="predicate">
    /// Decides; the same for the same arguments. The engine calls it from several threads at once, and for rows that other conditions
    /// leave out too. What it throws ends the statement with a <see cref="DuckDbException"/> that has its message.
    /// </param>
    /// <exception cref="DuckDbException">The engine refuses the name.</exception>
    public void RegisterPredicate(string name, IReadOnlyList<DuckDbType> parameters, DuckDbPredicate predicate)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfZero(parameters.Count, nameof(parameters));
        ScalarFunctions.Register(this, name, parameters, predicate);
    }

    /// <summary>Closes the database; it stays alive inside the engine until its connections and results are closed too.</summary>
    public void Dispose() => handle.Dispose();
}
