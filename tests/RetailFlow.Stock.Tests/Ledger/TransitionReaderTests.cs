using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>What is read of a transition is what a plain JSON document says, member by member; what is none is refused.</summary>
public sealed class TransitionReaderTests
{
    private const string Whole =
        """{"command":"hold","id":"r","key":"k","request":"000000000000000000000000000000ff","outcome":"done","state":"held","created_at":"2026-01-01T00:00:00.000001Z","expires_at":"2026-01-01T00:15:00.000001Z","lines":[{"sku":"A","location":"L","quantity":1,"fulfilled":0}]}""";

    [Fact]
    public void A_random_transition_reads_as_a_document_of_its_bytes_says_in_any_order_of_members()
    {
        Random random = new(17);
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        for (int i = 0; i < 3; i++)
        {
            ledger.Load($"SKU-{i}", "loc é", OnHandState.Empty, 0);
        }

        TransitionReader reader = new(ledger);
        for (int round = 0; round < 2_000; round++)
        {
            ReservationTransition written = Next(random);
            ArrayBufferWriter<byte> json = new();
            TransitionJson.Write(written, json);
            byte[] bytes = random.Next(2) == 0 ? json.WrittenSpan.ToArray() : Shuffled(json.WrittenSpan, random);

            string expected = Describe(ByDocument(bytes, 77));
            Assert.Equal(Describe(written with { AtMicros = 77 }), expected);
            Assert.Equal(expected, Describe(reader.Read(bytes, 77)));
            Assert.Equal(expected, Describe(TransitionJson.Read(bytes, 77)));
        }
    }

    [Fact]
    public void A_packed_transition_is_the_one_that_its_journal_entry_says()
    {
        Random random = new(18);
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        for (int i = 0; i < 200; i++)
        {
            // Some of the SKUs that transitions have, and numbers of more than one byte.
            ledger.Load(i < 197 ? $"other-{i}" : $"SKU-{i - 197}", "loc é", OnHandState.Empty, 0);
        }

        PackedTransition packed = new(ledger);
        NameText id = new();
        NameText key = new();
        for (int round = 0; round < 2_000; round++)
        {
            ReservationTransition next = Next(random);
            long at = random.Next(4) == 0 ? next.After?.CreatedMicros ?? 5 : random.NextInt64(2_000_000_000_000_000);
            string name = random.Next(3) == 0 ? "<é\ud83d\ude00\\\u0001>" : next.Id;
            ReservationTransition transition = next with
            {
                AtMicros = at,
                Id = name,
                Reason = random.Next(9) == 0 ? "half \ud83d of it" : next.Reason,
                After = next.After is null ? null : next.After with { Id = name, Channel = random.Next(9) == 0 ? "\udc00" : next.After.Channel },
            };
            ArrayBufferWriter<byte> json = new();
            TransitionJson.Write(transition, json, random.Next(2) == 0 ? at : null);
            id.Take(name);
            key.Take(transition.Key ?? "of no meaning");

            ReservationTransition read = packed.Read(id.Text, key.Text, [.. packed.Write(transition), .. (byte[])[1, 2, 3]]);

            Assert.Equal(Describe(TransitionJson.Read(json.WrittenSpan, at)), Describe(read));
        }
    }

    [Fact]
    public void A_reservation_that_began_with_its_entry_is_read_with_or_without_the_moment()
    {
        ReservationTransition hold = TransitionJson.Read(Encoding.UTF8.GetBytes(Whole), 1_767_225_600_000_001);
        ArrayBufferWriter<byte> same = new();
        TransitionJson.Write(hold, same, hold.AtMicros);
        ArrayBufferWriter<byte> other = new();
        TransitionJson.Write(hold, other, hold.AtMicros + 1);

        Assert.Equal(Whole.Replace("\"created_at\":\"2026-01-01T00:00:00.000001Z\",", "", StringComparison.Ordinal), Encoding.UTF8.GetString(same.WrittenSpan));
        Assert.Equal(Whole, Encoding.UTF8.GetString(other.WrittenSpan));
        Assert.Equal(Describe(hold), Describe(TransitionJson.Read(same.WrittenSpan, hold.AtMicros)));
    }

    [Fact]
    public void Names_that_the_ledger_knows_are_its_own_strings()
    {
        StockLedger ledger = new(new UniformPolicy(StockTerms.Plain));
        ledger.Load(new string(['A']), new string(['L']), OnHandState.Empty, 0);
        Assert.True(ledger.TryFindNames("A", "L", out string sku, out string location));

        ReservationLine line = new TransitionReader(ledger).Read(Encoding.UTF8.GetBytes(Whole), 1).After!.Lines[0];

        Assert.Same(sku, line.Sku);
        Assert.Same(location, line.Location);
    }

    [Theory]
    [InlineData("\"command\":\"hold\",", "", "command is missing")]
    [InlineData("\"hold\"", "7", "transition that cannot be read")]
    [InlineData("\"id\":\"r\",", "", "id is missing")]
    [InlineData("\"outcome\":\"done\",", "", "outcome is missing")]
    [InlineData("\"done\"", "\"perhaps\"", "'perhaps' is not an outcome")]
    [InlineData("\"held\"", "\"lost\"", "'lost' is not a state")]
    [InlineData("2026-01-01T00:15", "2026-13-01T00:15", "is not a moment")]
    [InlineData("\"quantity\":1,", "", "quantity is missing")]
    [InlineData("\"quantity\":1,", "\"quantity\":0.000001,", "more than 5 decimal places")]
    [InlineData("\"quantity\":1,", "\"quantity\":\"1\",", "transition that cannot be read")]
    [InlineData("\"sku\":\"A\",", "", "sku is missing")]
    [InlineData("000000ff", "0000000g", "transition that cannot be read")]
    [InlineData("\"lines\":[", "\"lines\":[1,", "a line is no object")]
    [InlineData("}]}", "}]", "transition that cannot be read")]
    [InlineData("}]}", "}]}}", "transition that cannot be read")]
    public void What_is_no_transition_is_refused_with_what_is_wrong(string part, string other, string expected)
    {
        string json = Whole.Replace(part, other, StringComparison.Ordinal);
        Assert.NotEqual(Whole, json);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => TransitionJson.Read(Encoding.UTF8.GetBytes(json), 1));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private static ReservationTransition Next(Random random)
    {
        ReservationRefusal[] refusals = [ReservationRefusal.None, ReservationRefusal.Shortfall, ReservationRefusal.State, ReservationRefusal.Line];
        ReservationRefusal refusal = refusals[random.Next(refusals.Length)];
        string id = $"r-{random.Next(1_000)}";
        return new ReservationTransition
        {
            Command = ((string[])["hold", "extend", "confirm", "release", "fulfil", "expire", "consume", "ein \"anderes\""])[random.Next(8)],
            Id = id,
            Key = random.Next(3) == 0 ? null : $"key \"{random.Next(9)}\" \u20ac",
            RequestHash = UInt128.Zero,
            Refusal = refusal,
            Reason = refusal == ReservationRefusal.None ? null : "because\nof it",
            Shortfalls = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new Shortfall(
                Sku(random), random.Next(2) == 0 ? null : "loc é", Number(random, 80_000_000_000_000), Number(random, 100)))],
            After = random.Next(5) == 0 ? null : new Reservation
            {
                Id = id,
                State = (ReservationState)random.Next(5),
                CreatedMicros = random.NextInt64(2_000_000_000_000_000),
                ExpiresMicros = random.NextInt64(2_000_000_000_000_000),
                Reference = random.Next(2) == 0 ? null : "ref / 7",
                Channel = random.Next(2) == 0 ? null : "web",
                Sales = random.Next(3),
                Lines = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => new ReservationLine(Sku(random), "loc é", Number(random, 1_000_000), Number(random, 3)))],
            },
        } is var transition && transition.Key is not null
            ? transition with { RequestHash = new UInt128(unchecked((ulong)random.NextInt64()), unchecked((ulong)random.NextInt64())) }
            : transition;
    }

    private static string Sku(Random random) => $"SKU-{random.Next(6)}" + (random.Next(9) == 0 ? "\\\"" + new string('x', 300) : "");

    private static Quantity Number(Random random, long most) => new(random.NextInt64(most) * ((long[])[1, 100, 100_000])[random.Next(3)]);

    private static byte[] Shuffled(ReadOnlySpan<byte> json, Random random)
    {
        JsonObject root = JsonNode.Parse(json)!.AsObject();
        List<KeyValuePair<string, JsonNode?>> members = [.. root];
        root.Clear();
        members.Add(new("unknown", JsonNode.Parse("""{"deep":[1,{"id":"other"}]}""")));
        foreach ((string name, JsonNode? value) in members.OrderBy(_ => random.Next()))
        {
            root.Add(name, value);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static ReservationTransition ByDocument(byte[] utf8, long atMicros)
    {
        using JsonDocument document = JsonDocument.Parse(utf8);
        JsonElement root = document.RootElement;
        return new ReservationTransition
        {
            Command = root.GetProperty("command").GetString()!,
            Id = root.GetProperty("id").GetString()!,
            Key = Text(root, "key"),
            RequestHash = Text(root, "request") is { } hash ? UInt128.Parse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : UInt128.Zero,
            Refusal = root.GetProperty("outcome").GetString() is var outcome && outcome == "done" ? ReservationRefusal.None : Enum.Parse<ReservationRefusal>(outcome!, ignoreCase: true),
            Reason = Text(root, "reason"),
            Shortfalls = root.TryGetProperty("shortfalls", out JsonElement shortfalls)
                ? [.. shortfalls.EnumerateArray().Select(s => new Shortfall(Text(s, "sku")!, Text(s, "location"), Exact(s, "requested"), Exact(s, "available")))]
                : [],
            After = root.TryGetProperty("state", out JsonElement state)
                ? new Reservation
                {
                    Id = root.GetProperty("id").GetString()!,
                    State = Enum.Parse<ReservationState>(state.GetString()!, ignoreCase: true),
                    CreatedMicros = Micros(root, "created_at"),
                    ExpiresMicros = Micros(root, "expires_at"),
                    Reference = Text(root, "reference"),
                    Channel = Text(root, "channel"),
                    Sales = root.TryGetProperty("sales", out JsonElement sales) ? sales.GetInt32() : 0,
                    Lines = [.. root.GetProperty("lines").EnumerateArray().Select(line =>
                        new ReservationLine(Text(line, "sku")!, Text(line, "location")!, Exact(line, "quantity"), Exact(line, "fulfilled")))],
                }
                : null,
            AtMicros = atMicros,
        };
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static Quantity Exact(JsonElement element, string name) => new((long)(element.GetProperty(name).GetDecimal() * Quantity.Scale));

    private static long Micros(JsonElement element, string name) =>
        (element.GetProperty(name).GetDateTimeOffset().UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static string Describe(ReservationTransition t) =>
        JsonSerializer.Serialize(new
        {
            t.Command,
            t.Id,
            t.Key,
            Hash = t.RequestHash.ToString(CultureInfo.InvariantCulture),
            t.Refusal,
            t.Reason,
            Shortfalls = t.Shortfalls.Select(s => $"{s.Sku} {s.Location} {s.Requested} {s.Available}"),
            t.AtMicros,
            After = t.After is not { } after ? null
                : $"{after.Id} {after.State} {after.CreatedMicros} {after.ExpiresMicros} {after.Reference} {after.Channel} {after.Sales} {string.Join(';', after.Lines)}",
        });
}
