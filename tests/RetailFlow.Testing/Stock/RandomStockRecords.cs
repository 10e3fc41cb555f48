namespace RetailFlow.Testing.Stock;

/// <summary>
/// An endless, seeded stream of valid stock records that meet each other often: few SKUs, locations and instants; retries,
/// conflicts, late records, counts at one instant, voids before and after their target, of counts, of voids, of nothing and twice.
/// Same seed, same stream.
/// </summary>
public sealed class RandomStockRecords(int seed)
{
    private const int LongestMemory = 400;

    private static readonly string[] Types =
        ["sale", "sale", "sale", "transfer_out", "damage", "shrink", "receipt", "receipt", "return", "transfer_in", "adjustment", "count", "count"];

    private readonly Random random = new(seed);
    private readonly List<TestStockRecord> sent = [];
    private readonly List<(string Source, string EventId, long Line)> promised = [];
    private int nextEvent;

    public int Skus { get; init; } = 4;

    public int Locations { get; init; } = 3;

    public int Sources { get; init; } = 2;

    /// <summary>Event times lie in the <see cref="Minutes"/> after this instant.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    public int Minutes { get; init; } = 120;

    /// <summary>The next records of the stream.</summary>
    public IReadOnlyList<TestStockRecord> Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    /// <summary>The next record of the stream.</summary>
    public TestStockRecord Next()
    {
        TestStockRecord record = random.Next(100) switch
        {
            < 12 when sent.Count > 0 => Earlier(),
            < 17 when sent.Count > 0 => Changed(Earlier()),
            < 27 when sent.Count > 0 => VoidOf(Earlier().Identity),
            < 31 => VoidOf(Promise()),
            < 37 when promised.Count > 0 => Promised(),
            _ => Plain(NewIdentity()),
        };
        sent.Add(record);
        if (sent.Count > LongestMemory)
        {
            sent.RemoveAt(0);
        }

        return record;
    }

    private TestStockRecord Earlier() => sent[random.Next(sent.Count)];

    private (string Source, string EventId, long Line) NewIdentity()
    {
        // Lines of one event often follow each other, as on a receipt.
        nextEvent += random.Next(3) == 0 ? 0 : 1;
        return ($"till-{random.Next(Sources)}", $"e{nextEvent}", random.Next(4));
    }

    /// <summary>An identity that a void names now and that may come later.</summary>
    private (string Source, string EventId, long Line) Promise()
    {
        (string, string, long) identity = ($"till-{random.Next(Sources)}", $"p{nextEvent++}", random.Next(2));
        promised.Add(identity);
        return identity;
    }

    private TestStockRecord Promised()
    {
        int index = random.Next(promised.Count);
        (string Source, string EventId, long Line) identity = promised[index];
        promised.RemoveAt(index);

        // What was voided in advance may itself turn out to be a void.
        return random.Next(5) == 0 && sent.Count > 0
            ? VoidOf(Earlier().Identity) is { } record && record.Target != identity
                ? record with { Source = identity.Source, EventId = identity.EventId, Line = identity.Line }
                : Plain(identity)
            : Plain(identity);
    }

    private TestStockRecord Plain((string Source, string EventId, long Line) identity)
    {
        string type = Types[random.Next(Types.Length)];
        return new TestStockRecord
        {
            Source = identity.Source,
            EventId = identity.EventId,
            Line = identity.Line,
            Type = type,
            Sku = Sku(),
            Location = Location(),
            Quantity = type switch
            {
                "adjustment" => Quantity() * (random.Next(2) == 0 ? -1 : 1),
                "count" => random.Next(6) == 0 ? 0 : Quantity() * 10,
                _ => Quantity(),
            },
            EventTime = Time(),
            Reference = random.Next(4) == 0 ? $"order-{random.Next(50)}" : null,
            Reason = random.Next(8) == 0 ? "größere \"Menge\"\n" : null,
            UnitCost = random.Next(8) == 0 ? random.Next(100_000) / 10_000m : null,
            Channel = random.Next(6) == 0 ? "web" : null,
        };
    }

    private TestStockRecord VoidOf((string Source, string EventId, long Line) target) => new()
    {
        Source = target.Source,
        EventId = $"v{nextEvent++}",
        Line = 0,
        Type = "void",
        Sku = Sku(),
        Location = Location(),
        Quantity = Quantity(),
        EventTime = Time(),
        VoidsEventId = target.EventId,
        VoidsLine = target.Line,
    };

    private TestStockRecord Changed(TestStockRecord record) => random.Next(4) switch
    {
        0 => record with { EventTime = record.EventTime.AddMicroseconds(1) },
        1 => record with { Sku = record.Sku + "x" },
        2 => record with { Reason = "changed" + random.Next(3) },
        _ => record with { Quantity = Math.Abs(record.Quantity) + 0.00001m },
    };

    private string Sku() => $"SKU-{random.Next(Skus)}";

    private string Location() => $"loc {random.Next(Locations)}";

    private decimal Quantity() => random.Next(5) switch
    {
        0 => random.Next(1, 1_000_000) / 100_000m,
        1 => random.Next(1, 1_000) / 100m,
        _ => random.Next(1, 20),
    };

    private DateTimeOffset Time() => Start
        .AddMinutes(random.Next(Minutes))
        .AddMicroseconds(random.Next(3) == 0 ? random.Next(-1, 2) : 0)
        .ToOffset(TimeSpan.FromMinutes(30 * random.Next(-20, 25)));
}
