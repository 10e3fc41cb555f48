using System.Globalization;
using System.Numerics;
using System.Text;

namespace RetailFlow.DuckDb.Tests;

/// <summary>Every type is written as SQL text and read back as the exact managed value.</summary>
public sealed class ValueTests : DuckDbTest
{
    public static TheoryData<string, object, string> Plain => new()
    {
        { "true", true, "BOOLEAN" },
        { "(-128)::TINYINT", (sbyte)-128, "TINYINT" },
        { "(-32768)::SMALLINT", (short)-32768, "SMALLINT" },
        { "(-2147483648)::INTEGER", int.MinValue, "INTEGER" },
        { "(-9223372036854775808)::BIGINT", long.MinValue, "BIGINT" },
        { "9223372036854775807", long.MaxValue, "BIGINT" },
        { "255::UTINYINT", (byte)255, "UTINYINT" },
        { "65535::USMALLINT", (ushort)65535, "USMALLINT" },
        { "4294967295::UINTEGER", uint.MaxValue, "UINTEGER" },
        { "18446744073709551615::UBIGINT", ulong.MaxValue, "UBIGINT" },
        { "'170141183460469231731687303715884105727'::HUGEINT", Int128.MaxValue, "HUGEINT" },
        { "'-170141183460469231731687303715884105728'::HUGEINT", Int128.MinValue, "HUGEINT" },
        { "'340282366920938463463374607431768211455'::UHUGEINT", UInt128.MaxValue, "UHUGEINT" },
        { "1.5::FLOAT", 1.5f, "FLOAT" },
        { "'-Infinity'::DOUBLE", double.NegativeInfinity, "DOUBLE" },
        { "0.1::DOUBLE", 0.1, "DOUBLE" },
        { "'ångström 𝄞'", "ångström 𝄞", "VARCHAR" },
        { "'\\x00\\xFF'::BLOB", new byte[] { 0, 255 }, "BLOB" },
        { "DATE '2024-02-29'", new DateOnly(2024, 2, 29), "DATE" },
        { "DATE '0001-01-01'", DateOnly.MinValue, "DATE" },
        { "DATE '9999-12-31'", DateOnly.MaxValue, "DATE" },
        { "TIME '23:59:59.999999'", new TimeOnly(23, 59, 59, 999, 999), "TIME" },
        { "'12:00:00.123456789'::TIME_NS", new TimeOnly(12, 0, 0).Add(TimeSpan.FromTicks(1234567)), "TIME_NS" },
        { "'10:00:00+05:30'::TIMETZ", new DuckDbTimeTz(new TimeOnly(10, 0), new TimeSpan(5, 30, 0)), "TIME WITH TIME ZONE" },
        { "'10:00:00-12'::TIMETZ", new DuckDbTimeTz(new TimeOnly(10, 0), TimeSpan.FromHours(-12)), "TIME WITH TIME ZONE" },
        { "TIMESTAMP '1969-12-31 23:59:59.999999'", new DateTime(1970, 1, 1).AddMicroseconds(-1), "TIMESTAMP" },
        { "TIMESTAMP '0001-01-01'", DateTime.MinValue, "TIMESTAMP" },
        { "TIMESTAMP_S '2024-01-02 03:04:05'", new DateTime(2024, 1, 2, 3, 4, 5), "TIMESTAMP_S" },
        { "TIMESTAMP_MS '2024-01-02 03:04:05.678'", new DateTime(2024, 1, 2, 3, 4, 5, 678), "TIMESTAMP_MS" },
        { "TIMESTAMP_NS '1969-12-31 23:59:59.999999999'", new DateTime(1970, 1, 1).AddTicks(-1), "TIMESTAMP_NS" },
        { "TIMESTAMPTZ '2024-06-01 12:00:00+02'", new DateTimeOffset(2024, 6, 1, 10, 0, 0, TimeSpan.Zero), "TIMESTAMP WITH TIME ZONE" },
        { "TIMESTAMP 'infinity'", DateTime.MaxValue, "TIMESTAMP" },
        { "TIMESTAMP '-infinity'", DateTime.MinValue, "TIMESTAMP" },
        { "TIMESTAMPTZ 'infinity'", DateTimeOffset.MaxValue, "TIMESTAMP WITH TIME ZONE" },
        { "DATE '-infinity'", DateOnly.MinValue, "DATE" },
        { "INTERVAL '1 year 2 days 3.5 seconds'", new DuckDbInterval(12, 2, 3_500_000), "INTERVAL" },
        { "'00112233-4455-6677-8899-aabbccddeeff'::UUID", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "UUID" },
        { "'ffffffff-ffff-ffff-ffff-fffffffffffe'::UUID", Guid.Parse("ffffffff-ffff-ffff-ffff-fffffffffffe"), "UUID" },
        { "'b'::ENUM('a', 'b')", "b", "ENUM('a', 'b')" },
        { "'1010110011'::BIT", "1010110011", "BIT" },
        { "'-123456789012345678901234567890123456789012345'::BIGNUM", BigInteger.Parse("-123456789012345678901234567890123456789012345", CultureInfo.InvariantCulture), "BIGNUM" },
        { "'65536'::BIGNUM", new BigInteger(65536), "BIGNUM" },
    };

    public static TheoryData<string, object, string> Decimals => new()
    {
        { "(-99.99)::DECIMAL(4,2)", -99.99m, "DECIMAL(4,2)" },
        { "1234567.89::DECIMAL(9,2)", 1234567.89m, "DECIMAL(9,2)" },
        { "(-9999999999999.99999)::DECIMAL(18,5)", -9999999999999.99999m, "DECIMAL(18,5)" },
        { "7922816251426433759354395033.5::DECIMAL(38,1)", 7922816251426433759354395033.5m, "DECIMAL(38,1)" },
        { "'79228162514264337593543950335'::DECIMAL(38,0)", decimal.MaxValue, "DECIMAL(38,0)" },
        { "'79228162514264337593543950336'::DECIMAL(38,0)", new DuckDbDecimal((Int128)decimal.MaxValue + 1, 0), "DECIMAL(38,0)" },
        { "'99999999999999999999999999999999999999'::DECIMAL(38,0)", new DuckDbDecimal(Int128.Parse(new string('9', 38), CultureInfo.InvariantCulture), 0), "DECIMAL(38,0)" },
        { "'-0.00000000000000000000000000000000000001'::DECIMAL(38,38)", new DuckDbDecimal(-1, 38), "DECIMAL(38,38)" },
        { "0.0000000000000000000000000001::DECIMAL(38,28)", 0.0000000000000000000000000001m, "DECIMAL(38,28)" },
    };

    [Theory]
    [MemberData(nameof(Plain))]
    [MemberData(nameof(Decimals))]
    public void A_value_is_read_exactly_with_its_type(string sql, object expected, string type)
    {
        using DuckDbResult result = Connection.Query($"SELECT {sql} AS value, NULL::{type} AS nothing");

        Assert.Equal(type, result.Columns[0].Type.ToString());
        object?[] row = Assert.Single(result.ToList());
        Assert.Equal(expected, row[0]);
        Assert.IsType(expected.GetType(), row[0]);
        Assert.Null(row[1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(1_000_000)]
    public void A_text_of_any_length_is_read_whole(int length)
    {
        using DuckDbResult result = Connection.Query("SELECT repeat('x', $1), NULL::VARCHAR", length);

        Assert.True(result.NextChunk(out DuckDbChunk? chunk));
        Assert.Equal(new string('x', length), chunk.GetString(0, 0));
        Assert.Equal(length, chunk.GetUtf8(0, 0).Length);
        Assert.Equal(Encoding.UTF8.GetBytes(new string('x', length)), chunk.GetUtf8(0, 0).ToArray());
        Assert.Null(chunk.GetString(1, 0));
        Assert.True(chunk.IsNull(1, 0));
    }

    [Fact]
    public void Nested_values_are_read_with_their_nulls()
    {
        object? value = Connection.Scalar(
            "SELECT {'a': [1, NULL, 3], 'b': MAP {'k': [{'x': 1.5::DECIMAL(3,1)}], 'n': NULL}, 'c': NULL::STRUCT(y DATE), 'd': [['u', 'v'], NULL]::VARCHAR[2][]}");

        DuckDbStruct record = Assert.IsType<DuckDbStruct>(value);
        Assert.Equal(["a", "b", "c", "d"], record.Keys);
        Assert.Equal([1, null, 3], Assert.IsType<List<object?>>(record["a"]));
        List<KeyValuePair<object, object?>> map = Assert.IsType<List<KeyValuePair<object, object?>>>(record["b"]);
        Assert.Equal(["k", "n"], map.Select(pair => pair.Key));
        DuckDbStruct inner = Assert.IsType<DuckDbStruct>(Assert.Single(Assert.IsType<List<object?>>(map[0].Value)));
        Assert.Equal(1.5m, inner["x"]);
        Assert.Null(map[1].Value);
        Assert.Null(record["c"]);
        List<object?> arrays = Assert.IsType<List<object?>>(record["d"]);
        Assert.Equal(["u", "v"], Assert.IsType<List<object?>>(arrays[0]));
        Assert.Null(arrays[1]);
    }

    [Fact]
    public void A_union_gives_the_value_of_its_member()
    {
        List<object?[]> rows = Connection.Query("SELECT unnest([union_value(num := 2), 'two'::UNION(num INTEGER, str VARCHAR)])").ToList();

        Assert.Equal([2, "two"], rows.Select(row => row[0]));
    }

    [Fact]
    public void Nested_columns_of_many_rows_hold_what_the_engine_computes_even_when_parts_are_constant()
    {
        const int Rows = 5000;
        using DuckDbResult result = Connection.Query(
            "SELECT {'same': 'constant', 'n': i, 'half': CASE WHEN i % 2 = 0 THEN i END}, [i, 7], MAP {'key': i}, [{'c': 1, 'i': i}] FROM range($1) t(i)", Rows);

        long expected = 0;
        foreach (object?[] row in result.Rows())
        {
            DuckDbStruct record = (DuckDbStruct)row[0]!;
            Assert.Equal("constant", record["same"]);
            Assert.Equal(expected, record["n"]);
            Assert.Equal(expected % 2 == 0 ? expected : null, record["half"]);
            Assert.Equal([expected, 7L], (List<object?>)row[1]!);
            Assert.Equal(expected, Assert.Single((List<KeyValuePair<object, object?>>)row[2]!).Value);
            DuckDbStruct element = (DuckDbStruct)Assert.Single((List<object?>)row[3]!)!;
            Assert.Equal([1, expected], element.Values);
            expected++;
        }

        Assert.Equal(Rows, expected);
    }

    [Theory]
    [InlineData("DATE '10000-01-01'")]
    [InlineData("DATE '0044-03-15 (BC)'")]
    [InlineData("TIMESTAMP '10000-01-01 00:00:00'")]
    [InlineData("TIMESTAMP_S '200000-01-01 00:00:00'")]
    [InlineData("TIME '24:00:00'")]
    public void A_time_outside_the_managed_range_is_an_error_that_names_the_value(string sql)
    {
        using DuckDbResult result = Connection.Query($"SELECT {sql}");

        DuckDbException error = Assert.Throws<DuckDbException>(() => result.ToList());

        Assert.Equal(DuckDbErrorKind.OutOfRange, error.Kind);
        Assert.Matches("[0-9]{3,}", error.Message);
    }

    [Fact]
    public void A_type_without_a_managed_value_is_an_error_that_tells_what_to_do()
    {
        using DuckDbResult result = Connection.Query("SELECT 1::VARIANT, NULL::VARIANT");
        Assert.Equal(DuckDbType.Variant, result.Columns[0].Type);
        Assert.True(result.NextChunk(out DuckDbChunk? chunk));

        Assert.Null(chunk.GetValue(1, 0));
        Assert.Contains("cast", Assert.Throws<DuckDbException>(() => chunk.GetValue(0, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Raw_columns_check_the_size_of_their_values()
    {
        using DuckDbResult result = Connection.Query("SELECT i::BIGINT, i::DECIMAL(9,2), (i % 3 = 0), 'x' FROM range(3) t(i)");
        Assert.True(result.NextChunk(out DuckDbChunk? chunk));

        Assert.Equal([0L, 1, 2], chunk.Column<long>(0).ToArray());
        Assert.Equal([0, 100, 200], chunk.Column<int>(1).ToArray());
        Assert.Equal([true, false, false], chunk.Column<bool>(2).ToArray());
        Assert.Throws<ArgumentException>(() => chunk.Column<int>(0).Length);
        Assert.Throws<ArgumentException>(() => chunk.GetUtf8(0, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk.GetValue(0, 3));
    }

    [Theory]
    [InlineData("STRUCT(\"a b\" INTEGER, c DECIMAL(5,2)[])", "STRUCT(\"a b\" INTEGER, \"c\" DECIMAL(5,2)[])")]
    [InlineData("MAP(VARCHAR, MAP(VARCHAR, VARCHAR))", "MAP(VARCHAR, MAP(VARCHAR, VARCHAR))")]
    [InlineData("INTEGER[3][]", "INTEGER[3][]")]
    [InlineData("UNION(n INTEGER, s VARCHAR)", "UNION(\"n\" INTEGER, \"s\" VARCHAR)")]
    public void A_type_prints_as_sql_that_gives_the_same_type_again(string sql, string expected)
    {
        using DuckDbResult first = Connection.Query($"SELECT NULL::{sql}");
        Assert.Equal(expected, first.Columns[0].Type.ToString());

        using DuckDbResult second = Connection.Query($"SELECT NULL::{expected}");
        Assert.Equal(first.Columns[0].Type, second.Columns[0].Type);
    }
}
