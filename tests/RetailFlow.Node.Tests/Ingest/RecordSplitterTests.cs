using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Node.Ingest;
using Xunit;

namespace RetailFlow.Node.Tests.Ingest;

public sealed class RecordSplitterTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""")]
    [InlineData("  {\"a\":1}\r\n ", """{"a":1}""")]
    [InlineData("{\n  \"a\": 1\n}", "{\n  \"a\": 1\n}")]
    [InlineData("""[{"a":1},{"b":2}]""", """{"a":1}|{"b":2}""")]
    [InlineData("""[ {"a":[1,{"c":"]}"}]} , {"b":"\",\\"} ]""", """{"a":[1,{"c":"]}"}]}|{"b":"\",\\"}""")]
    [InlineData("""[1,"two",null,[3,4]]""", """1|"two"|null|[3,4]""")]
    [InlineData("{\"a\":1}\n{\"b\":2}\n", """{"a":1}|{"b":2}""")]
    [InlineData("{\"a\":1}\r\n\r\n{\"b\":2}", """{"a":1}|{"b":2}""")]
    [InlineData("{\"a\":1}\nnot json\n{\"b\":2}", """{"a":1}|not json|{"b":2}""")]
    [InlineData("\uFEFF{\"a\":1}", """{"a":1}""")]
    [InlineData("", "")]
    [InlineData(" \n\t ", "")]
    [InlineData("[]", "")]
    [InlineData("[ ]", "")]
    [InlineData("not json", "not json")]
    public void Records_are_cut_by_brackets_or_by_lines(string body, string expected) => Assert.Equal(expected, Split(body, lines: false));

    [Theory]
    [InlineData("{\"a\":\n{\"b\":2}", """{"a":|{"b":2}""")]
    [InlineData("[1,2]\n{\"b\":2}", """[1,2]|{"b":2}""")]
    [InlineData("one\n\n  \ntwo", "one|two")]
    public void A_sender_that_says_lines_is_cut_at_line_feeds_alone(string body, string expected) => Assert.Equal(expected, Split(body, lines: true));

    [Theory]
    [InlineData("""[{"a":1},{"b":}],{"c":2}]""", """{"a":1}|{"b":}|,{"c":2}]""")]
    [InlineData("""[{"a":1},{"b":1,{"c":2}]""", """{"a":1}|{"b":1,{"c":2}]""")]
    [InlineData("""[{"a":1},{"b":"open]""", """{"a":1}|{"b":"open]""")]
    [InlineData("""[{"a":1}""", """{"a":1}""")]
    [InlineData("""[{"a":1},""", """{"a":1}""")]
    [InlineData("""[{"a":1}}]""", """{"a":1}}]""")]
    [InlineData("""[{"a":1}] tail""", """{"a":1}|tail""")]
    [InlineData("[{\"a\":\"\\", "{\"a\":\"\\")]
    public void Where_brackets_do_not_match_the_rest_is_one_record_and_nothing_is_lost(string body, string expected) =>
        Assert.Equal(expected, Split(body, lines: false));

    [Fact]
    public void Any_records_come_out_of_an_array_and_of_lines_as_they_went_in()
    {
        var text = Gen.Elements("", "a", "\\\"", "\\\\", "]", "}", ",", "{[", "ü", "\\u0022").ListOf().Select(string.Concat);
        var record = text.Select(t => $"{{\"k\":\"{t}\",\"n\":[{{\"t\":\"{t}\"}}]}}");
        Check.QuickThrowOnFailure(Prop.ForAll(record.NonEmptyListOf().ToArbitrary(), records =>
            Split("[" + string.Join(" ,\n", records) + "]", lines: false) == string.Join('|', records)
            && Split(string.Join('\n', records), lines: true) == string.Join('|', records)
            && Split(string.Join('\n', records), lines: false) == string.Join('|', records)));
    }

    [Fact]
    public void No_bytes_make_it_fail_or_lose_anything_but_separators()
    {
        var body = Gen.Elements("{}[]\",: \n\\ab1".ToCharArray()).ListOf().Select(c => new string([.. c]));
        Check.QuickThrowOnFailure(Prop.ForAll(body.ToArbitrary(), b =>
            Kept(Split(b, lines: false, separator: "")) == Kept(b) && Kept(Split(b, lines: true, separator: "")) == Kept(b)));

        // Outer brackets and commas of an array, and white space at the ends of records, are no part of any record.
        static string Kept(string s) => new([.. s.Where(c => c is not (' ' or '\n' or ',' or '[' or ']'))]);
    }

    private static string Split(string body, bool lines, string separator = "|")
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var slices = new RecordSlices();
        RecordSplitter.Split(bytes, lines, slices);
        return string.Join(separator, slices.All.ToArray().Select(s => Encoding.UTF8.GetString(bytes, s.Start, s.Length)));
    }
}
