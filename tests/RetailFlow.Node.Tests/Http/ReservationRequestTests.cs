using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Node.Http;
using Xunit;

namespace RetailFlow.Node.Tests.Http;

/// <summary>Bodies of commands, read where they lie, beside the same rules over a document of System.Text.Json.</summary>
public sealed class ReservationRequestTests
{
    private static readonly Gen<string> s_space = Mostly(Gen.Constant(""), Gen.Elements(" ", "\n\t", "\r\n  "));

    private static readonly Gen<string> s_text = Mostly(
        Gen.Elements("\"A\"", "\"SKU-1\"", "\"ünï\"", "\"\\u0041B\"", "\"\\ud83d\\ude00\"", "\"a\\/b\"", "\"\\\"q\\\"\"", $"\"{new string('x', 128)}\"", $"\"{new string('é', 128)}\""),
        Gen.Elements("\"\"", "\"\\u0041\\n\"", "\"\\ud800\"", "\"\u007f\"", "\"\ufffd\"", $"\"{new string('x', 129)}\"", $"\"{new string('é', 129)}\"", "null", "1", "true", "[]", "{}"));

    private static readonly Gen<string> s_quantity = Mostly(
        Gen.Elements("1", "2.5", "1e1", "0.00001", "999999999999.99999", "1.50000", "0.1e-4", "\"3\"", "\"2.50\"", "\"\\u0031\"", $"\"\\u0030{new string('0', 300)}1\""),
        Gen.Elements(
            "0.000001", "-1", "0", "-0", "1e12", "1000000000000", "1e9999999999", "0e9999999999", "\"\"", "\"x\"", "\"0\"", "null", "true", "[1]", "{\"quantity\":1}", $"\"1{new string('0', 300)}\""));

    private static readonly Gen<string> s_number = Mostly(
        Gen.Elements("1", "2", "100", "60", "6e1"), Gen.Elements("101", "0", "-1", "1.0", "1e0", "86400", "86401", "0.5", "1.5", "99999999999999999999999999999999", "null", "\"1\"", "false"));

    private static readonly Gen<string> s_flag = Mostly(Gen.Elements("true", "false", "null"), Gen.Elements("0", "\"true\"", "[]"));

    private static readonly Gen<string> s_other = Mostly(
        Gen.Elements("1", "\"x\"", "[1,[2,{\"a\":1,\"b\":2}]]", "{\"a\":{\"a\":1}}"), Gen.Elements("{\"a\":1,\"a\":1}", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "1e9999999999"));

    private static readonly Gen<string> s_line = Mostly(
        Members([("\"sku\"", s_text), ("\"quantity\"", s_quantity), ("\"line\"", s_number)], [("\"location\"", s_text), ("\"more\"", s_other), ("\"sk\\u0075\"", s_text), ("\"quantity\"", s_quantity)]),
        Gen.Elements("{}", "1", "null", "[]", "\"sku\""));

    private static readonly Gen<string> s_lines = Mostly(
        from lines in s_line.NonEmptyListOf() from space in s_space select $"[{space}{string.Join("," + space, lines.Take(3))}{space}]",
        Gen.OneOf(Gen.Elements("null", "[]", "{}", "1"), from count in Gen.Choose(99, 102) from line in s_line select $"[{string.Join(',', Enumerable.Repeat(line, count))}]"));

    private static readonly Gen<string> s_body = Mostly(
        Members(
            [("\"lines\"", s_lines), ("\"ttl_seconds\"", s_number), ("\"reference\"", s_text)],
            [("\"channel\"", s_text), ("\"allow_partial\"", s_flag), ("\"more\"", s_other), ("\"\\ud800\"", s_other), ("\"\"", s_other), ("\"li\\u006ees\"", s_lines)]),
        Gen.Elements("", " \r\n\t", "[]", "1", "null", "\"x\"", "{", "{}", "{} {}", "{\"a\"}", "[{]", "\ufeff{}", "{\"a\":01}", "{\"lines\":[1,]}", "{/**/}", "{\"a\":\"\t\"}"));

    [Theory]
    [InlineData("hold")]
    [InlineData("extend")]
    [InlineData("fulfil")]
    [InlineData("release")]
    public void Any_body_means_what_a_document_of_it_means_and_is_refused_in_the_same_words(string verb)
    {
        var seen = new HashSet<string>();
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1_000),
            Prop.ForAll(s_body.ToArbitrary(), body =>
            {
                var own = Outcome(verb, Encoding.UTF8.GetBytes(body));
                seen.Add(own.Split('\'', '[')[0]);
                return (own == ReservationOracle.Outcome(verb, body)).Label($"{body}\n{own}\n{ReservationOracle.Outcome(verb, body)}");
            }));

        // Bodies of every kind came by: right ones, and such as no rule but one refuses.
        Assert.Contains(seen, outcome => outcome.StartsWith(verb, StringComparison.Ordinal));
        Assert.Contains(seen, outcome => outcome.StartsWith("The body is not JSON", StringComparison.Ordinal));
        Assert.Contains("The body has no single meaning: a member is there twice, or a number cannot be told exactly.", seen);
    }

    [Fact]
    public void No_part_of_a_right_body_is_right_unless_a_document_of_it_is()
    {
        var body = """ {"lines":[{"sku":"A\u0042","location":"L","quantity":"1.5"},{"sku":"ü","quantity":2}],"ttl_seconds":6e1,"allow_partial":true} """;
        for (var end = 0; end <= body.Length; end++)
        {
            Assert.Equal(ReservationOracle.Outcome("hold", body[..end]), Outcome("hold", Encoding.UTF8.GetBytes(body[..end])));
        }
    }

    [Fact]
    public void Bytes_that_are_not_text_are_refused_as_a_name()
    {
        byte[] body = [.. "{\"lines\":[{\"sku\":\"A"u8, 0xC3, 0x28, .. "\",\"quantity\":1}]}"u8];

        Assert.Equal("lines[0].sku must be text of 1 to 128 characters, none of them a control character.", Outcome("hold", body));
    }

    [Fact]
    public void The_hash_is_that_of_the_journals_there_are()
    {
        var request = ReservationRequest.Read("k", "hold", "", """{"lines":[{"sku":"A","location":"L","quantity":1}]}"""u8);

        Assert.Equal(RequestHashOf("hold\n\n{\"lines\":[{\"location\":\"L\",\"quantity\":1,\"sku\":\"A\"}]}"), request.Hash);
    }

    private static UInt128 RequestHashOf(string canonical) =>
        UInt128.Parse(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))[..32], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static Gen<string> Mostly(Gen<string> right, Gen<string> any) => Gen.Frequency((9, right), (1, any));

    /// <summary>An object of the members that are usual, one of which may be missing, and now and then of others, in any order.</summary>
    private static Gen<string> Members((string Name, Gen<string> Value)[] usual, (string Name, Gen<string> Value)[] others) =>
        from missing in Gen.Choose(0, 4 * usual.Length)
        from more in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 3)))
        from shuffled in Gen.Shuffle(others)
        from chosen in Gen.Shuffle(usual.Where((_, i) => i != missing).Concat(shuffled.Take(more)).ToArray())
        from space in s_space
        from values in Gen.CollectToArray(chosen, member => member.Value.Select(value => $"{member.Name}{space}:{space}{value}"))
        select $"{{{space}{string.Join("," + space, values)}{space}}}";

    private static string Outcome(string verb, byte[] body)
    {
        try
        {
            var request = ReservationRequest.Read("key", verb, "id", body);
            return ReservationOracle.Text(verb switch
            {
                "hold" => request.ToHold("id"),
                "extend" => request.ToExtend("id"),
                "fulfil" => request.ToFulfil("id"),
                _ => request.ToRelease("id"),
            });
        }
        catch (InvalidRequestException wrong)
        {
            return wrong.Message;
        }
    }
}
