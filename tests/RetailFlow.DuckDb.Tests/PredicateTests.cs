namespace RetailFlow.DuckDb.Tests;

public sealed class PredicateTests : DuckDbTest
{
    [Fact]
    public void A_predicate_decides_a_million_rows_on_two_threads()
    {
        long calls = 0;
        Database.RegisterPredicate("odd_in", [DuckDbType.BigInt, DuckDbType.Varchar], (rows, result) =>
        {
            Interlocked.Increment(ref calls);
            var numbers = rows.Column<long>(0);
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = (numbers[i] & 1) == 1 && rows.GetUtf8(1, i).EndsWith("7"u8);
            }
        });
        Connection.Execute("CREATE TABLE t AS SELECT range AS n, range::varchar AS s FROM range(1000000)");

        Assert.Equal(100_000L, Connection.Scalar("SELECT count(*) FROM t WHERE odd_in(n, s)"));
        Assert.True(calls >= 1_000_000 / 2048);
    }

    [Fact]
    public void Constants_dictionaries_and_other_conditions_reach_the_predicate_as_plain_columns()
    {
        Database.RegisterPredicate("pair", [DuckDbType.BigInt, DuckDbType.BigInt], (rows, result) =>
        {
            var a = rows.Column<long>(0);
            var b = rows.Column<long>(1);
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = a[i] == 3 && b[i] % 10 == 3;
            }
        });

        Assert.Equal(50L, Connection.Scalar("SELECT count(*) FROM range(1000) t(n) WHERE n % 2 = 1 AND n < 500 AND pair(3, n)"));
        Assert.Equal(true, Connection.Scalar("SELECT pair(3, 13)"));
        Assert.Null(Connection.Scalar("SELECT pair(3, NULL)"));
        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM (SELECT 1 WHERE false) t(n) WHERE pair(3, n)"));
    }

    [Fact]
    public void What_a_predicate_throws_ends_the_statement_with_its_message_and_the_connection_goes_on()
    {
        Database.RegisterPredicate("fails", [DuckDbType.BigInt], (_, _) => throw new InvalidDataException("row 3000 is broken"));

        var error = Assert.Throws<DuckDbException>(() => Connection.Scalar("SELECT count(*) FROM range(10000) t(n) WHERE fails(n)"));

        Assert.Contains("row 3000 is broken", error.Message, StringComparison.Ordinal);
        Assert.Equal(1L, Connection.Scalar("SELECT 1::bigint"));
    }

    [Fact]
    public void A_name_that_exists_is_refused()
    {
        Assert.Equal(DuckDbErrorKind.Catalog, Assert.Throws<DuckDbException>(() => Database.RegisterPredicate("ABS", [DuckDbType.BigInt], (_, _) => { })).Kind);
        Database.RegisterPredicate("mine", [DuckDbType.BigInt], (_, _) => { });
        Assert.Equal(DuckDbErrorKind.Catalog, Assert.Throws<DuckDbException>(() => Database.RegisterPredicate("mine", [DuckDbType.BigInt], (_, _) => { })).Kind);
    }

    [Fact]
    public void A_predicate_lives_as_long_as_its_database_and_not_longer()
    {
        var (weak, database) = Registered();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(weak.IsAlive);
        database.Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(weak.IsAlive);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static (WeakReference Weak, DuckDbDatabase Database) Registered()
    {
        var database = DuckDbDatabase.Open();
        var held = new int[100];
        database.RegisterPredicate("held", [DuckDbType.BigInt], (_, result) => result.Fill(held.Length == 100));
        return (new WeakReference(held), database);
    }
}
