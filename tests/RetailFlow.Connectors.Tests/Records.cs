using System.Text;
using System.Text.Json;
using Xunit;

namespace RetailFlow.Connectors.Tests;

/// <summary>What a translation came to, as text that a test can write down.</summary>
internal static class Records
{
    /// <summary>Records as <c>type sku location quantity event_time event_id/line</c>, voids with what they void.</summary>
    public static string[] Lines(this Translation translation) => [.. translation.Records.Select(r => Line(r.Json))];

    public static string Line(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var record = document.RootElement;
        var text = $"{Text(record, "type")} {Text(record, "sku")} {Text(record, "location")} {Text(record, "quantity")} {Text(record, "event_time")} {Text(record, "event_id")}/{record.GetProperty("line").GetInt64()}";
        return record.TryGetProperty("voids", out var voids) ? $"{text} voids {Text(voids, "event_id")}/{voids.GetProperty("line").GetInt64()}" : text;
    }

    public static string Field(this TranslatedRecord record, string name)
    {
        using var document = JsonDocument.Parse(record.Json);
        return document.RootElement.TryGetProperty(name, out var value) ? value.ToString()
            : document.RootElement.TryGetProperty("attributes", out var attributes) && attributes.TryGetProperty(name, out value) ? value.ToString()
            : "";
    }

    /// <summary>Refusals as <c>place rule field</c>.</summary>
    public static string[] Refused(this Translation translation) => [.. translation.Refusals.Select(r => $"{r.Place} {r.Rule} {r.Field}")];

    public static string[] Reasons(this Translation translation) => [.. translation.Outcomes.OfType<WithoutEffect>().Select(o => o.Reason)];

    public static void AssertNothingRefused(this Translation translation) => Assert.Empty(translation.Refused());

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;
}
