using System.Buffers;
using System.Globalization;
using System.Text;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;
using Xunit;

namespace RetailFlow.Stock.Tests.Ledger;

/// <summary>What is taken as slices is what the reader of transitions finds, and nothing that it refuses is taken.</summary>
public sealed class PlainTransitionTests
{
    private const long At = 1_767_225_600_000_001;

    private const string Whole =
        """{"command":"hold","id":"r","key":"k","request":"000000000000000000000000000000ff","outcome":"done","state":"held","created_at":"2026-01-01T00:00:00.000001Z","expires_at":"2026-01-01T00:15:00.000001Z","reference":"7","channel":"web","sales":2,"lines":[{"sku":"A","location":"L","quantity":1,"fulfilled":0}]}""";

    [Fact]
    public void A_transition_without_escapes_is_taken_as_it_is_written()
    {
        Random random = new(3);
        for (int round = 0; round < 3_000; round++)
        {
            byte[] json = Written(Next(random), random);

            string taken = Taken(json) ?? "not taken";

            Assert.Equal(Read(json), taken);
        }
    }

    [Fact]
    public void What_is_taken_of_damaged_bytes_is_what_the_reader_of_transitions_finds()
    {
        Random random = new(4);
        byte[][] pieces = [.. ((string[])["\"", "\\", ",", "}", "]", "-", ".", "0", "00", "1e3", "Z", " ", "\n", "null", "{}", "é", "\"state\":\"held\"", "g", "A"]).Select(Encoding.UTF8.GetBytes)];
        int taken = 0;
        for (int round = 0; round < 30_000; round++)
        {
            List<byte> json = [.. Written(Next(random), random)];
            int at = random.Next(json.Count);
            json.RemoveRange(at, random.Next(Math.Min(4, json.Count - at)));
            if (random.Next(3) > 0)
            {
                json.InsertRange(at, pieces[random.Next(pieces.Length)]);
            }

            byte[] damaged = [.. json];
            if (System.Text.Unicode.Utf8.IsValid(damaged) && Taken(damaged) is { } parts)
            {
                taken++;
                Assert.Equal(Read(damaged), parts);
            }
        }

        Assert.InRange(taken, 3_000, 27_000);
    }

    [Theory]
    [InlineData("\"id\":\"r\"", "\"id\":\"\\u0072\"")]
    [InlineData("\"id\":\"r\"", "\"id\": \"r\"")]
    [InlineData("\"id\":\"r\"", "\"id\":null")]
    [InlineData("\"key\":\"k\",", "")]
    [InlineData("000000ff", "000000FF")]
    [InlineData("\"request\":\"00", "\"request\":\"")]
    [InlineData("\"done\"", "\"perhaps\"")]
    [InlineData("\"held\"", "\"lost\"")]
    [InlineData("2026-01-01T00:15", "2026-13-01T00:15")]
    [InlineData("\"expires_at\":\"2026-01-01T00:15:00.000001Z\",", "")]
    [InlineData("\"sales\":2", "\"sales\":2147483648")]
    [InlineData("\"sales\":2", "\"sales\":02")]
    [InlineData("\"location\":\"L\",", "")]
    [InlineData("\"quantity\":1,", "\"quantity\":0.000001,")]
    [InlineData("\"quantity\":1,", "\"quantity\":1.,")]
    [InlineData("\"quantity\":1,", "\"quantity\":,")]
    [InlineData("\"quantity\":1,", "\"quantity\":-,")]
    [InlineData("\"quantity\":1,", "\"quantity\":\"1\",")]
    [InlineData("\"quantity\":1,", "\"quantity\":1e0,")]
    [InlineData("}]}", "},]}")]
    [InlineData("}]}", "}]")]
    [InlineData("}]}", "}]}}")]
    public void What_stands_in_another_way_is_left_to_the_reader_of_transitions(string part, string other)
    {
        string json = Whole.Replace(part, other, StringComparison.Ordinal);
        Assert.NotEqual(Whole, json);
        Assert.NotNull(Taken(Encoding.UTF8.GetBytes(Whole)));

        Assert.Null(Taken(Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void No_beginning_of_a_transition_is_one()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Whole);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Null(Taken(whole[..length]));
        }
    }

    private static string? Taken(byte[] json)
    {
        if (!PlainTransition.TryRead(json, out PlainTransition t))
        {
            return null;
        }

        return Describe(
            Text(true, t.Command)!,
            Text(true, t.Id)!,
            Text(t.HasKey, t.Key),
            Text(t.HasKey, t.Request),
            Text(true, t.Outcome)!,
            !t.HasAfter ? null : $"{Text(true, t.State)}|{t.CreatedMicros ?? At}|{t.ExpiresMicros}|{Text(t.HasReference, t.Reference) ?? "none"}|{Text(t.HasChannel, t.Channel) ?? "none"}|{Text(true, t.Lines)}");
    }

    private static string Read(byte[] json)
    {
        ReservationTransition t = TransitionJson.Read(json, At);
        string lines = "";
        if (t.After is { } after)
        {
            using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(json);
            lines = $"{Reservation.NameOf(after.State)}|{after.CreatedMicros}|{after.ExpiresMicros}|{after.Reference ?? "none"}|{after.Channel ?? "none"}|{document.RootElement.GetProperty("lines").GetRawText()}";
        }

        return Describe(
            t.Command,
            t.Id,
            t.Key,
            t.Key is null ? null : t.RequestHash.ToString("x32", CultureInfo.InvariantCulture),
            t.Refusal == ReservationRefusal.None ? "done" : t.Refusal.ToString().ToLowerInvariant(),
            t.After is null ? null : lines);
    }

    private static string Describe(string command, string id, string? key, string? request, string outcome, string? after) =>
        $"{command}|{id}|{key ?? "none"}|{request ?? "none"}|{outcome}|{after ?? "none"}";

    private static string? Text(bool present, ReadOnlySpan<byte> utf8) => present ? Encoding.UTF8.GetString(utf8) : null;

    private static byte[] Written(ReservationTransition transition, Random random)
    {
        ArrayBufferWriter<byte> json = new();
        TransitionJson.Write(transition, json, random.Next(2) == 0 ? At : null);
        return json.WrittenSpan.ToArray();
    }

    private static ReservationTransition Next(Random random)
    {
        ReservationRefusal refusal = ((ReservationRefusal[])[ReservationRefusal.None, ReservationRefusal.Shortfall, ReservationRefusal.State, ReservationRefusal.Line])[random.Next(4)];
        string id = $"r-{random.Next(1_000)}";
        bool keyed = random.Next(3) > 0;
        return new ReservationTransition
        {
            Command = ((string[])["hold", "extend", "confirm", "release", "fulfil", "expire", "consume"])[random.Next(7)],
            Id = id,
            Key = keyed ? $"key/{random.Next(9)}" : null,
            RequestHash = keyed ? new UInt128(unchecked((ulong)random.NextInt64()), unchecked((ulong)random.NextInt64())) : UInt128.Zero,
            Refusal = refusal,
            Reason = refusal == ReservationRefusal.None ? null : "because of it",
            Shortfalls = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new Shortfall(
                $"SKU-{random.Next(6)}", random.Next(2) == 0 ? null : "loc", Number(random, 1_000_000_000), -Number(random, 100)))],
            After = random.Next(5) == 0 ? null : new Reservation
            {
                Id = id,
                State = (ReservationState)random.Next(5),
                CreatedMicros = random.Next(2) == 0 ? At : random.NextInt64(2_000_000_000_000_000),
                ExpiresMicros = random.NextInt64(2_000_000_000_000_000),
                Reference = random.Next(2) == 0 ? null : "ref / 7",
                Channel = random.Next(2) == 0 ? null : random.Next(2) == 0 ? "" : "web",
                Sales = random.Next(3),
                Lines = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => new ReservationLine($"SKU-{random.Next(6)}", "loc", Number(random, 1_000_000), Number(random, 3)))],
            },
            AtMicros = At,
        };
    }

    private static Quantity Number(Random random, long most) => new(random.NextInt64(most) * ((long[])[1, 100, 100_000])[random.Next(3)]);
}
