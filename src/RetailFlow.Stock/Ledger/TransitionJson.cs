using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Transitions as JSON, as the journal has them (docs/formats/journal.md). Quantities are decimal numbers, moments RFC 3339 in UTC
/// with six places. Every transition holds the whole reservation afterwards, so that any one of them tells its state.
/// </summary>
public static class TransitionJson
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    /// <summary>A writer for <see cref="Write(ReservationTransition, Utf8JsonWriter)"/>, to be used again and again.</summary>
    public static Utf8JsonWriter CreateWriter(IBufferWriter<byte> into) => new(into, Options);

    /// <summary>Writes a transition as one JSON object. Its moment is that of the envelope and is not written.</summary>
    public static void Write(ReservationTransition transition, IBufferWriter<byte> into)
    {
        using Utf8JsonWriter json = CreateWriter(into);
        Write(transition, json);
    }

    /// <summary>The same, with a writer that the caller keeps; flushed.</summary>
    public static void Write(ReservationTransition transition, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("command"u8, transition.Command);
        json.WriteString("id"u8, transition.Id);
        if (transition.Key is { } key)
        {
            json.WriteString("key"u8, key);
            json.WriteString("request"u8, transition.RequestHash.ToString("x32", CultureInfo.InvariantCulture));
        }

        json.WriteString("outcome"u8, OutcomeOf(transition.Refusal));
        if (transition.Reason is { } reason)
        {
            json.WriteString("reason"u8, reason);
        }

        WriteShortfalls(json, transition.Shortfalls);
        if (transition.After is { } after)
        {
            WriteReservation(json, after);
        }

        json.WriteEndObject();
        json.Flush();
    }

    /// <summary>Reads what <see cref="Write(ReservationTransition, IBufferWriter{byte})"/> has written.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="atMicros">The moment of the envelope.</param>
    /// <exception cref="InvalidDataException">It is no transition; the message names what is wrong.</exception>
    public static ReservationTransition Read(ReadOnlySpan<byte> utf8, long atMicros)
    {
        try
        {
            Utf8JsonReader reader = new(utf8);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            return new ReservationTransition
            {
                Command = Text(root, "command"),
                Id = Text(root, "id"),
                Key = OptionalText(root, "key"),
                RequestHash = OptionalText(root, "request") is { } hash ? UInt128.Parse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : UInt128.Zero,
                Refusal = RefusalOf(Text(root, "outcome")),
                Reason = OptionalText(root, "reason"),
                Shortfalls = root.TryGetProperty("shortfalls", out JsonElement shortfalls)
                    ? [.. shortfalls.EnumerateArray().Select(s => new Shortfall(Text(s, "sku"), OptionalText(s, "location"), Number(s, "requested"), Number(s, "available")))]
                    : [],
                After = root.TryGetProperty("state", out _) ? ReadReservation(root) : null,
                AtMicros = atMicros,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new InvalidDataException($"The journal holds a reservation transition that cannot be read: {e.Message}", e);
        }
    }

    private static void WriteShortfalls(Utf8JsonWriter json, IReadOnlyList<Shortfall> shortfalls)
    {
        if (shortfalls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("shortfalls"u8);
        foreach (Shortfall shortfall in shortfalls)
        {
            json.WriteStartObject();
            json.WriteString("sku"u8, shortfall.Sku);
            if (shortfall.Location is { } location)
            {
                json.WriteString("location"u8, location);
            }

            json.WriteNumber("requested"u8, shortfall.Requested.ToDecimal());
            json.WriteNumber("available"u8, shortfall.Available.ToDecimal());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteReservation(Utf8JsonWriter json, Reservation after)
    {
        json.WriteString("state"u8, Reservation.NameOf(after.State));
        json.WriteString("created_at"u8, RecordTime.Format(after.CreatedMicros));
        json.WriteString("expires_at"u8, RecordTime.Format(after.ExpiresMicros));
        if (after.Reference is { } reference)
        {
            json.WriteString("reference"u8, reference);
        }

        if (after.Channel is { } channel)
        {
            json.WriteString("channel"u8, channel);
        }

        if (after.Sales > 0)
        {
            json.WriteNumber("sales"u8, after.Sales);
        }

        json.WriteStartArray("lines"u8);
        foreach (ReservationLine line in after.Lines)
        {
            json.WriteStartObject();
            json.WriteString("sku"u8, line.Sku);
            json.WriteString("location"u8, line.Location);
            json.WriteNumber("quantity"u8, line.Quantity.ToDecimal());
            json.WriteNumber("fulfilled"u8, line.Fulfilled.ToDecimal());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static Reservation ReadReservation(JsonElement root) => new()
    {
        Id = Text(root, "id"),
        State = Reservation.StateNamed(System.Text.Encoding.UTF8.GetBytes(Text(root, "state")))
            ?? throw new FormatException($"state '{Text(root, "state")}' is not a state of a reservation."),
        CreatedMicros = Moment(root, "created_at"),
        ExpiresMicros = Moment(root, "expires_at"),
        Reference = OptionalText(root, "reference"),
        Channel = OptionalText(root, "channel"),
        Sales = root.TryGetProperty("sales", out JsonElement sales) ? sales.GetInt32() : 0,
        Lines = [.. root.GetProperty("lines").EnumerateArray().Select(line =>
            new ReservationLine(Text(line, "sku"), Text(line, "location"), Number(line, "quantity"), Number(line, "fulfilled")))],
    };

    private static string OutcomeOf(ReservationRefusal refusal) => refusal switch
    {
        ReservationRefusal.None => "done",
        ReservationRefusal.Shortfall => "shortfall",
        ReservationRefusal.State => "state",
        ReservationRefusal.Line => "line",
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal that the journal does not keep."),
    };

    private static ReservationRefusal RefusalOf(string outcome) => outcome switch
    {
        "done" => ReservationRefusal.None,
        "shortfall" => ReservationRefusal.Shortfall,
        "state" => ReservationRefusal.State,
        "line" => ReservationRefusal.Line,
        _ => throw new FormatException($"outcome '{outcome}' is not an outcome of a command."),
    };

    private static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null.");

    private static string? OptionalText(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static Quantity Number(JsonElement element, string name) => Quantity.FromDecimal(element.GetProperty(name).GetDecimal());

    private static long Moment(JsonElement element, string name)
    {
        string text = Text(element, name);
        return RecordTime.Parse(System.Text.Encoding.UTF8.GetBytes(text), out long micros) == TimeFault.None
            ? micros
            : throw new FormatException($"{name} '{text}' is not a moment.");
    }
}
