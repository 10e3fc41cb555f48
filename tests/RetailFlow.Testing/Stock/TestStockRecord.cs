using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Testing.Stock;

/// <summary>A stock record as a test thinks of it: plain values, no rule applied (stock.md section 1).</summary>
public sealed record TestStockRecord
{
    public required string Source { get; init; }

    public required string EventId { get; init; }

    public long Line { get; init; }

    /// <summary>The wire name of the type.</summary>
    public required string Type { get; init; }

    public required string Sku { get; init; }

    public required string Location { get; init; }

    public required decimal Quantity { get; init; }

    /// <summary>When it happened; equality is by instant. Whole microseconds.</summary>
    public required DateTimeOffset EventTime { get; init; }

    public string? VoidsEventId { get; init; }

    public long VoidsLine { get; init; }

    public string? Reference { get; init; }

    public string? Reason { get; init; }

    public decimal? UnitCost { get; init; }

    public string? Channel { get; init; }

    public bool IsVoid => Type == "void";

    public (string Source, string EventId, long Line) Identity => (Source, EventId, Line);

    /// <summary>The identity that a void takes back.</summary>
    public (string Source, string EventId, long Line) Target => (Source, VoidsEventId!, VoidsLine);

    /// <summary>Whether both say the same, identities aside.</summary>
    public bool SameContent(TestStockRecord other) =>
        this with { Source = "", EventId = "", Line = 0 } == other with { Source = "", EventId = "", Line = 0 };

    /// <summary>One JSON object in the plainest form.</summary>
    public string ToJson() => ToJson(null);

    /// <summary>
    /// One JSON object with the same content in some other form: order of fields, white space, number or text, trailing zeros,
    /// exponents, offsets, escapes, unknown fields. Null gives the plainest form.
    /// </summary>
    public string ToJson(Random? random)
    {
        List<string> members =
        [
            Member("source", Text(Source, random)),
            Member("event_id", Text(EventId, random)),
            Member("type", Text(Type, random)),
            Member("sku", Text(Sku, random)),
            Member("location", Text(Location, random)),
            Member("quantity", Number(Quantity, random)),
            Member("event_time", Text(Time(EventTime, random), null)),
        ];
        if (Line != 0 || Coin(random))
        {
            members.Add(Member("line", Line.ToString(CultureInfo.InvariantCulture)));
        }

        if (VoidsEventId is not null)
        {
            string line = VoidsLine != 0 || Coin(random) ? $",\"line\":{VoidsLine}" : "";
            members.Add(Member("voids", $"{{\"event_id\":{Text(VoidsEventId, random)}{line}}}"));
        }

        AddText(members, "reference", Reference, random);
        AddText(members, "reason", Reason, random);
        AddText(members, "channel", Channel, random);
        if (UnitCost is { } cost)
        {
            members.Add(Member("unit_cost", Number(cost, random)));
        }

        if (random is null)
        {
            return $"{{{string.Join(',', members)}}}";
        }

        if (random.Next(4) == 0)
        {
            members.Add(Member("till_" + random.Next(5), $"[{random.Next(9)}, \"x\"]"));
        }

        string[] shuffled = [.. members];
        random.Shuffle(shuffled);
        string separator = random.Next(2) == 0 ? "," : " ,\t";
        return $"{{{(Coin(random) ? " " : "")}{string.Join(separator, shuffled)}{(Coin(random) ? "  " : "")}}}";
    }

    private static bool Coin(Random? random) => random is not null && random.Next(2) == 0;

    private static string Member(string name, string value) => $"\"{name}\":{value}";

    private static void AddText(List<string> members, string name, string? value, Random? random)
    {
        if (value is not null)
        {
            members.Add(Member(name, Text(value, random)));
        }
        else if (random is not null && random.Next(8) == 0)
        {
            members.Add(Member(name, "null"));
        }
    }

    private static string Text(string value, Random? random)
    {
        string plain = JsonSerializer.Serialize(value);
        if (random is null || random.Next(6) != 0)
        {
            return plain;
        }

        StringBuilder escaped = new("\"");
        foreach (char unit in value)
        {
            escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return escaped.Append('"').ToString();
    }

    private static string Number(decimal value, Random? random)
    {
        string plain = value.ToString(CultureInfo.InvariantCulture);
        string zeros = plain.Contains('.', StringComparison.Ordinal) ? "000" : ".000";
        return random?.Next(6) switch
        {
            0 => $"\"{plain}\"",
            1 => plain + zeros,
            2 => (value * 100).ToString(CultureInfo.InvariantCulture) + "e-2",
            3 => $"\"{plain}{zeros}E+0\"",
            _ => plain,
        };
    }

    private static string Time(DateTimeOffset time, Random? random)
    {
        TimeSpan offset = random is null ? TimeSpan.Zero : TimeSpan.FromMinutes(15 * random.Next(-48, 57));
        string text = time.ToOffset(offset).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
        return text + (offset == TimeSpan.Zero ? "Z" : time.ToOffset(offset).ToString("zzz", CultureInfo.InvariantCulture));
    }
}
