namespace RetailFlow.DuckDb.Tests;

public sealed class StatementTests : IDisposable
{
    private readonly DuckDbDatabase database = DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 2 });
    private readonly DuckDbConnection connection;

    public StatementTests() => connection = database.Connect();

    public void Dispose()
    {
        connection.Dispose();
        database.Dispose();
    }

    [Fact]
    public void Library_version_is_the_one_the_binding_is_written_for() => Assert.Equal("v1.5.6", DuckDbDatabase.LibraryVersion);

    [Fact]
    public void A_script_runs_every_statement_and_returns_the_changes_of_the_last()
    {
        long changed = connection.Execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); INSERT INTO t SELECT range FROM range(5)");

        Assert.Equal(5, changed);
        Assert.Equal(7L, connection.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(3, connection.Execute("DELETE FROM t WHERE a > 1 AND a < 4"));
    }
}
