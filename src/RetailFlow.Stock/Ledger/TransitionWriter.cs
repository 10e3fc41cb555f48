using System.Buffers.Binary;
using System.Buffers.Text;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Writes transitions as JSON into a buffer of its own, one at a time. For one thread.
/// </summary>
internal sealed class TransitionWriter
{
    private const int HashDigits = 32;
    private const int MostDigits = 20;

    private readonly ByteBuffer text = new(1024);
    private readonly NameText ownId = new();
    private readonly NameText ownKey = new();
    private readonly TimeText created = new();
    private readonly TimeText expires = new();

    /// <summary>The JSON object.</summary>
    public ReadOnlySpan<byte> Text => text.Written;

    /// <summary>Writes a transition in place of the one before.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="entryMicros">The moment of its entry in the journal: a reservation that began then does not say so again. Null lets it say when.</param>
    public void Write(ReservationTransition transition, long? entryMicros)
    {
        ownId.Take(transition.Id);
        if (transition.Key is { } key)
        {
            ownKey.Take(key);
        }

        Write(transition, entryMicros, ownId, ownKey);
    }

    /// <summary>Writes a transition in place of the one before.</summary>
    /// <param name="transition">The transition.</param>
    /// <param name="entryMicros">The moment of its entry in the journal.</param>
    /// <param name="id">Its identity.</param>
    /// <param name="key">Its key, if it has one.</param>
    public void Write(ReservationTransition transition, long? entryMicros, NameText id, NameText key)
    {
        text.Clear();
        text.Append("{\"command\":\""u8);
        Name(transition.Command);
        text.Append("\",\"id\":\""u8);
        text.Append(id.Text);
        if (transition.Key is not null)
        {
            text.Append("\",\"key\":\""u8);
            text.Append(key.Text);
            text.Append("\",\"request\":\""u8);
            Hash(transition.RequestHash);
        }

        text.Append("\",\"outcome\":\""u8);
        text.Append(OutcomeOf(transition.Refusal));
        text.Append((byte)'"');
        if (transition.Reason is { } reason)
        {
            text.Append(",\"reason\":\""u8);
            Name(reason);
            text.Append((byte)'"');
        }

        Shortfalls(transition.Shortfalls);
        if (transition.After is { } after)
        {
            Reservation(after, entryMicros);
        }

        text.Append((byte)'}');
    }

    private void Reservation(Reservation after, long? entryMicros)
    {
        text.Append(",\"state\":\""u8);
        Name(Ledger.Reservation.NameOf(after.State));
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
            Name(reference);
        }

        if (after.Channel is { } channel)
        {
            text.Append("\",\"channel\":\""u8);
            Name(channel);
        }

        text.Append((byte)'"');
        if (after.Sales > 0)
        {
            text.Append(",\"sales\":"u8);
            Number((ulong)after.Sales);
        }

        text.Append(",\"lines\":["u8);
        ReadOnlySpan<ReservationLine> lines = after.LineSpan;
        for (int i = 0; i < lines.Length; i++)
        {
            ref readonly ReservationLine line = ref lines[i];
            text.Append(i == 0 ? "{\"sku\":\""u8 : ",{\"sku\":\""u8);
            Name(line.Sku);
            text.Append("\",\"location\":\""u8);
            Name(line.Location);
            text.Append("\",\"quantity\":"u8);
            Quantity(line.Quantity);
            text.Append(",\"fulfilled\":"u8);
            Quantity(line.Fulfilled);
            text.Append((byte)'}');
        }

        text.Append((byte)']');
    }

    private void Shortfalls(IReadOnlyList<Shortfall> shortfalls)
    {
        if (shortfalls.Count == 0)
        {
            return;
        }

        text.Append(",\"shortfalls\":["u8);
        for (int i = 0; i < shortfalls.Count; i++)
        {
            Shortfall shortfall = shortfalls[i];
            text.Append(i == 0 ? "{\"sku\":\""u8 : ",{\"sku\":\""u8);
            Name(shortfall.Sku);
            if (shortfall.Location is { } location)
            {
                text.Append("\",\"location\":\""u8);
                Name(location);
            }

            text.Append("\",\"requested\":"u8);
            Quantity(shortfall.Requested);
            text.Append(",\"available\":"u8);
            Quantity(shortfall.Available);
            text.Append((byte)'}');
        }

        text.Append((byte)']');
    }

    private void Quantity(Quantity quantity)
    {
        if (quantity.Raw < 0)
        {
            text.Append((byte)'-');
        }

        (ulong whole, ulong rest) = Math.DivRem(unchecked((ulong)(quantity.Raw < 0 ? -quantity.Raw : quantity.Raw)), (ulong)Records.Quantity.Scale);
        Number(whole);
        if (rest == 0)
        {
            return;
        }

        text.Append((byte)'.');
        for (ulong unit = (ulong)Records.Quantity.Scale / 10; rest > 0; unit /= 10)
        {
            (ulong digit, rest) = Math.DivRem(rest, unit);
            text.Append((byte)('0' + digit));
        }
    }

    private void Number(ulong value)
    {
        _ = Utf8Formatter.TryFormat(value, text.Free(MostDigits), out int digits);
        text.Advance(digits);
    }

    private void Hash(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[HashDigits / 2];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        _ = Convert.TryToHexStringLower(bytes, text.Free(HashDigits), out int digits);
        text.Advance(digits);
    }

    private void Name(string name) => text.Advance(JsonName.Write(name, text.Free(name.Length * JsonName.MostBytesPerChar)));

    private static ReadOnlySpan<byte> OutcomeOf(ReservationRefusal refusal) => refusal switch
    {
        ReservationRefusal.None => "done"u8,
        ReservationRefusal.Shortfall => "shortfall"u8,
        ReservationRefusal.State => "state"u8,
        ReservationRefusal.Line => "line"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "A refusal that the journal does not keep."),
    };
}
