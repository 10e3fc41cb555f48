using System.Buffers.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Writes transitions as JSON into a buffer of its own, one at a time. Knows where the identity and the key stand in it. For one thread.
/// </summary>
internal sealed class TransitionWriter
{
    private const int HashDigits = 32;

    // Everything of a transition, and everything of a line, that is not a name: digits, times and what stands between.
    private const int RestOfTransition = 512;
    private const int RestOfLine = 160;

    private byte[] buffer = new byte[1024];
    private int length;
    private long createdMicros = long.MinValue;
    private long expiresMicros = long.MinValue;
    private readonly byte[] created = new byte[RecordTime.TextBytes];
    private readonly byte[] expires = new byte[RecordTime.TextBytes];

    /// <summary>The transition that is written; null before the first.</summary>
    public ReservationTransition? Written { get; private set; }

    /// <summary>The JSON object.</summary>
    public ReadOnlySpan<byte> Text => buffer.AsSpan(0, length);

    /// <summary>Where the identity stands in the text, without its quotes.</summary>
    public (int Start, int Length) Id { get; private set; }

    /// <summary>Where the key stands in the text, without its quotes; of no length if there is none.</summary>
    public (int Start, int Length) Key { get; private set; }

    /// <summary>Writes a transition in place of the one before.</summary>
    public void Write(ReservationTransition transition)
    {
        Written = null;
        length = 0;
        Require(RoomFor(transition));
        Add("{\"command\":\""u8);
        Name(transition.Command);
        Add("\",\"id\":\""u8);
        Id = (length, Name(transition.Id));
        Key = default;
        if (transition.Key is { } key)
        {
            Add("\",\"key\":\""u8);
            Key = (length, Name(key));
            Add("\",\"request\":\""u8);
            Hash(transition.RequestHash);
        }

        Add("\",\"outcome\":\""u8);
        Add(OutcomeOf(transition.Refusal));
        Add((byte)'"');
        if (transition.Reason is { } reason)
        {
            Add(",\"reason\":\""u8);
            Name(reason);
            Add((byte)'"');
        }

        Shortfalls(transition.Shortfalls);
        if (transition.After is { } after)
        {
            Reservation(after);
        }

        Add((byte)'}');
        Written = transition;
    }

    private static int RoomFor(ReservationTransition transition)
    {
        int chars = transition.Command.Length + transition.Id.Length + (transition.Key?.Length ?? 0) + (transition.Reason?.Length ?? 0);
        int lines = transition.Shortfalls.Count;
        foreach (Shortfall shortfall in transition.Shortfalls)
        {
            chars += shortfall.Sku.Length + (shortfall.Location?.Length ?? 0);
        }

        if (transition.After is { } after)
        {
            chars += (after.Reference?.Length ?? 0) + (after.Channel?.Length ?? 0);
            lines += after.Lines.Count;
            for (int i = 0; i < after.Lines.Count; i++)
            {
                chars += after.Lines[i].Sku.Length + after.Lines[i].Location.Length;
            }
        }

        return RestOfTransition + (lines * RestOfLine) + (chars * JsonName.MostBytesPerChar);
    }

    private void Reservation(Reservation after)
    {
        Add(",\"state\":\""u8);
        Add(StateOf(after.State));
        Add("\",\"created_at\":\""u8);
        Add(TimeOf(after.CreatedMicros, ref createdMicros, created));
        Add("\",\"expires_at\":\""u8);
        Add(TimeOf(after.ExpiresMicros, ref expiresMicros, expires));
        if (after.Reference is { } reference)
        {
            Add("\",\"reference\":\""u8);
            Name(reference);
        }

        if (after.Channel is { } channel)
        {
            Add("\",\"channel\":\""u8);
            Name(channel);
        }

        Add((byte)'"');
        if (after.Sales > 0)
        {
            Add(",\"sales\":"u8);
            Number((ulong)after.Sales);
        }

        Add(",\"lines\":["u8);
        for (int i = 0; i < after.Lines.Count; i++)
        {
            ReservationLine line = after.Lines[i];
            Add(i == 0 ? "{\"sku\":\""u8 : ",{\"sku\":\""u8);
            Name(line.Sku);
            Add("\",\"location\":\""u8);
            Name(line.Location);
            Add("\",\"quantity\":"u8);
            Quantity(line.Quantity);
            Add(",\"fulfilled\":"u8);
            Quantity(line.Fulfilled);
            Add((byte)'}');
        }

        Add((byte)']');
    }

    private void Shortfalls(IReadOnlyList<Shortfall> shortfalls)
    {
        if (shortfalls.Count == 0)
        {
            return;
        }

        Add(",\"shortfalls\":["u8);
        for (int i = 0; i < shortfalls.Count; i++)
        {
            Shortfall shortfall = shortfalls[i];
            Add(i == 0 ? "{\"sku\":\""u8 : ",{\"sku\":\""u8);
            Name(shortfall.Sku);
            if (shortfall.Location is { } location)
            {
                Add("\",\"location\":\""u8);
                Name(location);
            }

            Add("\",\"requested\":"u8);
            Quantity(shortfall.Requested);
            Add(",\"available\":"u8);
            Quantity(shortfall.Available);
            Add((byte)'}');
        }

        Add((byte)']');
    }

    // Most transitions of a batch have the times of the one before.
    private static ReadOnlySpan<byte> TimeOf(long micros, ref long last, byte[] text)
    {
        if (micros != last)
        {
            RecordTime.Format(micros, text);
            last = micros;
        }

        return text;
    }

    private void Quantity(Quantity quantity)
    {
        if (quantity.Raw < 0)
        {
            Add((byte)'-');
        }

        (ulong whole, ulong rest) = Math.DivRem(unchecked((ulong)(quantity.Raw < 0 ? -quantity.Raw : quantity.Raw)), (ulong)Records.Quantity.Scale);
        Number(whole);
        if (rest == 0)
        {
            return;
        }

        Add((byte)'.');
        for (ulong unit = (ulong)Records.Quantity.Scale / 10; rest > 0; unit /= 10)
        {
            (ulong digit, rest) = Math.DivRem(rest, unit);
            Add((byte)('0' + digit));
        }
    }

    private void Number(ulong value)
    {
        _ = Utf8Formatter.TryFormat(value, buffer.AsSpan(length), out int digits);
        length += digits;
    }

    private void Hash(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[HashDigits / 2];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        _ = Convert.TryToHexStringLower(bytes, buffer.AsSpan(length), out int digits);
        length += digits;
    }

    private int Name(string name)
    {
        int written = JsonName.Write(name, buffer.AsSpan(length));
        length += written;
        return written;
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(buffer.AsSpan(length));
        length += text.Length;
    }

    private void Add(byte text) => buffer[length++] = text;

    private void Require(int room)
    {
        if (buffer.Length < room)
        {
            buffer = new byte[room * 2];
        }
    }

    private static ReadOnlySpan<byte> StateOf(ReservationState state) => state switch
    {
        ReservationState.Held => "held"u8,
        ReservationState.Confirmed => "confirmed"u8,
        ReservationState.Fulfilled => "fulfilled"u8,
        ReservationState.Released => "released"u8,
        ReservationState.Expired => "expired"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a reservation."),
    };

    private static ReadOnlySpan<byte> OutcomeOf(ReservationRefusal refusal) => refusal switch
    {
        ReservationRefusal.None => "done"u8,
        ReservationRefusal.Shortfall => "shortfall"u8,
        ReservationRefusal.State => "state"u8,
        ReservationRefusal.Line => "line"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal that the journal does not keep."),
    };
}
