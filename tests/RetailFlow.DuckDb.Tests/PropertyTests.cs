using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace RetailFlow.DuckDb.Tests;

/// <summary>Any value arrives in the engine as itself: compared by the engine's own text or hexadecimal form.</summary>
public sealed class PropertyTests : DuckDbTest
{
    [Fact]
    public void Any_decimal_is_bound_with_its_digits_and_scale()
    {
        using DuckDbPreparedStatement statement = Connection.Prepare("SELECT $1::VARCHAR, $1");

        Prop.ForAll<decimal>(value =>
        {
            object?[] row = statement.Query(value).ToList()[0];
            return ((string)row[0]!).Replace("-.", "-0.", StringComparison.Ordinal) is var text
                && (text.StartsWith('.') ? "0" + text : text) == value.ToString(CultureInfo.InvariantCulture)
                && value.Equals(row[1]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_texts_and_nulls_of_a_source_arrive_byte_for_byte()
    {
        Prop.ForAll<string?[]>(texts =>
        {
            Connection.RegisterTable("texts", [new("v", DuckDbType.Varchar)], new RowSource([.. texts.Select(text => new object?[] { text })]));
            return Connection.Query("SELECT hex(v) FROM texts()").ToList().Select(row => (string?)row[0])
                .SequenceEqual(texts.Select(text => text is null ? null : Convert.ToHexString(Encoding.UTF8.GetBytes(text))));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_integer_fits_where_the_engine_says_it_fits()
    {
        using DuckDbPreparedStatement statement = Connection.Prepare("SELECT TRY_CAST($1 AS DECIMAL(9,4))::VARCHAR");
        Connection.Execute("CREATE TABLE t (v DECIMAL(9,4))");

        Prop.ForAll<long>(number =>
        {
            long value = number % 1000 * 7919;
            string? expected = (string?)statement.Query(value).ToList()[0][0];
            Connection.Execute("DELETE FROM t");
            using DuckDbAppender appender = Connection.CreateAppender("t");
            if (expected is null)
            {
                Assert.Throws<OverflowException>(() => appender.AppendRow(value));
                return true;
            }

            appender.AppendRow(value);
            appender.Flush();
            return (string?)Connection.Scalar("SELECT v::VARCHAR FROM t") == expected;
        }).QuickCheckThrowOnFailure();
    }
}
