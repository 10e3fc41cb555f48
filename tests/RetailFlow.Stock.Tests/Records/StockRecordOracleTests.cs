using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Records;

public sealed class StockRecordOracleTests
{
    private static readonly string[] Texts =
    [
        "\"a\"", "\"A-1\"", "\"e-1\"", "\"\\u0041\\t\"", "\"k\\u00e4se \\ud83d\\ude00\"", "\"é😀\"", "\"\"", "null", "12", "true", "[]", "{}",
        "\"a\\u0000\"", "\"\u0080\"", "\"\\\"\\\\\\/\"", $"\"{new string('x', 64)}\"", $"\"{new string('x', 65)}\"",
        $"\"{new string('ü', 128)}\"", $"\"{new string('ü', 129)}\"", $"\"{new string('n', 1025)}\"",
    ];

    private static readonly Dictionary<string, (string Good, string[] Others)> Fields = new()
    {
        ["source"] = ("\"pos\"", Texts),
        ["event_id"] = ("\"e-1\"", Texts),
        ["sku"] = ("\"A-1\"", Texts),
        ["location"] = ("\"L1\"", Texts),
        ["reference"] = ("null", Texts),
        ["reason"] = ("\"x\"", Texts),
        ["channel"] = ("\"web\"", Texts),
        ["line"] = ("2", ["0", "1", "1.0", "10e1", "-1", "1.5", "\"1\"", "null", "999999999999999999", "1e18", "-0"]),
        ["type"] = ("\"sale\"", ["\"void\"", "\"void\"", "\"count\"", "\"adjustment\"", "\"receipt\"", "\"transfer_out\"", "\"SALE\"", "\"\"", "1", "null"]),
        ["quantity"] = ("1.5", ["0", "-1", "\"2.50\"", "1e2", "\"1E-5\"", "0.000010", "0.000001", "1e12", "999999999999.99999", "\"+3\"", "\".5\"", "\"NaN\"", "\"\"", "\" 1\"", "true", "null", "-2.5", "\"0x1\""]),
        ["event_time"] = ("\"2026-11-22T11:00:00Z\"",
        [
            "\"2026-11-22T12:05:00Z\"", "\"2026-11-22T12:05:00.000001Z\"", "\"2026-11-22T13:00:00+01:00\"", "\"2024-02-29t00:00:00.1234567z\"",
            "\"2023-02-29T00:00:00Z\"", "\"2026-11-22T25:44:00Z\"", "\"2026-11-22T11:00:00\"", "\"0001-01-01T00:00:00+00:01\"",
            "\"0001-01-01 00:00:00Z\"", "\"2026-11-22T11:00:60Z\"", "\"2026-1-2T11:00:00Z\"", "\"2000-01-01T00:00:00-23:59\"",
            "\"2000-01-01T00:00:00-24:00\"", "\"\"", "null", "1795305600",
        ]),
        ["unit_cost"] = ("null", ["0", "12.34", "-1.2345", "1.23456", "\"9\"", "\"\"", "99999999999999.9999", "1e14", "[]"]),
        ["voids"] = ("null",
        [
            "{\"event_id\":\"e-0\"}", "{\"event_id\":\"e-0\"}", "{\"line\":1,\"event_id\":\"e-1\"}", "{\"event_id\":\"e-1\",\"line\":2}", "{}",
            "{\"line\":0}", "{\"event_id\":null}", "{\"event_id\":\"a\",\"x\":1}", "{\"event_id\":\"a\",\"event_id\":\"a\"}", "\"e-0\"", "[]",
            "{\"event_id\":\"a\",\"line\":null}", "{\"event_\\u0069d\":\"a\"}",
        ]),
        ["attributes"] = ("null",
        [
            "{}", "{\"b\":1.50,\"a\":[1e1,{\"d\":\"\\u000a\\\"\",\"c\":null}]}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"c\":0,\"b\":1}}", "[]",
            "\"{}\"", "{\"é\":-0.10, \"e\":true}", "{\"a\":[[],{}], \"A\":0e5}",
        ]),
        ["extra"] = ("null", ["{\"a\":[1, 2 ]}", "\"x\""]),
    };

    [Fact]
    public void Parser_and_oracle_accept_the_same_records_with_the_same_values()
    {
        int accepted = 0;
        Gen<string> records =
            from broken in Gen.Choose(0, 2)
            from chosen in Gen.Elements(Fields.Keys.ToArray()).ArrayOf(broken + 1)
            from picks in Gen.Choose(0, 999).ArrayOf(Fields.Count)
            from order in Gen.Shuffle(Fields.Keys.ToArray())
            from dropped in Gen.Choose(0, 60)
            from doubled in Gen.Choose(0, 40)
            from space in Gen.Elements("", " ", "\n\t")
            from void_ in Gen.Choose(0, 4)
            select Compose(chosen, picks, order, dropped, doubled, space, void_ == 0);
        Prop.ForAll(records.ToArbitrary(), json => accepted += Compare(json) ? 1 : 0).Check(Config.QuickThrowOnFailure.WithMaxTest(6_000));
        Assert.InRange(accepted, 1_000, 5_000);
    }

    [Fact]
    public void Parser_and_oracle_agree_on_what_is_a_json_object()
    {
        ParseFixture fixture = new();
        byte[][] seeds =
        [
            Encoding.UTF8.GetBytes(ParseFixture.Good),
            "{\"a\":[1,-2.5e+3,{\"b\":\"\\ud83d\\ude00 \\n\",\"c\":[true,false,null]},[]],\"é\":\"\\u00e9\"} "u8.ToArray(),
        ];
        byte[] alphabet = "{}[]\":,\\0123456789.eE+-truefalsn \n\t\rud8cxD\u00e9/\0"u8.ToArray();
        Random random = new(7);
        int objects = 0;
        for (int i = 0; i < 30_000; i++)
        {
            List<byte> mutated = [.. seeds[i % seeds.Length]];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                int at = random.Next(mutated.Count);
                switch (random.Next(4))
                {
                    case 0:
                        mutated.RemoveAt(at);
                        break;
                    case 1:
                        mutated[at] = alphabet[random.Next(alphabet.Length)];
                        break;
                    case 2:
                        mutated.Insert(at, alphabet[random.Next(alphabet.Length)]);
                        break;
                    default:
                        mutated[at] = (byte)random.Next(256);
                        break;
                }
            }

            byte[] json = [.. mutated];
            fixture.Parse(json);
            bool expected = RecordOracle.IsObject(json);
            objects += expected ? 1 : 0;
            Assert.True(expected == fixture.Draft.IsJsonObject, Encoding.Latin1.GetString(json));
        }

        Assert.InRange(objects, 3_000, 27_000);
    }

    private static string Compose(string[] chosen, int[] picks, string[] order, int dropped, int doubled, string space, bool isVoid)
    {
        List<string> members = [];
        for (int i = 0; i < order.Length; i++)
        {
            string name = order[i];
            (string good, string[] others) = Fields[name];
            string value = chosen.Contains(name) ? others[picks[i] % others.Length]
                : isVoid && name == "type" ? "\"void\""
                : isVoid && name == "voids" ? Fields["voids"].Others[0]
                : good;
            members.Add($"{space}\"{name}\"{space}:{value}");
        }

        if (dropped < members.Count)
        {
            members.RemoveAt(dropped);
        }

        if (doubled < members.Count)
        {
            members.Add(members[doubled]);
        }

        return $"{space}{{{string.Join(',', members)}{space}}}{space}";
    }

    private static bool Compare(string json)
    {
        ParseFixture fixture = new();
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        OracleRecord? expected = RecordOracle.Read(bytes, "feed", RecordTime.ToInstant(ParseFixture.Micros(ParseFixture.ReceivedAt)));
        RecordViolation? violation = fixture.Parse(bytes, "feed");
        Assert.True((expected is null) == (violation is not null), $"{json}\n{violation}");
        if (expected is null)
        {
            return false;
        }

        StockRecordDraft draft = fixture.Draft;
        OracleRecord actual = new(
            ParseFixture.Text(draft.Source), ParseFixture.Text(draft.EventId), draft.Line, StockRecordTypeName.Of(draft.Type),
            ParseFixture.Text(draft.Sku), ParseFixture.Text(draft.Location), draft.Quantity.ToDecimal(), RecordTime.ToInstant(draft.EventTimeMicros),
            ParseFixture.Text(draft.VoidsEventId), draft.VoidsLine, ParseFixture.Text(draft.Reference), ParseFixture.Text(draft.Reason),
            draft.HasUnitCost ? draft.UnitCostRaw / 10_000m : null, ParseFixture.Text(draft.Channel), ParseFixture.Text(draft.Attributes));
        Assert.Equal(expected, actual);
        return true;
    }
}
