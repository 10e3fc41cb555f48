namespace RetailFlow.DuckDb.Tests;

public sealed class StreamingTests : DuckDbTest
{
    [Fact]
    public void Fifty_million_rows_stream_through_a_database_that_could_not_hold_them()
    {
        // 50 million rows of 8 bytes are 400 MB; a materialized result would not fit in 100 MB, and nothing may go to disk.
        using DuckDbDatabase small = DuckDbDatabase.Open(options: new DuckDbOptions
        {
            Threads = 2,
            MemoryLimitBytes = 100_000_000,
            TempDirectory = "",
        });
        using DuckDbConnection connection = small.Connect();
        using DuckDbResult result = connection.Query("SELECT i FROM range(50000000) t(i)");

        long rows = 0;
        long sum = 0;
        while (result.NextChunk(out DuckDbChunk? chunk))
        {
            foreach (long value in chunk.Column<long>(0))
            {
                sum += value;
            }

            rows += chunk.RowCount;
        }

        Assert.Equal(50_000_000, rows);
        Assert.Equal(1_249_999_975_000_000, sum);
    }

    [Fact]
    public void A_result_that_is_not_read_to_its_end_lets_the_connection_go_on()
    {
        using (DuckDbResult result = Connection.Query("SELECT i FROM range(50000000) t(i)"))
        {
            Assert.True(result.NextChunk(out _));
        }

        Assert.Equal(1, Connection.Scalar("SELECT 1"));
    }

    [Fact]
    public void The_next_statement_ends_an_open_result()
    {
        using DuckDbResult result = Connection.Query("SELECT i FROM range(50000000) t(i)");
        Assert.True(result.NextChunk(out _));
        Connection.Execute("SELECT 1");

        DuckDbException error = Assert.Throws<DuckDbException>(() => result.NextChunk(out _));

        Assert.Contains("closed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_abandoned_stream_does_not_take_along_what_an_appender_writes()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT)");
        using DuckDbResult result = Connection.Query("SELECT i FROM range(50000000) t(i)");
        Assert.True(result.NextChunk(out _));
        using (DuckDbAppender appender = Connection.CreateAppender("t"))
        {
            appender.AppendRow(1);
            appender.Flush();
        }

        Assert.Throws<DuckDbException>(() => result.NextChunk(out _));
        Assert.Equal(1L, Connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_stream_ended_early_leaves_its_transaction_as_it_was()
    {
        Connection.Execute("BEGIN; CREATE TABLE t AS SELECT 1 AS n");
        using (DuckDbResult result = Connection.Query("SELECT i FROM range(50000000) t(i)"))
        {
            Assert.True(result.NextChunk(out _));
        }

        Connection.Execute("COMMIT");

        Assert.Equal(1, Connection.Scalar("SELECT n FROM t"));
    }

    [Fact]
    public void Disposing_an_old_result_leaves_the_newer_one_open()
    {
        DuckDbResult old = Connection.Query("SELECT i FROM range(50000000) t(i)");
        Assert.True(old.NextChunk(out _));
        using DuckDbResult current = Connection.Query("SELECT i FROM range(1000000) t(i)");
        Assert.True(current.NextChunk(out DuckDbChunk? chunk));
        int rows = chunk.RowCount;
        old.Dispose();
        while (current.NextChunk(out chunk))
        {
            rows += chunk.RowCount;
        }

        Assert.Equal(1_000_000, rows);
    }

    [Fact]
    public void A_query_without_rows_has_columns_and_no_chunk()
    {
        using DuckDbResult result = Connection.Query("SELECT 1 AS a, 'x' AS b WHERE false");

        Assert.Equal([new DuckDbColumnDefinition("a", DuckDbType.Integer), new DuckDbColumnDefinition("b", DuckDbType.Varchar)], result.Columns);
        Assert.False(result.NextChunk(out DuckDbChunk? chunk));
        Assert.Null(chunk);
        Assert.False(result.NextChunk(out _));
    }

    [Fact]
    public void A_chunk_that_has_been_released_has_no_rows()
    {
        using DuckDbResult result = Connection.Query("SELECT 1");
        Assert.True(result.NextChunk(out DuckDbChunk? chunk));
        Assert.False(result.NextChunk(out _));

        Assert.Equal(0, chunk.RowCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk.GetValue(0, 0));
    }
}
