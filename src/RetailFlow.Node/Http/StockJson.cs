using System.Text.Json;
using RetailFlow.Lakehouse.Serving;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Http;

/// <summary>Stock answers as JSON (stock.md section 4): numbers exact, what a shop sees never below zero.</summary>
public static class StockJson
{
    // Dividing by one with the greatest scale drops trailing zeros: 5.00000 becomes 5.
    private const decimal One = 1.0000000000000000000000000000m;

    /// <summary>The same value without trailing zeros.</summary>
    public static decimal Exact(decimal value) => value / One;

    /// <summary>What a shop is shown of an available quantity.</summary>
    public static decimal Shown(decimal available) => Exact(Math.Max(0, available));

    /// <summary>Writes a SKU's stock: in total and by location.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="sku">The SKU.</param>
    /// <param name="rows">Its rows, one a location.</param>
    /// <param name="asOf">The moment that the answer is about.</param>
    /// <param name="sequence">The journal sequence that the answer contains.</param>
    internal static void WriteSku(Utf8JsonWriter json, string sku, ReadOnlySpan<StockRow> rows, DateTimeOffset asOf, long sequence)
    {
        decimal onHand = 0;
        decimal held = 0;
        decimal committed = 0;
        decimal available = 0;
        foreach (var row in rows)
        {
            onHand += row.OnHand;
            held += row.Held;
            committed += row.Committed;

            // Shortage in one place takes nothing from what another place can sell.
            available += Math.Max(0, row.Available);
        }

        json.WriteStartObject();
        json.WriteString("sku"u8, sku);
        WriteTime(json, "as_of"u8, asOf);
        json.WriteNumber("sequence"u8, sequence);
        json.WriteStartObject("total"u8);
        json.WriteNumber("on_hand"u8, Exact(onHand));
        json.WriteNumber("held"u8, Exact(held));
        json.WriteNumber("committed"u8, Exact(committed));
        json.WriteNumber("available"u8, Exact(available));
        json.WriteEndObject();
        json.WriteStartArray("locations"u8);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("location"u8, row.Location);
            WriteNumbers(json, row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the quantities and times of one row into the current object.</summary>
    internal static void WriteNumbers(Utf8JsonWriter json, StockRow row)
    {
        json.WriteNumber("on_hand"u8, Exact(row.OnHand));
        json.WriteNumber("held"u8, Exact(row.Held));
        json.WriteNumber("committed"u8, Exact(row.Committed));
        json.WriteNumber("safety_stock"u8, Exact(row.SafetyStock));
        json.WriteNumber("available"u8, Shown(row.Available));
        WriteTime(json, "last_event_time"u8, row.LastEventTime);
        WriteTime(json, "last_count_time"u8, row.LastCountTime);
    }

    /// <summary>Writes what makes up a number: the governing count, the records after it, and the claims on it.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="explanation">The count and the records.</param>
    /// <param name="claims">The claims now; null for a past moment.</param>
    public static void WriteExplanation(Utf8JsonWriter json, StockExplanation explanation, IReadOnlyList<Reservation>? claims = null)
    {
        json.WriteStartObject();
        json.WriteString("sku"u8, explanation.Sku);
        json.WriteString("location"u8, explanation.Location);
        json.WriteNumber("on_hand"u8, Exact(explanation.OnHand));
        json.WritePropertyName("governing_count"u8);
        if (explanation.GoverningCount is { } count)
        {
            WriteRecord(json, count);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteStartArray("records_after"u8);
        foreach (var record in explanation.RecordsAfter)
        {
            WriteRecord(json, record);
        }

        json.WriteEndArray();
        if (claims is not null)
        {
            WriteClaims(json, explanation, claims);
        }

        json.WriteEndObject();
    }

    private static void WriteClaims(Utf8JsonWriter json, StockExplanation explanation, IReadOnlyList<Reservation> claims)
    {
        json.WriteStartArray("holds"u8);
        foreach (var claim in claims)
        {
            json.WriteStartObject();
            json.WriteString("reservation"u8, claim.Id);
            json.WriteString("state"u8, Reservation.NameOf(claim.State));
            json.WriteNumber(
                "quantity"u8,
                claim.Lines.Where(line => line.Sku == explanation.Sku && line.Location == explanation.Location).Sum(line => line.Open.ToDecimal()));
            WriteTime(json, "expires_at"u8, claim.State == ReservationState.Held ? RecordTime.ToInstant(claim.ExpiresMicros) : null);
            json.WriteString("reference"u8, claim.Reference);
            json.WriteString("channel"u8, claim.Channel);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            WriteTime(json, name, RecordTime.ToMicros(known));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>Writes microseconds since 1970 UTC as RFC 3339, without zeros at the end of a second's fraction.</summary>
    internal static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long micros)
    {
        Span<byte> text = stackalloc byte[RecordTime.TextBytes];
        RecordTime.Format(micros, text);
        var length = text[..^1].TrimEnd((byte)'0').TrimEnd((byte)'.').Length;
        text[length++] = (byte)'Z';
        json.WriteString(name, text[..length]);
    }

    private static void WriteRecord(Utf8JsonWriter json, ExplainedRecord record)
    {
        json.WriteStartObject();
        json.WriteString("source"u8, record.Source);
        json.WriteString("event_id"u8, record.EventId);
        json.WriteNumber("line"u8, record.Line);
        json.WriteString("type"u8, record.Type);
        json.WriteNumber("quantity"u8, Exact(record.Quantity));
        json.WriteNumber("effect"u8, Exact(record.Effect));
        WriteTime(json, "event_time"u8, record.EventTime);
        json.WriteBoolean("voided"u8, record.Voided);
        json.WriteString("reference"u8, record.Reference);
        json.WriteEndObject();
    }
}
