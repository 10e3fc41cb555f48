using System.Globalization;

namespace RetailFlow.DuckDb.Tests;

public sealed class ParameterTests : DuckDbTest
{
    public static TheoryData<object?, string> Values => new()
    {
        { null, "INTEGER" },
        { true, "BOOLEAN" },
        { (sbyte)-5, "TINYINT" },
        { (byte)200, "UTINYINT" },
        { (short)-3000, "SMALLINT" },
        { (ushort)60000, "USMALLINT" },
        { -70000, "INTEGER" },
        { 4_000_000_000u, "UINTEGER" },
        { long.MinValue, "BIGINT" },
        { ulong.MaxValue, "UBIGINT" },
        { Int128.MinValue + 1, "HUGEINT" },
        { UInt128.MaxValue, "UHUGEINT" },
        { 1.25f, "FLOAT" },
        { double.MaxValue, "DOUBLE" },
        { 12.50m, "DECIMAL(4,2)" },
        { -0.005m, "DECIMAL(3,3)" },
        { decimal.MinValue, "DECIMAL(29,0)" },
        { new DuckDbDecimal(Int128.Parse("-" + new string('9', 38), CultureInfo.InvariantCulture), 10), "DECIMAL(38,10)" },
        { "", "VARCHAR" },
        { "twelve bytes", "VARCHAR" },
        { "a text with 'quotes' and ünïcödé", "VARCHAR" },
        { "zero\0inside", "VARCHAR" },
        { Array.Empty<byte>(), "BLOB" },
        { new byte[] { 1, 0, 2, 255 }, "BLOB" },
        { new DateOnly(1969, 7, 20), "DATE" },
        { new TimeOnly(1, 2, 3, 4, 5), "TIME" },
        { new DateTime(2024, 3, 31, 2, 30, 0), "TIMESTAMP" },
        { new DateTimeOffset(2024, 3, 31, 0, 30, 0, TimeSpan.Zero), "TIMESTAMP WITH TIME ZONE" },
        { Guid.Parse("80000000-0000-0000-0000-000000000001"), "UUID" },
        { new DuckDbInterval(-1, 2, -3), "INTERVAL" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_parameter_comes_back_as_it_was_bound(object? value, string type)
    {
        using DuckDbResult result = Connection.Query("SELECT $1", value);

        object?[] row = Assert.Single(result.ToList());
        Assert.Equal(value, row[0]);
        Assert.Equal(type, result.Columns[0].Type.ToString());
    }

    [Fact]
    public void An_offset_is_turned_into_the_same_instant_in_utc()
    {
        DateTimeOffset local = new(2024, 1, 1, 12, 0, 0, TimeSpan.FromHours(5));

        Assert.Equal(local.ToUniversalTime(), Connection.Scalar("SELECT $1::TIMESTAMPTZ", local));
    }

    [Fact]
    public void A_list_of_texts_is_a_varchar_list()
    {
        Assert.Equal(2L, Connection.Scalar<long>("SELECT count(*) FROM range(10) t(i) WHERE list_contains($1, i::VARCHAR)", (object)new[] { "3", "5", "x" }));
        Assert.Equal(0L, Connection.Scalar<long>("SELECT len($1)", (object)Array.Empty<string>()));
        Assert.Equal(["a", null], (List<object?>)Connection.Scalar("SELECT $1", new List<string?> { "a", null })!);
    }

    [Fact]
    public void A_prepared_statement_takes_parameters_by_position_and_name()
    {
        using DuckDbPreparedStatement statement = Connection.Prepare("SELECT $price * $amount");
        Assert.Equal(2, statement.ParameterCount);

        Assert.Equal(7.5m, statement.Bind("price", 2.5m).Bind("amount", 3).Query().ToList()[0][0]);
        Assert.Equal(5.0m, statement.Bind("amount", 2).Query().ToList()[0][0]);

        statement.ClearBindings();
        Assert.Throws<DuckDbException>(() => statement.Query());
        Assert.Throws<DuckDbException>(() => statement.Bind("other", 1));
        Assert.Throws<DuckDbException>(() => statement.Bind(3, 1));
    }

    [Fact]
    public void A_prepared_insert_runs_many_times()
    {
        Connection.Execute("CREATE TABLE t (a INTEGER, b VARCHAR)");
        using DuckDbPreparedStatement insert = Connection.Prepare("INSERT INTO t VALUES (?, ?)");
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(1, insert.Execute(i, i % 2 == 0 ? null : "odd"));
        }

        Assert.Equal([100L, 50L, (Int128)4950], Connection.Query("SELECT count(*), count(b), sum(a) FROM t").ToList()[0]);
    }

    [Fact]
    public void The_number_of_values_must_be_the_number_of_parameters()
    {
        DuckDbException error = Assert.Throws<DuckDbException>(() => Connection.Query("SELECT ?, ?", 1));

        Assert.Equal("The statement has 2 parameters, and 1 values were given.", error.Message);
    }

    [Fact]
    public void A_value_without_a_type_is_refused() =>
        Assert.Throws<NotSupportedException>(() => Connection.Query("SELECT ?", new Uri("file:///x")));

    [Fact]
    public void Scalars_convert_numbers_and_refuse_missing_values()
    {
        Assert.Equal(3, Connection.Scalar<int>("SELECT sum(i) FROM range(3) t(i)"));
        Assert.Equal(3m, Connection.Scalar<decimal>("SELECT 3"));
        Assert.Null(Connection.Scalar<int?>("SELECT NULL"));
        Assert.Equal(3, Connection.Scalar<int?>("SELECT 3::BIGINT"));
        Assert.Null(Connection.Scalar<string?>("SELECT 'x' WHERE false"));
        Assert.Throws<InvalidCastException>(() => Connection.Scalar<int>("SELECT NULL"));
        Assert.Throws<OverflowException>(() => Connection.Scalar<int>("SELECT 3000000000"));
        Assert.Throws<InvalidCastException>(() => Connection.Scalar<Guid>("SELECT 'x'"));
    }
}
