using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RetailFlow.Node.Simulation;

/// <summary>Writes <c>expected.json</c>.</summary>
internal static class ExpectedTotalsJson
{
    public static void Write(Stream stream, RetailerOptions options, ExpectedTotals totals)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("feed", "inventory");
        json.WriteNumber("seed", options.Seed);
        json.WriteNumber("days", options.Days);
        json.WriteNumber("scale", options.Scale);
        json.WriteString("start", options.Start.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        json.WriteNumber("received", totals.Received);
        json.WriteNumber("accepted", totals.Accepted);
        json.WriteNumber("duplicates", totals.Duplicates);
        json.WriteNumber("quarantined", totals.Quarantined);
        json.WriteStartObject("quarantined_by_rule");
        foreach (var (rule, count) in totals.QuarantinedByRule)
        {
            json.WriteNumber(rule, count);
        }

        json.WriteEndObject();
        json.WriteNumber("units_sold", totals.UnitsSold);
        json.WriteNumber("units_returned", totals.UnitsReturned);
        json.WriteStartObject("on_hand");
        json.WriteNumber("keys", totals.Stock.Count);
        json.WriteNumber("total", totals.Stock.Sum(stock => stock.OnHand));
        json.WriteNumber("negative_keys", totals.Stock.Count(stock => stock.OnHand < 0));
        json.WriteEndObject();
        json.WriteStartArray("files");
        foreach (var file in totals.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteString("format", file.Format);
            json.WriteNumber("records", file.Records);
            json.WriteNumber("accepted", file.Accepted);
            json.WriteNumber("duplicates", file.Duplicates);
            json.WriteNumber("quarantined", file.Quarantined);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("stock");
        foreach (var stock in totals.Stock)
        {
            json.WriteStartObject();
            json.WriteString("sku", stock.Sku);
            json.WriteString("location", stock.Location);
            json.WriteNumber("on_hand", stock.OnHand);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
