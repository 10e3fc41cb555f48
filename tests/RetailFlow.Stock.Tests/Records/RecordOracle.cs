using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RetailFlow.Stock.Tests.Records;

/// <summary>What a valid record says, as the oracle reads it.</summary>
internal sealed record OracleRecord(
    string Source, string EventId, long Line, string Type, string Sku, string Location, decimal Quantity, DateTimeOffset EventTime,
    string VoidsEventId, long VoidsLine, string Reference, string Reason, decimal? UnitCost, string Channel, string Attributes);

/// <summary>
/// The rules of stock.md section 1 written down plainly over the platform's own JSON, decimal and date types. It shares no code with
/// the parser.
/// </summary>
internal static partial class RecordOracle
{
    private static readonly string[] Types =
        ["sale", "transfer_out", "damage", "shrink", "receipt", "return", "transfer_in", "adjustment", "count", "void"];

    /// <summary>The record, or null if it breaks a rule.</summary>
    public static OracleRecord? Read(byte[] json, string defaultSource, DateTimeOffset receivedAt)
    {
        if (!IsObject(json))
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        try
        {
            Require(Distinct(root));
            string type = Text(root, "type", 64, control: false) ?? throw new FormatException();
            Require(Types.Contains(type));
            OracleRecord record = new(
                Text(root, "source", 64, control: false) ?? (defaultSource.Length > 0 ? defaultSource : throw new FormatException()),
                Text(root, "event_id", 128, control: false) ?? throw new FormatException(),
                Line(root),
                type,
                Text(root, "sku", 128, control: false) ?? throw new FormatException(),
                Text(root, "location", 128, control: false) ?? throw new FormatException(),
                Decimal(root, "quantity", 12, 5) ?? throw new FormatException(),
                Time(root),
                string.Empty,
                0,
                Optional(root, "reference", 1024, control: false),
                Optional(root, "reason", 4096, control: true),
                OptionalCost(root),
                Optional(root, "channel", 1024, control: false),
                Attributes(root));
            Require(type switch
            {
                "adjustment" => record.Quantity != 0,
                "count" => record.Quantity >= 0,
                _ => record.Quantity > 0,
            });
            Require(record.EventTime <= receivedAt.AddMinutes(5));
            return WithVoids(root, record);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether the bytes are one JSON object without half a surrogate pair.</summary>
    public static bool IsObject(byte[] json)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(json);
            using JsonDocument document = JsonDocument.Parse(json);
            Visit(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The value with members sorted and numbers reduced, for comparison with canonical text.</summary>
    public static string Canonical(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject()
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"{Quoted(member.Name)}:{Canonical(member.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.String => Quoted(element.GetString()!),
        JsonValueKind.Number => (element.GetDecimal() / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        _ => element.GetRawText(),
    };

    private static void Visit(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Visit(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Visit(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            default:
                break;
        }
    }

    private static OracleRecord WithVoids(JsonElement root, OracleRecord record)
    {
        bool named = root.TryGetProperty("voids", out JsonElement voids) && voids.ValueKind != JsonValueKind.Null;
        if (!named)
        {
            Require(record.Type != "void");
            return record;
        }

        Require(voids.ValueKind == JsonValueKind.Object && Distinct(voids));
        Require(voids.EnumerateObject().All(member => member.Name is "event_id" or "line"));
        string? eventId = Text(voids, "event_id", 128, control: false);
        long line = Line(voids);
        bool lineNamed = voids.TryGetProperty("line", out JsonElement given) && given.ValueKind != JsonValueKind.Null;
        if (record.Type != "void")
        {
            Require(eventId is null && !lineNamed);
            return record;
        }

        Require(eventId is not null && (eventId != record.EventId || line != record.Line));
        return record with { VoidsEventId = eventId!, VoidsLine = line };
    }

    private static string? Text(JsonElement parent, string name, int most, bool control)
    {
        if (!parent.TryGetProperty(name, out JsonElement element) || element.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        Require(element.ValueKind == JsonValueKind.String);
        string text = element.GetString()!;
        int characters = text.EnumerateRunes().Count();
        Require(characters >= 1 && characters <= most && (control || !text.Any(char.IsControl)));
        return text;
    }

    private static string Optional(JsonElement root, string name, int most, bool control) =>
        root.TryGetProperty(name, out JsonElement element) && element.ValueKind == JsonValueKind.String && element.GetString() == ""
            ? ""
            : Text(root, name, most, control) ?? "";

    private static decimal? OptionalCost(JsonElement root) =>
        root.TryGetProperty("unit_cost", out JsonElement element) && element.ValueKind == JsonValueKind.String && element.GetString() == ""
            ? null
            : Decimal(root, "unit_cost", 14, 4);

    private static long Line(JsonElement parent)
    {
        bool given = parent.TryGetProperty("line", out JsonElement element) && element.ValueKind != JsonValueKind.Null;
        Require(!given || element.ValueKind == JsonValueKind.Number);
        decimal line = given ? Decimal(parent, "line", 18, 0)!.Value : 0;
        Require(line >= 0);
        return (long)line;
    }

    private static decimal? Decimal(JsonElement parent, string name, int wholeDigits, int places)
    {
        if (!parent.TryGetProperty(name, out JsonElement element) || element.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        Require(element.ValueKind is JsonValueKind.String or JsonValueKind.Number);
        string text = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        Require(decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out decimal value));
        Require(Math.Abs(value) < (decimal)Math.Pow(10, wholeDigits) && decimal.Round(value, places) == value);
        return value;
    }

    private static DateTimeOffset Time(JsonElement root)
    {
        Match match = Rfc3339().Match(Text(root, "event_time", 1_000, control: false) ?? throw new FormatException());
        Require(match.Success);
        try
        {
            DateTime local = DateTime.ParseExact(
                match.Groups["date"].Value + "T" + match.Groups["time"].Value, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
            string fraction = (match.Groups["fraction"].Value + "000000")[..6];
            string offset = match.Groups["offset"].Value;
            int minutes = offset.Length == 1 ? 0
                : ((int.Parse(offset[1..3], CultureInfo.InvariantCulture) * 60) + int.Parse(offset[4..6], CultureInfo.InvariantCulture))
                    * (offset[0] == '-' ? -1 : 1);
            Require(offset.Length == 1 || (string.CompareOrdinal(offset[1..3], "24") < 0 && string.CompareOrdinal(offset[4..6], "60") < 0));
            DateTime utc = local.AddMinutes(-minutes).AddTicks(int.Parse(fraction, CultureInfo.InvariantCulture) * 10L);
            return new DateTimeOffset(utc, TimeSpan.Zero);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new FormatException();
        }
    }

    private static string Attributes(JsonElement root)
    {
        if (!root.TryGetProperty("attributes", out JsonElement element) || element.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        Require(element.ValueKind == JsonValueKind.Object && DistinctEverywhere(element));
        return Canonical(element);
    }

    private static bool Distinct(JsonElement element) =>
        element.EnumerateObject().Select(member => member.Name).Distinct().Count() == element.EnumerateObject().Count();

    private static bool DistinctEverywhere(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Distinct(element) && element.EnumerateObject().All(member => DistinctEverywhere(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().All(DistinctEverywhere),
        _ => true,
    };

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n") + "\"";

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new FormatException();
        }
    }

    [GeneratedRegex(@"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]+))?(?<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})$")]
    private static partial Regex Rfc3339();
}
