using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>Writes transitions as JSON where they are to stand. For one thread.</summary>
internal sealed class TransitionWriter
{
    private const int HashDigits = 32;
    private const int MostDigits = 20;

    // More than the names of all members and what stands in them but names, lines and shortfalls.
    private const int MostOfRest = 512;

    // Of a line or a shortfall, but for its names.
    private const int MostOfLine = 128;

    private readonly NameText ownId = new();
    private readonly NameText ownKey = new();
    private readonly TimeText created = new();
    private readonly TimeText expires = new();

    /// <summary>Room that a transition takes at most, in bytes.</summary>
    /// <param name="transition">The transition.</param>
    public static int MostBytes(ReservationTransition transition)
    {
        int chars = transition.Id.Length + (transition.Key?.Length ?? 0) + transition.Command.Length + (transition.Reason?.Length ?? 0);
        int lines = 0;
        if (transition.After is { } after)
        {
            chars += (after.Reference?.Length ?? 0) + (after.Channel?.Length ?? 0);
            foreach (ref readonly ReservationLine line in after.LineSpan)
            {
                chars += line.Sku.Length + line.Location.Length;
                lines++;
            }
        }

        foreach (ref readonly Shortfall shortfall in transition.ShortfallSpan)
        {
            chars += shortfall.Sku.Length + (shortfall.Location?.Length ?? 0);
            lines++;
        }

        return MostOfRest + (chars * JsonName.MostBytesPerChar) + (lines * MostOfLine);
    }

    /// <summary>Writes a transition and returns its length.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="entryMicros">The moment of its entry in the journal: a reservation that began then does not say so again. Null lets it say when.</param>
    /// <param name="into">Room of <see cref="MostBytes"/>.</param>
    public int Write(ReservationTransition transition, long? entryMicros, Span<byte> into)
    {
        ownId.Take(transition.Id);
        if (transition.Key is { } key)
        {
            ownKey.Take(key);
        }

        return Write(transition, entryMicros, ownId, ownKey, into);
    }

    /// <summary>Writes a transition and returns its length.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="entryMicros">The moment of its entry in the journal.</param>
    /// <param name="id">Its identity.</param>
    /// <param name="key">Its key, if it has one.</param>
    /// <param name="into">Room of <see cref="MostBytes"/>.</param>
    public int Write(ReservationTransition transition, long? entryMicros, NameText id, NameText key, Span<byte> into)
    {
        Run text = new(into);
        text.Append("{\"command\":\""u8);
        text.Name(transition.Command);
        text.Append("\",\"id\":\""u8);
        text.Append(id.Text);
        if (transition.Key is not null)
        {
            text.Append("\",\"key\":\""u8);
            text.Append(key.Text);
            text.Append("\",\"request\":\""u8);
            text.Hash(transition.RequestHash);
        }

        if (transition.Refusal == ReservationRefusal.None)
        {
            text.Append("\",\"outcome\":\"done\""u8);
        }
        else
        {
            text.Append("\",\"outcome\":\""u8);
            text.Append(OutcomeOf(transition.Refusal));
            text.Append((byte)'"');
        }

        if (transition.Reason is { } reason)
        {
            text.Append(",\"reason\":\""u8);
            text.Name(reason);
            text.Append((byte)'"');
        }

        Shortfalls(transition.ShortfallSpan, ref text);
        if (transition.After is { } after)
        {
            Reservation(after, entryMicros, ref text);
        }

        text.Append((byte)'}');
        return text.Length;
    }

    private void Reservation(Reservation after, long? entryMicros, ref Run text)
    {
        if (after.State == ReservationState.Held)
        {
            text.Append(",\"state\":\"held"u8);
        }
        else
        {
            text.Append(",\"state\":\""u8);
            text.Name(Ledger.Reservation.NameOf(after.State));
        }

        if (after.CreatedMicros != entryMicros)
        {
            text.Append("\",\"created_at\":\""u8);
            text.Append(created.Of(after.CreatedMicros));
        }

        text.Append("\",\"expires_at\":\""u8);
        text.Append(expires.Of(after.ExpiresMicros));
        if (after.Reference is { } reference)
        {
            text.Append("\",\"reference\":\""u8);
            text.Name(reference);
        }

        if (after.Channel is { } channel)
        {
            text.Append("\",\"channel\":\""u8);
            text.Name(channel);
        }

        text.Append((byte)'"');
        if (after.Sales > 0)
        {
            text.Append(",\"sales\":"u8);
            text.Number((ulong)after.Sales);
        }

        text.Append(",\"lines\":["u8);
        ReadOnlySpan<ReservationLine> lines = after.LineSpan;
        for (int i = 0; i < lines.Length; i++)
        {
            ref readonly ReservationLine line = ref lines[i];
            if (i > 0)
            {
                text.Append((byte)',');
            }

            text.Append("{\"sku\":\""u8);
            text.Name(line.Sku);
            text.Append("\",\"location\":\""u8);
            text.Name(line.Location);
            text.Append("\",\"quantity\":"u8);
            text.Quantity(line.Quantity);
            text.Append(",\"fulfilled\":"u8);
            text.Quantity(line.Fulfilled);
            text.Append((byte)'}');
        }

        text.Append((byte)']');
    }

    private static void Shortfalls(ReadOnlySpan<Shortfall> shortfalls, ref Run text)
    {
        if (shortfalls.IsEmpty)
        {
            return;
        }

        text.Append(",\"shortfalls\":["u8);
        for (int i = 0; i < shortfalls.Length; i++)
        {
            ref readonly Shortfall shortfall = ref shortfalls[i];
            text.Append(i == 0 ? "{\"sku\":\""u8 : ",{\"sku\":\""u8);
            text.Name(shortfall.Sku);
            if (shortfall.Location is { } location)
            {
                text.Append("\",\"location\":\""u8);
                text.Name(location);
            }

            text.Append("\",\"requested\":"u8);
            text.Quantity(shortfall.Requested);
            text.Append(",\"available\":"u8);
            text.Quantity(shortfall.Available);
            text.Append((byte)'}');
        }

        text.Append((byte)']');
    }

    private static ReadOnlySpan<byte> OutcomeOf(ReservationRefusal refusal) => refusal switch
    {
        ReservationRefusal.None => "done"u8,
        ReservationRefusal.Shortfall => "shortfall"u8,
        ReservationRefusal.State => "state"u8,
        ReservationRefusal.Line => "line"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal that the journal does not keep."),
    };

    /// <summary>What is written, in room that is long enough.</summary>
    private ref struct Run(Span<byte> room)
    {
        private readonly Span<byte> room = room;

        public int Length { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Append(byte value) => room[Length++] = value;

        [MethodImpl(MethodImplOptions.AggressiveInlining)] // A literal is then a few instructions.
        public void Append(ReadOnlySpan<byte> more)
        {
            more.CopyTo(room[Length..]);
            Length += more.Length;
        }

        public void Name(string name) => Length += JsonName.Write(name, room[Length..]);

        public void Hash(UInt128 hash)
        {
            Span<byte> bytes = stackalloc byte[HashDigits / 2];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
            _ = Convert.TryToHexStringLower(bytes, room.Slice(Length, HashDigits), out int digits);
            Length += digits;
        }

        public void Quantity(Quantity quantity)
        {
            if (quantity.Raw < 0)
            {
                Append((byte)'-');
            }

            (ulong whole, ulong rest) = Math.DivRem(unchecked((ulong)(quantity.Raw < 0 ? -quantity.Raw : quantity.Raw)), (ulong)Records.Quantity.Scale);
            Number(whole);
            if (rest == 0)
            {
                return;
            }

            Append((byte)'.');
            for (ulong unit = (ulong)Records.Quantity.Scale / 10; rest > 0; unit /= 10)
            {
                (ulong digit, rest) = Math.DivRem(rest, unit);
                Append((byte)('0' + digit));
            }
        }

        public void Number(ulong value)
        {
            if (value < 10)
            {
                Append((byte)('0' + value));
                return;
            }

            _ = Utf8Formatter.TryFormat(value, room.Slice(Length, MostDigits), out int digits);
            Length += digits;
        }
    }
}
