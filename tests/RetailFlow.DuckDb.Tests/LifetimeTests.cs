namespace RetailFlow.DuckDb.Tests;

public sealed class LifetimeTests
{
    [Fact]
    public void Objects_may_be_disposed_in_any_order_and_twice()
    {
        // Every order of the five objects, each with rows still to be read.
        foreach (int[] order in Permutations([0, 1, 2, 3, 4]))
        {
            DuckDbDatabase database = DuckDbDatabase.Open();
            DuckDbConnection connection = database.Connect();
            connection.Execute("CREATE TABLE t (a BIGINT)");
            DuckDbAppender appender = connection.CreateAppender("t");
            appender.AppendRow(1);
            DuckDbPreparedStatement statement = connection.Prepare("SELECT i FROM range(1000000) t(i)");
            DuckDbResult result = statement.Query();
            Assert.True(result.NextChunk(out _));

            IDisposable[] objects = [database, connection, statement, result, appender];
            foreach (int index in order)
            {
                objects[index].Dispose();
                objects[index].Dispose();
            }
        }
    }

    [Fact]
    public void A_disposed_object_says_so()
    {
        DuckDbDatabase database = DuckDbDatabase.Open();
        DuckDbConnection connection = database.Connect();
        DuckDbPreparedStatement statement = connection.Prepare("SELECT 1");
        DuckDbResult result = statement.Query();
        result.Dispose();
        statement.Dispose();
        connection.Dispose();
        database.Dispose();

        Assert.Throws<ObjectDisposedException>(() => result.NextChunk(out _));
        Assert.Throws<ObjectDisposedException>(() => statement.Query());
        Assert.Throws<ObjectDisposedException>(() => connection.Execute("SELECT 1"));
        Assert.Throws<ObjectDisposedException>(() => connection.CreateAppender("t"));
        Assert.Throws<ObjectDisposedException>(database.Connect);
    }

    [Fact]
    public void Two_connections_work_in_two_threads()
    {
        using DuckDbDatabase database = DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 2 });
        using (DuckDbConnection setup = database.Connect())
        {
            setup.Execute("CREATE TABLE t (worker INTEGER, n INTEGER)");
        }

        Parallel.For(0, 2, worker =>
        {
            using DuckDbConnection connection = database.Connect();
            using DuckDbPreparedStatement insert = connection.Prepare("INSERT INTO t SELECT $1, i FROM range(100) r(i)");
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(100, insert.Execute(worker));
                Assert.Equal((i + 1) * 100L, connection.Scalar("SELECT count(*) FROM t WHERE worker = $1", worker));
            }
        });

        using DuckDbConnection check = database.Connect();
        Assert.Equal(4000L, check.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Objects_that_nobody_disposed_are_collected_without_harm()
    {
        for (int i = 0; i < 20; i++)
        {
            Abandon();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        using DuckDbDatabase database = DuckDbDatabase.Open();
        using DuckDbConnection connection = database.Connect();
        Assert.Equal(1, connection.Scalar("SELECT 1"));
    }

    private static void Abandon()
    {
        DuckDbDatabase database = DuckDbDatabase.Open();
        DuckDbConnection connection = database.Connect();
        connection.RegisterTable("numbers", NumberSource.Columns, new NumberSource(10_000));
        DuckDbResult result = connection.Query("SELECT n FROM numbers()");
        Assert.True(result.NextChunk(out _));
    }

    private static IEnumerable<int[]> Permutations(int[] items) =>
        items.Length <= 1
            ? [items]
            : items.SelectMany(item => Permutations([.. items.Where(other => other != item)]).Select(rest => (int[])[item, .. rest]));
}
