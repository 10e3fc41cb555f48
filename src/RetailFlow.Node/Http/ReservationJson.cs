using System.Text.Json;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Http;

/// <summary>Reservations as answers. Made of the transition alone, so that a repeated request gets the same bytes after a restart too.</summary>
/// <param name="reservation">The reservation.</param>
/// <param name="state">The state that it is shown in.</param>
/// <param name="shortfalls">What is missing of what was asked for; empty if nothing.</param>
internal readonly struct ReservationJson(Reservation reservation, ReservationState state, IReadOnlyList<Shortfall> shortfalls)
{
    /// <summary>Writes it as one object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, reservation.Id);
        json.WriteString("state"u8, Reservation.NameOf(state));
        StockJson.WriteTime(json, "created_at"u8, reservation.CreatedMicros);
        StockJson.WriteTime(json, "expires_at"u8, reservation.ExpiresMicros);
        json.WriteString("reference"u8, reservation.Reference);
        json.WriteString("channel"u8, reservation.Channel);
        json.WriteStartArray("lines"u8);
        for (var i = 0; i < reservation.Lines.Count; i++)
        {
            var line = reservation.Lines[i];
            json.WriteStartObject();
            json.WriteNumber("line"u8, i + 1);
            json.WriteString("sku"u8, line.Sku);
            json.WriteString("location"u8, line.Location);
            json.WriteNumber("quantity"u8, line.Quantity.ToDecimal());
            json.WriteNumber("fulfilled"u8, line.Fulfilled.ToDecimal());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (shortfalls.Count > 0)
        {
            WriteShortfalls(json, shortfalls);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes what is missing as a member of the current object.</summary>
    public static void WriteShortfalls(Utf8JsonWriter json, IReadOnlyList<Shortfall> shortfalls)
    {
        json.WriteStartArray("shortfalls"u8);
        foreach (var shortfall in shortfalls)
        {
            json.WriteStartObject();
            json.WriteString("sku"u8, shortfall.Sku);
            json.WriteString("location"u8, shortfall.Location);
            json.WriteNumber("requested"u8, shortfall.Requested.ToDecimal());
            json.WriteNumber("available"u8, shortfall.Available.ToDecimal());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
