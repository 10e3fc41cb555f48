using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace RetailFlow.Node.Tests.Simulation;

/// <summary>
/// Reads generated files the way a careful clerk would, with nothing but the rules for stock records, and adds them
/// up. It shares no code with the generator and does not know what any record was meant to be.
/// </summary>
internal sealed class Recount
{
    private static readonly string[] s_takes = ["sale", "transfer_out", "damage", "shrink"];
    private static readonly string[] s_gives = ["receipt", "return", "transfer_in", "adjustment"];

    private readonly Dictionary<(string Source, string EventId, long Line), Accepted> _accepted = [];
    private readonly HashSet<(string Source, string EventId, long Line)> _voided = [];

    public long Received { get; private set; }

    public long Duplicates { get; private set; }

    public SortedDictionary<string, long> Rules { get; } = new(StringComparer.Ordinal);

    public long Accepts => _accepted.Count;

    public int LateRecords { get; private set; }

    public int VoidsBeforeTarget { get; private set; }

    public int VoidedCounts => _voided.Count(id => _accepted.TryGetValue(id, out var target) && target.Type == "count");

    public void Read(string path)
    {
        if (path.EndsWith(".csv", StringComparison.Ordinal))
        {
            var lines = File.ReadAllLines(path);
            var names = lines[0].Split(',');
            foreach (var line in lines.Skip(1))
            {
                var fields = names.Zip(line.Split(','), (name, value) => $"\"{name}\":" + (name == "line" ? value : $"\"{value}\""));
                Take(Encoding.UTF8.GetBytes("{" + string.Join(',', fields) + "}"));
            }
        }
        else if (path.EndsWith(".json", StringComparison.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (var element in document.RootElement.EnumerateArray())
            {
                Take(Encoding.UTF8.GetBytes(element.GetRawText()));
            }
        }
        else
        {
            using Stream file = File.OpenRead(path);
            using var content = new MemoryStream();
            using (var plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file)
            {
                plain.CopyTo(content);
            }

            var bytes = content.ToArray();
            foreach (var range in bytes.AsSpan(0, bytes.Length - 1).Split((byte)'\n'))
            {
                Take(bytes[range]);
            }
        }
    }

    public Dictionary<(string Sku, string Location), decimal> OnHand()
    {
        var result = new Dictionary<(string, string), decimal>();
        foreach (var key in _accepted.Values.GroupBy(record => (record.Sku, record.Location)))
        {
            var live = key.Where(record => !_voided.Contains(record.Id)).ToList();
            var count = live.Where(record => record.Type == "count").OrderBy(record => record.Time).ThenBy(record => record.Order).LastOrDefault();
            result[key.Key] = (count?.Quantity ?? 0) + live
                .Where(record => count is null || record.Time > count.Time)
                .Sum(record => s_takes.Contains(record.Type) ? -record.Quantity : s_gives.Contains(record.Type) ? record.Quantity : 0);
        }

        return result;
    }

    public decimal Units(string type) =>
        _accepted.Values.Where(record => record.Type == type && !_voided.Contains(record.Id)).Sum(record => record.Quantity);

    private void Take(byte[] record)
    {
        Received++;
        var rule = Judge(record);
        if (rule is not null)
        {
            Rules[rule] = Rules.GetValueOrDefault(rule) + 1;
        }
    }

    private string? Judge(byte[] bytes)
    {
        try
        {
            new UTF8Encoding(false, true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return "invalid_utf8";
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            return "malformed_json";
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Object ? JudgeObject(document.RootElement) : "not_an_object";
        }
    }

    private string? JudgeObject(JsonElement json)
    {
        if (json.EnumerateObject().GroupBy(property => property.Name).Any(group => group.Count() > 1))
        {
            return "duplicate_key";
        }

        var required = new[] { "event_id", "source", "type", "sku", "location", "quantity", "event_time" };
        foreach (var (name, value) in required.Select(name => (name, json.TryGetProperty(name, out var found) ? found : default)))
        {
            if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            {
                return "missing_field";
            }

            if (value.ValueKind != JsonValueKind.String && (name != "quantity" || value.ValueKind != JsonValueKind.Number))
            {
                return "wrong_type";
            }
        }

        foreach (var text in new[] { "event_id", "sku", "location" }.Select(name => json.GetProperty(name).GetString()!))
        {
            if (text.Length is 0 or > 128 || text.Any(char.IsControl))
            {
                return text.Any(char.IsControl) ? "control_character" : "text_length";
            }
        }

        var line = 0L;
        if (json.TryGetProperty("line", out var lineValue) && (lineValue.ValueKind != JsonValueKind.Number || !lineValue.TryGetInt64(out line) || line < 0))
        {
            return lineValue.ValueKind == JsonValueKind.Number ? "line_invalid" : "wrong_type";
        }

        var type = json.GetProperty("type").GetString()!;
        if (!s_takes.Contains(type) && !s_gives.Contains(type) && type is not ("count" or "void"))
        {
            return "unknown_type";
        }

        if ((type == "void") != json.TryGetProperty("voids", out _))
        {
            return type == "void" ? "missing_field" : "voids_only_for_void";
        }

        var quantityValue = json.GetProperty("quantity");
        var digits = quantityValue.ValueKind == JsonValueKind.String ? quantityValue.GetString()! : quantityValue.GetRawText();
        if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var size) || !double.IsFinite(size))
        {
            return "not_a_number";
        }

        if (Math.Abs(size) >= 1e12)
        {
            return "number_too_large";
        }

        var quantity = decimal.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (Math.Round(quantity, 5) != quantity)
        {
            return "number_too_precise";
        }

        if (type == "adjustment" ? quantity == 0 : type == "count" ? quantity < 0 : quantity <= 0)
        {
            return type == "adjustment" ? "quantity_zero" : type == "count" ? "quantity_negative" : "quantity_not_positive";
        }

        var timeText = json.GetProperty("event_time").GetString()!;
        if (!DateTimeOffset.TryParseExact(timeText, ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFK"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return "event_time_invalid";
        }

        if (timeText[^1] != 'Z' && timeText[^6] is not ('+' or '-'))
        {
            return "event_time_without_offset";
        }

        if (time > new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
        {
            return "event_time_in_future";
        }

        var source = json.GetProperty("source").GetString()!;
        (string, string, long)? voids = null;
        if (type == "void")
        {
            var target = json.GetProperty("voids");
            voids = (source, target.GetProperty("event_id").GetString()!, target.GetProperty("line").GetInt64());
        }

        var rest = string.Join('|', new[] { "reference", "reason", "channel", "unit_cost" }.Select(name => json.TryGetProperty(name, out var value) ? value.ToString() : ""));
        var record = new Accepted((source, json.GetProperty("event_id").GetString()!, line), type, json.GetProperty("sku").GetString()!, json.GetProperty("location").GetString()!, quantity / 1.00000m, time.ToUniversalTime(), voids, rest, Received);
        return Place(record);
    }

    private string? Place(Accepted record)
    {
        if (_accepted.TryGetValue(record.Id, out var first))
        {
            if (first != record with { Order = first.Order })
            {
                return "identity_conflict";
            }

            Duplicates++;
            return null;
        }

        if (record.Voids is { } target)
        {
            if (_accepted.TryGetValue(target, out var targetRecord) && targetRecord.Type == "void")
            {
                return "void_of_void";
            }

            VoidsBeforeTarget += targetRecord is null ? 1 : 0;
            _voided.Add(target);
        }

        LateRecords += record.Time < _latest ? 1 : 0;
        _latest = record.Time > _latest ? record.Time : _latest;
        _accepted.Add(record.Id, record);
        return null;
    }

    private DateTimeOffset _latest;

    private sealed record Accepted(
        (string Source, string EventId, long Line) Id, string Type, string Sku, string Location, decimal Quantity, DateTimeOffset Time,
        (string Source, string EventId, long Line)? Voids, string Rest, long Order);
}
