namespace RetailFlow.DuckDb.Tests;

/// <summary>A database in memory with two threads and a connection to it.</summary>
public abstract class DuckDbTest : IDisposable
{
    protected DuckDbTest()
    {
        Database = DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 2 });
        Connection = Database.Connect();
    }

    protected DuckDbDatabase Database { get; }

    protected DuckDbConnection Connection { get; }

    public virtual void Dispose()
    {
        Connection.Dispose();
        Database.Dispose();
        GC.SuppressFinalize(this);
    }
}
