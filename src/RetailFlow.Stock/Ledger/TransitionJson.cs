using System.Buffers;
using System.Text;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Transitions as JSON, as the journal has them (docs/formats/journal.md). Quantities are decimal numbers, moments RFC 3339 in UTC
/// with six places. Every transition holds the whole reservation afterwards, so that any one of them tells its state.
/// </summary>
public static class TransitionJson
{
    private static readonly TransitionReader Reader = new();

    private static readonly (byte[] Name, string Text)[] Commands =
        [.. ((string[])["hold", "expire", "confirm", "fulfil", "release", "extend", "consume"]).Select(text => (Encoding.UTF8.GetBytes(text), text))];

    /// <summary>
    /// Writes a transition as one JSON object. Its moment is that of the envelope and is not written, nor is when its reservation began if that is the same moment.
    /// </summary>
    /// <param name="transition">The transition.</param>
    /// <param name="into">Takes the JSON.</param>
    /// <param name="entryMicros">The moment of the envelope; null writes in any case when the reservation began.</param>
    public static void Write(ReservationTransition transition, IBufferWriter<byte> into, long? entryMicros = null)
    {
        into.Advance(new TransitionWriter().Write(transition, entryMicros, into.GetSpan(TransitionWriter.MostBytes(transition))));
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
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
        KnownOutcome(outcome) ?? throw new FormatException($"outcome '{Encoding.UTF8.GetString(outcome)}' is not an outcome of a command.");

    /// <summary>What an outcome means; null if it is none of those that there are.</summary>
    internal static ReservationRefusal? KnownOutcome(ReadOnlySpan<byte> outcome) =>
        outcome.SequenceEqual("done"u8) ? ReservationRefusal.None
        : outcome.SequenceEqual("shortfall"u8) ? ReservationRefusal.Shortfall
        : outcome.SequenceEqual("state"u8) ? ReservationRefusal.State
        : outcome.SequenceEqual("line"u8) ? ReservationRefusal.Line
        : null;
}
