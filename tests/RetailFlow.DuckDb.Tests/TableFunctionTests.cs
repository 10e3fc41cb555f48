using System.Text;

namespace RetailFlow.DuckDb.Tests;

public sealed class TableFunctionTests : DuckDbTest
{
    [Fact]
    public void A_source_of_a_million_rows_is_read_by_two_threads_with_exact_sums()
    {
        NumberSource source = new(1_000_000) { MaxThreads = 2 };
        Connection.RegisterTable("numbers", NumberSource.Columns, source);

        object?[] row = Assert.Single(Connection.Query("SELECT count(*), sum(n), count(DISTINCT label), min(length(label)), max(length(label)), count(maybe), sum(maybe) FROM numbers()").ToList());

        Assert.Equal([1_000_000L, (Int128)499_999_500_000L, 1_000_000L, 1L, 19L, 333_334L, (Int128)166_666_833_333L], row);
        Assert.InRange(source.ReadersOpened, 1, 2);
        Assert.Equal(source.ReadersOpened, source.ReadersClosed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_copy_reads_a_source_in_parallel_only_when_order_does_not_matter(bool preserveOrder)
    {
        using DuckDbDatabase database = DuckDbDatabase.Open(options: new DuckDbOptions { Threads = 2, PreserveInsertionOrder = preserveOrder });
        using DuckDbConnection connection = database.Connect();
        using CountdownEvent allOpen = new(preserveOrder ? 1 : 2);
        NumberSource source = new(1_000_000) { MaxThreads = 2, AllOpen = allOpen };
        connection.RegisterTable("numbers", NumberSource.Columns, source);

        connection.Execute("CREATE TABLE t AS SELECT n FROM numbers()");

        Assert.Equal(preserveOrder ? 1 : 2, source.ReadersOpened);
        Assert.Equal([1_000_000L, (Int128)499_999_500_000L], connection.Query("SELECT count(*), sum(n) FROM t").ToList()[0]);
    }

    [Fact]
    public void A_source_is_read_again_by_every_statement_and_every_connection()
    {
        Connection.RegisterTable("numbers", NumberSource.Columns, new NumberSource(5000));
        using DuckDbConnection other = Database.Connect();

        Assert.Equal(5000L, Connection.Scalar("SELECT count(*) FROM numbers()"));
        Assert.Equal(5000L, other.Scalar("SELECT count(DISTINCT n) FROM numbers()"));
        Assert.Equal(5000L, Connection.Scalar("SELECT count(*) FROM numbers() a JOIN numbers() b ON a.n = b.n"));
    }

    [Fact]
    public void Registering_a_name_again_replaces_columns_and_source()
    {
        Connection.RegisterTable("t", NumberSource.Columns, new NumberSource(10));
        using DuckDbPreparedStatement before = Connection.Prepare("SELECT count(*) FROM t()");
        Connection.RegisterTable("T", [new("other", DuckDbType.Varchar)], new RowSource(["x"], ["y"]));

        Assert.Equal([["x"], ["y"]], Connection.Query("SELECT other FROM t()").ToList());
        Assert.Equal(10L, before.Query().ToList()[0][0]);
    }

    [Fact]
    public void An_unregistered_source_is_an_error()
    {
        Connection.RegisterTable("t", NumberSource.Columns, new NumberSource(10));
        Connection.UnregisterTable("t");

        DuckDbException error = Assert.Throws<DuckDbException>(() => Connection.Query("FROM t()"));

        Assert.Equal(DuckDbErrorKind.Catalog, error.Kind);
        Assert.Equal("The table function t has no source any more.", error.Message);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("duckdb_tables")]
    public void A_name_of_the_engine_is_refused(string name)
    {
        DuckDbException error = Assert.Throws<DuckDbException>(() => Connection.RegisterTable(name, NumberSource.Columns, new NumberSource(10)));

        Assert.Equal(DuckDbErrorKind.Catalog, error.Kind);
        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM duckdb_tables()"));
    }

    [Fact]
    public void A_source_registered_while_a_transaction_is_open_outlives_its_rollback()
    {
        Connection.Execute("BEGIN; CREATE TABLE x AS SELECT count(*) FROM range(3)");
        Connection.RegisterTable("numbers", NumberSource.Columns, new NumberSource(10));
        Connection.Execute("ROLLBACK");

        Assert.Equal(10L, Connection.Scalar("SELECT count(*) FROM numbers()"));
    }

    [Fact]
    public void What_a_reader_throws_reaches_the_caller_and_the_connection_goes_on()
    {
        InvalidDataException thrown = new("row 3000 is broken");
        Connection.RegisterTable("numbers", NumberSource.Columns, new NumberSource(1_000_000) { MaxThreads = 2, FailAt = 3000, Failure = thrown });

        Assert.Same(thrown, Assert.Throws<InvalidDataException>(() => Connection.Execute("CREATE TABLE t AS FROM numbers()")));
        Assert.Same(thrown, Assert.Throws<InvalidDataException>(() => Connection.Query("SELECT n FROM numbers()").ToList()));
        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM duckdb_tables()"));
    }

    [Fact]
    public void What_opening_a_reader_throws_reaches_the_caller()
    {
        InvalidDataException thrown = new("cannot open");
        Connection.RegisterTable("numbers", NumberSource.Columns, new NumberSource(10) { OpenFailure = thrown });

        Assert.Same(thrown, Assert.Throws<InvalidDataException>(() => Connection.Query("FROM numbers()").ToList()));
    }

    [Fact]
    public void A_reader_that_claims_more_rows_than_a_chunk_holds_is_an_error()
    {
        Connection.RegisterTable("t", NumberSource.Columns, new WrongCount());

        Assert.Contains("3000 rows", Assert.Throws<InvalidOperationException>(() => Connection.Query("FROM t()").ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_statement_of_one_connection_is_not_seen_by_another()
    {
        Connection.RegisterTable("bad", NumberSource.Columns, new NumberSource(10) { FailAt = 0, Failure = new InvalidDataException("bad") });
        using DuckDbConnection other = Database.Connect();

        Assert.Throws<InvalidDataException>(() => Connection.Execute("FROM bad()"));
        Assert.Throws<DuckDbException>(() => other.Execute("FROM missing"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(1_000_000)]
    public void Texts_of_any_length_arrive_whole(int length)
    {
        string text = string.Concat(Enumerable.Repeat("é", length / 2)) + new string('x', length % 2);
        Connection.RegisterTable("t", [new("v", DuckDbType.Varchar), new("w", DuckDbType.Blob)], new RowSource([text, Encoding.UTF8.GetBytes(text)], [null, null]));

        Assert.Equal(
            [[text, Encoding.UTF8.GetBytes(text), (long)length], [null, null, null]],
            Connection.Query("SELECT v, w, strlen(v) FROM t()").ToList());
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused()
    {
        Connection.RegisterTable("t", [new("v", DuckDbType.Varchar)], new InvalidText());

        Assert.Throws<ArgumentException>(() => Connection.Query("FROM t()").ToList());
    }

    [Fact]
    public void A_writer_kept_beyond_its_call_is_useless()
    {
        WrongCount source = new(rows: 0);
        Connection.RegisterTable("t", NumberSource.Columns, source);
        Connection.Execute("FROM t()");

        Assert.Throws<InvalidOperationException>(() => source.Kept!.Column<long>(0).Length);
        Assert.Throws<InvalidOperationException>(() => source.Kept!.SetNull(0, 0));
    }

    private sealed class WrongCount(int rows = 3000) : IChunkSource, IChunkReader
    {
        public DuckDbChunkWriter? Kept { get; private set; }

        public int MaxThreads => 1;

        public IChunkReader OpenReader() => this;

        public int Read(DuckDbChunkWriter chunk)
        {
            Kept = chunk;
            return rows;
        }

        public void Dispose()
        {
        }
    }

    private sealed class InvalidText : IChunkSource, IChunkReader
    {
        public int MaxThreads => 1;

        public IChunkReader OpenReader() => this;

        public int Read(DuckDbChunkWriter chunk)
        {
            chunk.SetUtf8(0, 0, [0xC3, 0x28]);
            return 1;
        }

        public void Dispose()
        {
        }
    }
}
