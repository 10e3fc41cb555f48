using System.Globalization;
using System.Text.Json;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Tests.Http;

/// <summary>The rules of commands over a document, as a text of what comes of a body.</summary>
internal static class ReservationOracle
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 16 };

    /// <summary>The command, or the message that refuses it.</summary>
    public static string Outcome(string verb, string body)
    {
        var root = default(JsonElement);
        if (body.Trim(' ', '\t', '\r', '\n').Length > 0)
        {
            try
            {
                using var document = JsonDocument.Parse(body, s_options);
                root = document.RootElement.Clone();
            }
            catch (JsonException malformed)
            {
                return $"The body is not JSON: {malformed.Message}";
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return "The body must be one JSON object.";
            }

            if (!HasOneMeaning(root))
            {
                return "The body has no single meaning: a member is there twice, or a number cannot be told exactly.";
            }
        }

        try
        {
            return verb switch
            {
                "hold" => $"hold [{string.Join(';', Lines(root, least: 1, RequestedLine))}] {Ttl(root, 900)} {Name(root, "reference")} {Name(root, "channel")} {Flag(root)}",
                "extend" => $"extend {Ttl(root, null)}",
                "fulfil" => $"fulfil [{string.Join(';', Lines(root, least: 0, FulfilledLine))}]",
                _ => verb,
            };
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }

    /// <summary>A command in the words of <see cref="Outcome"/>.</summary>
    public static string Text(ReservationCommand command) => command switch
    {
        HoldCommand hold => string.Create(
            CultureInfo.InvariantCulture,
            $"hold [{string.Join(';', hold.Lines.Select(line => $"{line.Sku}@{line.Location}*{line.Quantity}"))}] {hold.TtlMicros / 1_000_000} {hold.Reference} {hold.Channel} {hold.AllowPartial}"),
        ExtendCommand extend => string.Create(CultureInfo.InvariantCulture, $"extend {extend.TtlMicros / 1_000_000}"),
        FulfilCommand fulfil => $"fulfil [{string.Join(';', fulfil.Lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Line}*{line.Quantity}")))}]",
        _ => command.Name,
    };

    private static bool HasOneMeaning(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Object => value.EnumerateObject().Select(member => member.Name).Distinct(StringComparer.Ordinal).Count() == value.EnumerateObject().Count()
                    && value.EnumerateObject().All(member => HasOneMeaning(member.Value)),
                JsonValueKind.Array => value.EnumerateArray().All(HasOneMeaning),
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Number => value.GetRawText() is var text && (text.StartsWith("0e", StringComparison.Ordinal) || text.Length - text.IndexOf('e', StringComparison.Ordinal) < 11 || !text.Contains('e', StringComparison.Ordinal)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is no text.
            return false;
        }
    }

    private static IEnumerable<string> Lines(JsonElement root, int least, Func<JsonElement, int, string> read)
    {
        if (Member(root, "lines") is not { } lines)
        {
            return least == 0 ? [] : throw new FormatException("lines is missing: 1 to 100 lines.");
        }

        if (lines.ValueKind != JsonValueKind.Array || lines.GetArrayLength() is < 1 or > 100)
        {
            throw new FormatException("lines must be an array of 1 to 100 lines.");
        }

        return lines.EnumerateArray().Select((line, i) => line.ValueKind == JsonValueKind.Object ? read(line, i) : throw new FormatException($"lines[{i}] must be an object.")).ToArray();
    }

    private static string RequestedLine(JsonElement line, int index)
    {
        var sku = Name(line, "sku", $"lines[{index}].") ?? throw new FormatException($"lines[{index}].sku is missing.");
        var location = Name(line, "location", $"lines[{index}].");
        var quantity = Quantity(line, index) ?? throw new FormatException($"lines[{index}].quantity is missing.");
        return $"{sku}@{location}*{quantity}";
    }

    private static string FulfilledLine(JsonElement line, int index) =>
        Member(line, "line") is { ValueKind: JsonValueKind.Number } given && given.TryGetInt32(out var number) && number is >= 1 and <= 100
            ? string.Create(CultureInfo.InvariantCulture, $"{number}*{Quantity(line, index)}")
            : throw new FormatException($"lines[{index}].line must be the number of a line, from 1 to 100.");

    private static string? Quantity(JsonElement line, int index)
    {
        if (Member(line, "quantity") is not { } given)
        {
            return null;
        }

        var text = given.ValueKind switch
        {
            JsonValueKind.Number => given.GetRawText(),
            JsonValueKind.String => given.GetString()!,
            _ => string.Empty,
        };
        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value is > 0 and < 1_000_000_000_000 && decimal.IsInteger(value * 100_000)
            ? (value / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture)
            : throw new FormatException($"lines[{index}].quantity must be above 0 and below 10^12, with at most 5 decimal places.");
    }

    private static string? Name(JsonElement element, string name, string path = "")
    {
        if (Member(element, name) is not { } given)
        {
            return null;
        }

        var text = given.ValueKind == JsonValueKind.String ? given.GetString()! : string.Empty;
        return text.EnumerateRunes().Count() is >= 1 and <= 128 && !text.Any(c => char.IsControl(c) || c == '\ufffd')
            ? text
            : throw new FormatException($"{path}{name} must be text of 1 to 128 characters, none of them a control character.");
    }

    private static string Ttl(JsonElement root, int? otherwise)
    {
        if (Member(root, "ttl_seconds") is not { } given)
        {
            return otherwise?.ToString(CultureInfo.InvariantCulture) ?? throw new FormatException("ttl_seconds is missing.");
        }

        return given.ValueKind == JsonValueKind.Number && given.TryGetDecimal(out var seconds) && seconds is >= 1 and <= 86_400 && decimal.IsInteger(seconds)
            ? ((int)seconds).ToString(CultureInfo.InvariantCulture)
            : throw new FormatException("ttl_seconds must be a whole number from 1 to 86400.");
    }

    private static bool Flag(JsonElement root) => Member(root, "allow_partial")?.ValueKind switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw new FormatException("allow_partial must be true or false."),
    };

    /// <summary>A member that is there and not null.</summary>
    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
