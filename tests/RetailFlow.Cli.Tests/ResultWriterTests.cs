using System.Numerics;
using System.Text;
using System.Text.Json;
using RetailFlow.Cli.Output;
using Xunit;

namespace RetailFlow.Cli.Tests;

public sealed class ResultWriterTests
{
    private static readonly string[] s_columns = ["name", "units", "at"];

    private static readonly object?[][] s_rows =
    [
        ["a \"b\", c", 12345678901234567.12345m, new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(2))],
        ["", null, null],
    ];

    [Fact]
    public void Json_is_one_document_with_exact_decimals()
    {
        var text = Print(OutputFormat.Json, s_columns, s_rows);

        Assert.Equal(
            """[{"name":"a \"b\", c","units":12345678901234567.12345,"at":"2026-01-31T10:00:00Z"},{"name":"","units":null,"at":null}]""" + "\n",
            text);
    }

    [Fact]
    public void Json_of_no_rows_is_an_empty_array() => Assert.Equal("[]\n", Print(OutputFormat.Json, s_columns, []));

    [Fact]
    public void Ndjson_is_one_object_a_line()
    {
        var lines = Print(OutputFormat.Ndjson, s_columns, s_rows).TrimEnd('\n').Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Equal("""{"name":"","units":null,"at":null}""", lines[1]);
    }

    [Fact]
    public void Csv_quotes_what_needs_it_and_tells_empty_text_from_nothing() =>
        Assert.Equal(
            "name,units,at\n\"a \"\"b\"\", c\",12345678901234567.12345,2026-01-31T10:00:00Z\n\"\",,\n",
            Print(OutputFormat.Csv, s_columns, s_rows));

    [Fact]
    public void A_redirected_table_is_aligned_text_without_colours()
    {
        var text = Print(OutputFormat.Table, ["sku", "units"], [["A", 1m], ["LONGER", 100m]]);

        Assert.Equal("sku     units\nA           1\nLONGER    100\n", text);
    }

    [Fact]
    public void A_table_keeps_a_value_with_line_breaks_on_one_line()
    {
        var text = Print(OutputFormat.Table, ["raw"], [["one\ntwo"]]);

        Assert.Equal("raw\none two\n", text);
    }

    [Fact]
    public void Numbers_of_any_size_and_floats_that_are_none_are_written_exactly()
    {
        var row = new object?[] { BigInteger.Pow(10, 30), ulong.MaxValue, UInt128.MaxValue, 0.1, double.NaN, float.NegativeInfinity, 1.10m };

        var text = Print(OutputFormat.Ndjson, ["a", "b", "c", "d", "e", "f", "g"], [row]);

        Assert.Equal(
            """{"a":1000000000000000000000000000000,"b":18446744073709551615,"c":340282366920938463463374607431768211455,"d":0.1,"e":"NaN","f":"-Infinity","g":1.10}""" + "\n",
            text);
    }

    [Fact]
    public void Nested_values_are_json_in_json_and_in_a_cell()
    {
        var nested = new object?[] { new List<object?> { 1, "two" }, new Dictionary<string, string> { ["k"] = "v" } };

        Assert.Equal("""{"list":[1,"two"],"map":{"k":"v"}}""" + "\n", Print(OutputFormat.Ndjson, ["list", "map"], [nested]));
        Assert.Equal("list,map\n\"[1,\"\"two\"\"]\",\"{\"\"k\"\":\"\"v\"\"}\"\n", Print(OutputFormat.Csv, ["list", "map"], [nested]));
    }

    [Fact]
    public void A_column_name_that_comes_twice_is_numbered_so_that_no_value_is_lost()
    {
        var text = Print(OutputFormat.Ndjson, ["n", "n", "n_2"], [[1, 2, 3]]);

        Assert.Equal("""{"n":1,"n_2":2,"n_2_2":3}""" + "\n", text);
    }

    [Fact]
    public void A_large_result_is_still_one_document()
    {
        var rows = Enumerable.Range(0, 20_000).Select(i => new object?[] { i, "text" });

        using var document = JsonDocument.Parse(Print(OutputFormat.Json, ["i", "t"], rows));

        Assert.Equal(20_000, document.RootElement.GetArrayLength());
    }

    private static string Print(OutputFormat format, IReadOnlyList<string> columns, IEnumerable<object?[]> rows)
    {
        using var stream = new MemoryStream();
        new ResultWriter(stream, format, terminal: false).Rows(columns, rows);
        Assert.True(stream.CanWrite, "the output stays open for what follows");
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
