using System.Text.Json;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Http;

/// <summary>Live stock answers as JSON: what the ledger has, and what a channel may sell of it.</summary>
internal sealed class LiveStockJson(StockLedger ledger, string? channel, long nowMicros)
{
    /// <summary>Writes a SKU's stock: in total and by location.</summary>
    public void WriteSku(Utf8JsonWriter json, ReadOnlySpan<StockReading> locations, long sequence)
    {
        var onHand = 0m;
        var held = 0m;
        var committed = 0m;
        var available = 0m;
        var low = 0m;
        var limited = 0m;
        foreach (ref readonly var reading in locations)
        {
            onHand += reading.Level.OnHand.ToDecimal();
            held += reading.Level.Held.ToDecimal();
            committed += reading.Level.Committed.ToDecimal();
            available += Math.Max(0, AvailableOf(in reading).ToDecimal());
            low = Math.Max(low, reading.Terms.LowStock.ToDecimal());
            limited = Math.Max(limited, reading.Terms.LimitedStock.ToDecimal());
        }

        json.WriteStartObject();
        json.WriteString("sku"u8, locations[0].Sku);
        StockJson.WriteTime(json, "as_of"u8, nowMicros);
        json.WriteNumber("sequence"u8, sequence);
        json.WriteStartObject("total"u8);
        json.WriteNumber("on_hand"u8, onHand);
        json.WriteNumber("held"u8, held);
        json.WriteNumber("committed"u8, committed);
        json.WriteNumber("available"u8, available);
        json.WriteString("status"u8, StatusOf(available, low, limited));
        json.WriteEndObject();
        json.WriteStartArray("locations"u8);
        foreach (ref readonly var reading in locations)
        {
            WriteLocation(json, in reading);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes one location as an object.</summary>
    public void WriteLocation(Utf8JsonWriter json, in StockReading reading)
    {
        var available = Math.Max(0, AvailableOf(in reading).ToDecimal());
        json.WriteStartObject();
        json.WriteString("location"u8, reading.Location);
        json.WriteNumber("on_hand"u8, reading.Level.OnHand.ToDecimal());
        json.WriteNumber("held"u8, reading.Level.Held.ToDecimal());
        json.WriteNumber("committed"u8, reading.Level.Committed.ToDecimal());
        json.WriteNumber("safety_stock"u8, reading.Terms.SafetyStock.ToDecimal());
        json.WriteNumber("available"u8, available);
        json.WriteString("status"u8, StatusOf(available, reading.Terms.LowStock.ToDecimal(), reading.Terms.LimitedStock.ToDecimal()));
        WriteTime(json, "last_event_time"u8, reading.Level.LastEventMicros);
        WriteTime(json, "last_count_time"u8, reading.Level.LastCountMicros);
        WriteQuiet(json, reading.Location);
        json.WriteEndObject();
    }

    private Quantity AvailableOf(in StockReading reading) => Availability.Of(
        reading.Level.Unclaimed, reading.Terms, channel, reading.Level.Claims, ledger.ExtraBuffer(reading.Location, nowMicros));

    private static string StatusOf(decimal available, decimal low, decimal limited) =>
        available <= 0 ? "out" : available <= low ? "low" : available <= limited ? "limited" : "in_stock";

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long micros)
    {
        if (micros == OnHandState.None)
        {
            json.WriteNull(name);
        }
        else
        {
            StockJson.WriteTime(json, name, micros);
        }
    }

    /// <summary>Names the sources that are quiet; nothing is written where all are heard of.</summary>
    private void WriteQuiet(Utf8JsonWriter json, string location)
    {
        var began = false;
        foreach (var rule in ledger.QuietAt(location, nowMicros))
        {
            if (!began)
            {
                json.WriteStartArray("quiet_sources"u8);
                began = true;
            }

            json.WriteStringValue(rule.Source);
        }

        if (began)
        {
            json.WriteEndArray();
        }
    }
}
