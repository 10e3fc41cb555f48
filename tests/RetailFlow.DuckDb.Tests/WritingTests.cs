using System.Globalization;

namespace RetailFlow.DuckDb.Tests;

/// <summary>Values written by row into a table are read back by the engine's own rendering as text, not by this binding's reader.</summary>
public sealed class WritingTests : DuckDbTest
{
    public static TheoryData<string, object?, string?> Values => new()
    {
        { "BOOLEAN", true, "true" },
        { "TINYINT", -128, "-128" },
        { "SMALLINT", (short)-5, "-5" },
        { "INTEGER", 7L, "7" },
        { "BIGINT", int.MinValue, "-2147483648" },
        { "HUGEINT", Int128.MinValue, "-170141183460469231731687303715884105728" },
        { "UTINYINT", 255, "255" },
        { "USMALLINT", 65535, "65535" },
        { "UINTEGER", uint.MaxValue, "4294967295" },
        { "UBIGINT", ulong.MaxValue, "18446744073709551615" },
        { "UHUGEINT", UInt128.MaxValue, "340282366920938463463374607431768211455" },
        { "FLOAT", 1.5f, "1.5" },
        { "DOUBLE", -0.25, "-0.25" },
        { "DECIMAL(4,2)", -99.99m, "-99.99" },
        { "DECIMAL(9,3)", 5, "5.000" },
        { "DECIMAL(18,5)", 1.50m, "1.50000" },
        { "DECIMAL(18,1)", 1.5000m, "1.5" },
        { "DECIMAL(38,0)", new DuckDbDecimal(Int128.Parse("-" + new string('9', 38), CultureInfo.InvariantCulture), 0), "-99999999999999999999999999999999999999" },
        { "DECIMAL(38,38)", new DuckDbDecimal(1, 38), ".00000000000000000000000000000000000001" },
        { "VARCHAR", "", "" },
        { "VARCHAR", "exactly 12 b", "exactly 12 b" },
        { "VARCHAR", "exactly 13 by", "exactly 13 by" },
        { "BLOB", new byte[] { 0, 65, 255 }, "\\x00A\\xFF" },
        { "DATE", new DateOnly(1, 1, 1), "0001-01-01" },
        { "TIME", new TimeOnly(1, 2, 3), "01:02:03" },
        { "TIMESTAMP", new DateTime(1600, 1, 2, 3, 4, 5, 6, 7), "1600-01-02 03:04:05.006007" },
        { "TIMESTAMP_S", new DateTime(1960, 1, 2, 3, 4, 5, 999), "1960-01-02 03:04:05" },
        { "TIMESTAMP_MS", new DateTime(2024, 1, 2, 3, 4, 5, 6), "2024-01-02 03:04:05.006" },
        { "TIMESTAMP_NS", new DateTime(2024, 1, 2, 3, 4, 5).AddTicks(1), "2024-01-02 03:04:05.0000001" },
        { "TIMESTAMPTZ", new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)), "2024-01-02 02:04:05+00" },
        { "UUID", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff" },
        { "INTERVAL", new DuckDbInterval(1, 2, 3_000_000), "1 month 2 days 00:00:03" },
        { "ENUM('a', 'b')", "b", "b" },
        { "INTEGER[]", new List<object?> { 1, null, 3 }, "[1, NULL, 3]" },
        { "VARCHAR[][]", new object?[] { new[] { "a", "longer than twelve" }, Array.Empty<string>(), null }, "[[a, longer than twelve], [], NULL]" },
        { "INTEGER[2]", new[] { 4, 5 }, "[4, 5]" },
        { "STRUCT(a INTEGER, b VARCHAR[])", new Dictionary<string, object?> { ["a"] = 1, ["b"] = new[] { "x" } }, "{'a': 1, 'b': [x]}" },
        { "MAP(VARCHAR, DECIMAL(5,2))", new List<KeyValuePair<object, object?>> { new("k", 1.25m), new("n", null) }, "{k=1.25, n=NULL}" },
        { "STRUCT(a INTEGER, b VARCHAR[])", null, null },
        { "INTEGER[2]", null, null },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_appended_by_row_is_the_same_value_in_the_table(string type, object? value, string? text)
    {
        Connection.Execute($"CREATE TABLE t (id INTEGER, v {type})");
        using (DuckDbAppender appender = Connection.CreateAppender("t"))
        {
            appender.AppendRow(1, value);
            appender.AppendRow(2, null);
            appender.AppendRow(3, value);
            appender.Flush();
        }

        Assert.Equal([[1, text], [2, null], [3, text]], Connection.Query("SELECT id, v::VARCHAR FROM t ORDER BY id").ToList());
    }

    [Theory]
    [InlineData("TINYINT", 128)]
    [InlineData("UBIGINT", -1)]
    [InlineData("DECIMAL(3,2)", 10)]
    public void A_number_that_does_not_fit_is_refused_and_the_rows_around_it_stay(string type, int value)
    {
        Connection.Execute($"CREATE TABLE t (id INTEGER, v {type})");
        using DuckDbAppender appender = Connection.CreateAppender("t");
        appender.AppendRow(1, null);
        Assert.Throws<OverflowException>(() => appender.AppendRow(2, value));
        appender.AppendRow(3, 1);
        appender.Flush();

        Assert.Equal([[1], [3]], Connection.Query("SELECT id FROM t ORDER BY id").ToList());
    }

    [Fact]
    public void Values_of_a_wrong_kind_are_refused()
    {
        Connection.Execute("CREATE TABLE t (a INTEGER, b VARCHAR, c DECIMAL(5,2), d INTEGER[2], e ENUM('x'))");
        using DuckDbAppender appender = Connection.CreateAppender("t");

        Assert.Throws<InvalidCastException>(() => appender.AppendRow("1", null, null, null, null));
        Assert.Throws<InvalidCastException>(() => appender.AppendRow(1, 1, null, null, null));
        Assert.Throws<OverflowException>(() => appender.AppendRow(1, "x", 1.234m, null, null));
        Assert.Throws<InvalidCastException>(() => appender.AppendRow(1, "x", 1m, new[] { 1 }, null));
        Assert.Throws<InvalidCastException>(() => appender.AppendRow(1, "x", 1m, null, "y"));
        Assert.Throws<ArgumentException>(() => appender.AppendRow(1));
    }

    [Fact]
    public void Many_rows_by_row_and_by_chunk_are_all_in_the_table()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT, label VARCHAR)");
        using (DuckDbAppender appender = Connection.CreateAppender("t", "main"))
        {
            for (int i = 0; i < 5000; i++)
            {
                appender.AppendRow(i, i % 2 == 0 ? "even" : null);
            }

            for (int part = 0; part < 3; part++)
            {
                DuckDbChunkWriter chunk = appender.BeginChunk();
                Span<long> numbers = chunk.Column<long>(0);
                for (int row = 0; row < 1000; row++)
                {
                    numbers[row] = 5000 + (part * 1000) + row;
                    if (row % 2 == 0)
                    {
                        chunk.SetUtf8(1, row, "even"u8);
                    }
                    else
                    {
                        chunk.SetNull(1, row);
                    }
                }

                appender.EndChunk(1000);
            }

            appender.AppendRow(8000, "even");
            appender.Flush();
        }

        Assert.Equal(
            [8001L, 0L, 8000L, (Int128)32_004_000, 4001L],
            Connection.Query("SELECT count(*), min(n), max(n), sum(n), count(label) FROM t").ToList()[0]);
        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM t WHERE (n % 2 = 0) <> (label IS NOT NULL)"));
    }

    [Fact]
    public void Rows_that_were_not_flushed_are_dropped()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT)");
        using (DuckDbAppender appender = Connection.CreateAppender("t"))
        {
            appender.AppendRow(1);
            appender.Flush();
            for (int i = 0; i < 3000; i++)
            {
                appender.AppendRow(i);
            }
        }

        Assert.Equal(1L, Connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_constraint_that_does_not_hold_is_an_error_of_the_flush()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT PRIMARY KEY)");
        using (DuckDbAppender appender = Connection.CreateAppender("t"))
        {
            appender.AppendRow(1);
            appender.AppendRow(1);

            DuckDbException error = Assert.Throws<DuckDbException>(appender.Flush);

            Assert.Equal(DuckDbErrorKind.Constraint, error.Kind);
            Assert.Contains("PRIMARY KEY", error.Message, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(0L, Connection.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_missing_table_is_an_error() =>
        Assert.Contains("nothing", Assert.Throws<DuckDbException>(() => Connection.CreateAppender("nothing")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_chunk_must_be_begun_and_ended_in_turn()
    {
        Connection.Execute("CREATE TABLE t (n BIGINT)");
        using DuckDbAppender appender = Connection.CreateAppender("t");

        Assert.Throws<InvalidOperationException>(() => appender.EndChunk(0));
        appender.BeginChunk();
        Assert.Throws<InvalidOperationException>(() => appender.AppendRow(1));
        Assert.Throws<InvalidOperationException>(appender.Flush);
        Assert.Throws<ArgumentOutOfRangeException>(() => appender.EndChunk(5000));
        appender.EndChunk(0);
        appender.Flush();
    }
}
