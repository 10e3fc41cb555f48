using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Transitions as JSON, as the journal has them (docs/formats/journal.md). Quantities are decimal numbers, moments RFC 3339 in UTC
/// with six places. Every transition holds the whole reservation afterwards, so that any one of them tells its state.
/// </summary>
public static class TransitionJson
{
    private const int HashDigits = 32;

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };
    private static readonly TransitionReader Reader = new();

    private static readonly (byte[] Name, string Text)[] Commands =
        [.. ((string[])["hold", "expire", "confirm", "fulfil", "release", "extend", "consume"]).Select(text => (Encoding.UTF8.GetBytes(text), text))];

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
            Span<byte> hash = stackalloc byte[HashDigits];
            transition.RequestHash.TryFormat(hash, out _, "x32", CultureInfo.InvariantCulture);
            json.WriteString("request"u8, hash);
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
    public static ReservationTransition Read(ReadOnlySpan<byte> utf8, long atMicros) => Reader.Read(utf8, atMicros);

    /// <summary>The name of a command as the ledger's own string; null if it is none of those that there are.</summary>
    internal static string? KnownCommand(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] known, string text) in Commands)
        {
            if (name.SequenceEqual(known))
            {
                return text;
            }
        }

        return null;
    }

    internal static ReservationRefusal RefusalOf(ReadOnlySpan<byte> outcome) =>
        outcome.SequenceEqual("done"u8) ? ReservationRefusal.None
        : outcome.SequenceEqual("shortfall"u8) ? ReservationRefusal.Shortfall
        : outcome.SequenceEqual("state"u8) ? ReservationRefusal.State
        : outcome.SequenceEqual("line"u8) ? ReservationRefusal.Line
        : throw new FormatException($"outcome '{Encoding.UTF8.GetString(outcome)}' is not an outcome of a command.");

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
        Span<byte> time = stackalloc byte[RecordTime.TextBytes];
        RecordTime.Format(after.CreatedMicros, time);
        json.WriteString("created_at"u8, time);
        RecordTime.Format(after.ExpiresMicros, time);
        json.WriteString("expires_at"u8, time);
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

    private static string OutcomeOf(ReservationRefusal refusal) => refusal switch
    {
        ReservationRefusal.None => "done",
        ReservationRefusal.Shortfall => "shortfall",
        ReservationRefusal.State => "state",
        ReservationRefusal.Line => "line",
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal that the journal does not keep."),
    };
}
