namespace RetailFlow.DuckDb.Tests;

public sealed class StatementTests : DuckDbTest
{
    [Fact]
    public void Library_version_is_the_one_the_binding_is_written_for() => Assert.Equal("v1.5.6", DuckDbDatabase.LibraryVersion);

    [Fact]
    public void A_script_runs_every_statement_and_returns_the_changes_of_the_last()
    {
        long changed = Connection.Execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); INSERT INTO t SELECT range FROM range(5); ");

        Assert.Equal(5, changed);
        Assert.Equal(7L, Connection.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(3, Connection.Execute("DELETE FROM t WHERE a > 1 AND a < 4"));
        Assert.Equal(0, Connection.Execute("SELECT * FROM t"));
    }

    [Fact]
    public void A_script_gives_the_rows_of_its_last_statement() =>
        Assert.Equal([[1], [2]], Connection.Query("CREATE TABLE t (a INTEGER); SELECT 99; INSERT INTO t VALUES (1), (2); FROM t ORDER BY a").ToList());

    [Fact]
    public void A_script_stops_at_the_first_error()
    {
        Assert.Throws<DuckDbException>(() => Connection.Execute("CREATE TABLE a (i INTEGER); SELECT * FROM missing; CREATE TABLE b (i INTEGER)"));

        Assert.Equal([["a"]], Connection.Query("SELECT table_name FROM duckdb_tables()").ToList());
    }

    [Fact]
    public void A_transaction_over_several_calls_can_be_rolled_back()
    {
        Connection.Execute("CREATE TABLE t (a INTEGER); BEGIN");
        Connection.Execute("INSERT INTO t VALUES (?)", 1);
        Connection.Execute("ROLLBACK");

        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData("SELEC 1", DuckDbErrorKind.Parser, "Parser Error: syntax error at or near \"SELEC\"")]
    [InlineData("SELECT * FROM missing", DuckDbErrorKind.Catalog, "Catalog Error: Table with name missing does not exist!")]
    [InlineData("SELECT nothing FROM range(1)", DuckDbErrorKind.Binder, "Binder Error: Referenced column \"nothing\" not found in FROM clause!")]
    [InlineData("SELECT 'x'::INTEGER", DuckDbErrorKind.Conversion, "Conversion Error: Could not convert string 'x' to INT32")]
    [InlineData("SELECT (i + 9223372036854775807)::BIGINT FROM range(3) t(i)", DuckDbErrorKind.OutOfRange, "Out of Range Error: Overflow in addition of INT64")]
    [InlineData("SELECT error('own message') FROM range(2)", DuckDbErrorKind.InvalidInput, "Invalid Input Error: own message")]
    [InlineData("FROM read_csv('/nowhere/file.csv')", DuckDbErrorKind.IO, "IO Error: No files found that match the pattern")]
    public void An_error_carries_the_message_and_kind_of_the_engine(string sql, DuckDbErrorKind kind, string message)
    {
        DuckDbException error = Assert.Throws<DuckDbException>(() => Connection.Query(sql).ToList());

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(kind, error.Kind);
    }

    [Fact]
    public void An_error_in_the_middle_of_a_stream_comes_out_of_the_chunk_that_meets_it()
    {
        using DuckDbResult result = Connection.Query("SELECT CASE WHEN i = 3000000 THEN error('at three million') ELSE i END FROM range(10000000) t(i)");
        Assert.True(result.NextChunk(out _));

        DuckDbException error = Assert.Throws<DuckDbException>(() =>
        {
            while (result.NextChunk(out _))
            {
            }
        });

        Assert.Contains("at three million", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, Connection.Scalar("SELECT 1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n ")]
    public void An_empty_text_is_refused(string sql) => Assert.Throws<ArgumentException>(() => Connection.Execute(sql));

    [Fact]
    public void A_comment_alone_holds_no_statement() =>
        Assert.Equal(DuckDbErrorKind.InvalidInput, Assert.Throws<DuckDbException>(() => Connection.Execute("-- nothing")).Kind);

    [Fact]
    public void Parameters_belong_to_one_statement() =>
        Assert.Equal(DuckDbErrorKind.InvalidInput, Assert.Throws<DuckDbException>(() => Connection.Execute("SELECT 1; SELECT ?", 1)).Kind);

    [Fact]
    public void Names_and_texts_are_quoted_so_that_the_engine_reads_them_back()
    {
        const string Name = "we\"ird; DROP TABLE x --";
        Connection.Execute($"CREATE TABLE {DuckDbSql.Identifier(Name)} AS SELECT {DuckDbSql.Literal("it's")} AS v");

        Assert.Equal(Name, Connection.Scalar("SELECT table_name FROM duckdb_tables()"));
        Assert.Equal("it's", Connection.Scalar($"SELECT v FROM {DuckDbSql.Identifier(Name)}"));
        Assert.Throws<ArgumentException>(() => DuckDbSql.Literal("a\0b"));
    }

    [Fact]
    public void Copy_to_parquet_returns_readable_statistics_per_file()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("retailflow-duckdb-");
        try
        {
            string file = Path.Combine(directory.FullName, "x.parquet");
            using DuckDbResult result = Connection.Query(
                $"COPY (SELECT i AS n, CASE WHEN i < 5 THEN 'sku' || i END AS s FROM range(10) t(i)) TO {DuckDbSql.Literal(file)} (FORMAT parquet, RETURN_STATS)");

            Assert.Equal(
                ["filename", "count", "file_size_bytes", "footer_size_bytes", "column_statistics", "partition_keys"],
                result.Columns.Select(column => column.Name));
            Assert.Equal("MAP(VARCHAR, MAP(VARCHAR, VARCHAR))", result.Columns[4].Type.ToString());
            object?[] row = Assert.Single(result.ToList());
            Assert.Equal(file, row[0]);
            Assert.Equal(10UL, row[1]);
            Assert.Equal((ulong)new FileInfo(file).Length, row[2]);
            Dictionary<object, Dictionary<object, object?>> statistics = ((List<KeyValuePair<object, object?>>)row[4]!)
                .ToDictionary(pair => pair.Key, pair => ((List<KeyValuePair<object, object?>>)pair.Value!).ToDictionary());
            Assert.Equal("0", statistics["\"n\""]["min"]);
            Assert.Equal("9", statistics["\"n\""]["max"]);
            Assert.Equal("0", statistics["\"n\""]["null_count"]);
            Assert.Equal("sku0", statistics["\"s\""]["min"]);
            Assert.Equal("sku4", statistics["\"s\""]["max"]);
            Assert.Equal("5", statistics["\"s\""]["null_count"]);
            Assert.Equal(10L, Connection.Scalar("SELECT count(*) FROM read_parquet($1)", file));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
