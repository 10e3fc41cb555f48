using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Transitions in few bytes, as they are kept in memory: keys of stock by their number, moments by their distance, no names of members. What is read
/// of one is what <see cref="TransitionReader"/> reads of its JSON. For one thread.
/// </summary>
/// <remarks>
/// The identity and the key stand before it as their texts (<see cref="NameText"/>). It is: a byte of the command, the refusal and which parts there are; a byte of
/// the parts of the reservation; the moment (8 bytes); the request's hash, if there is a key (16 bytes); the parts, in the order of <see cref="Write"/>. Numbers are in groups of seven
/// bits, the lowest first, those that may be negative with the sign as their lowest bit; texts are UTF-8 behind their length.
/// </remarks>
/// <param name="ledger">Whose numbers of keys are used.</param>
internal sealed class PackedTransition(StockLedger ledger)
{
    private const int CommandBits = 3;
    private const int RefusalBits = 3;
    private const byte HasKey = 1 << (CommandBits + RefusalBits);
    private const byte HasAfter = HasKey << 1;

    private const byte HasReason = 1;
    private const byte HasShortfalls = 2;
    private const byte HasReference = 4;
    private const byte HasChannel = 8;

    // Of a varying number of bytes: nine groups of seven bits and one of one.
    private const int MostBytesOfNumber = 10;

    // Number 0 is any other, as a text.
    private static readonly string[] s_commands = ["", "hold", "expire", "confirm", "fulfil", "release", "extend", "consume"];

    private readonly ByteBuffer packed = new(256);

    /// <summary>Packs all of a transition but the texts of its names; valid until the next call.</summary>
    public ReadOnlySpan<byte> Write(ReservationTransition transition)
    {
        packed.Clear();
        Reservation? after = transition.After;
        ReadOnlySpan<Shortfall> shortfalls = transition.ShortfallSpan;
        int command = NumberOf(transition.Command);
        packed.Append(unchecked((byte)(command | ((int)transition.Refusal << CommandBits)
            | (transition.Key is null ? 0 : HasKey) | (after is null ? 0 : HasAfter))));
        packed.Append((byte)((transition.Reason is null ? 0 : HasReason) | (shortfalls.IsEmpty ? 0 : HasShortfalls)
            | (after?.Reference is null ? 0 : HasReference) | (after?.Channel is null ? 0 : HasChannel)));
        BinaryPrimitives.WriteInt64LittleEndian(packed.Free(sizeof(long)), transition.AtMicros);
        packed.Advance(sizeof(long));
        if (transition.Key is not null)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(packed.Free(2 * sizeof(ulong)), transition.RequestHash);
            packed.Advance(2 * sizeof(ulong));
        }

        if (command == 0)
        {
            Text(transition.Command);
        }

        if (transition.Reason is { } reason)
        {
            Text(reason);
        }

        if (!shortfalls.IsEmpty)
        {
            Shortfalls(shortfalls);
        }

        if (after is not null)
        {
            Reservation(after, transition.AtMicros);
        }

        return packed.Written;
    }

    /// <summary>Reads what <see cref="Write"/> has packed; what follows it does not matter.</summary>
    /// <param name="id">The identity's text.</param>
    /// <param name="key">The key's text.</param>
    /// <param name="bytes">The rest.</param>
    public ReservationTransition Read(ReadOnlySpan<byte> id, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes)
    {
        byte first = bytes[0];
        byte parts = bytes[1];
        Cursor cursor = new(bytes[2..]);
        long atMicros = cursor.Int64();
        UInt128 hash = (first & HasKey) != 0 ? cursor.UInt128() : UInt128.Zero;
        int command = first & ((1 << CommandBits) - 1);
        string name = NameOf(id);
        return new ReservationTransition
        {
            Command = command == 0 ? cursor.Text() : s_commands[command],
            Id = name,
            Key = (first & HasKey) != 0 ? NameOf(key) : null,
            RequestHash = hash,
            Refusal = (ReservationRefusal)((first >> CommandBits) & ((1 << RefusalBits) - 1)),
            Reason = (parts & HasReason) != 0 ? cursor.Text() : null,
            Shortfalls = (parts & HasShortfalls) != 0 ? Shortfalls(ref cursor) : [],
            After = (first & HasAfter) != 0 ? Reservation(name, parts, atMicros, ref cursor) : null,
            AtMicros = atMicros,
        };
    }

    private static int NumberOf(string command)
    {
        for (int number = 1; number < s_commands.Length; number++)
        {
            if (s_commands[number] == command)
            {
                return number;
            }
        }

        return 0;
    }

    private void Reservation(Reservation after, long atMicros)
    {
        packed.Append((byte)after.State);
        Signed(unchecked(atMicros - after.CreatedMicros));
        Signed(unchecked(after.ExpiresMicros - atMicros));
        Signed(after.Sales);
        if (after.Reference is { } reference)
        {
            Text(reference);
        }

        if (after.Channel is { } channel)
        {
            Text(channel);
        }

        ReadOnlySpan<ReservationLine> lines = after.LineSpan;
        Number((uint)lines.Length);
        foreach (ref readonly ReservationLine line in lines)
        {
            // A ledger that does not have the key has no number for it.
            int number = ledger.NumberOf(line.Sku, line.Location);
            Number((uint)(number + 1));
            if (number < 0)
            {
                Text(line.Sku);
                Text(line.Location);
            }

            Signed(line.Quantity.Raw);
            Signed(line.Fulfilled.Raw);
        }
    }

    private Reservation Reservation(string id, byte parts, long atMicros, ref Cursor cursor)
    {
        ReservationState state = (ReservationState)cursor.Byte();
        long created = unchecked(atMicros - cursor.Signed());
        long expires = unchecked(atMicros + cursor.Signed());
        int sales = (int)cursor.Signed();
        string? reference = (parts & HasReference) != 0 ? cursor.Text() : null;
        string? channel = (parts & HasChannel) != 0 ? cursor.Text() : null;
        ReservationLine[] lines = new ReservationLine[(int)cursor.Number()];
        foreach (ref ReservationLine line in lines.AsSpan())
        {
            int number = (int)cursor.Number() - 1;
            (string sku, string location) = number < 0 ? (cursor.Text(), cursor.Text()) : ledger.NamesOf(number);
            line = new ReservationLine(sku, location, new Quantity(cursor.Signed()), new Quantity(cursor.Signed()));
        }

        return new Reservation
        {
            Id = id,
            State = state,
            CreatedMicros = created,
            ExpiresMicros = expires,
            Sales = sales,
            Reference = reference,
            Channel = channel,
            Lines = lines,
        };
    }

    private void Shortfalls(ReadOnlySpan<Shortfall> shortfalls)
    {
        Number((uint)shortfalls.Length);
        foreach (ref readonly Shortfall shortfall in shortfalls)
        {
            Text(shortfall.Sku);
            packed.Append((byte)(shortfall.Location is null ? 0 : 1));
            if (shortfall.Location is { } location)
            {
                Text(location);
            }

            Signed(shortfall.Requested.Raw);
            Signed(shortfall.Available.Raw);
        }
    }

    private static Shortfall[] Shortfalls(ref Cursor cursor)
    {
        Shortfall[] shortfalls = new Shortfall[(int)cursor.Number()];
        foreach (ref Shortfall shortfall in shortfalls.AsSpan())
        {
            string sku = cursor.Text();
            string? location = cursor.Byte() == 0 ? null : cursor.Text();
            shortfall = new Shortfall(sku, location, new Quantity(cursor.Signed()), new Quantity(cursor.Signed()));
        }

        return shortfalls;
    }

    private void Text(string text)
    {
        Number((uint)Encoding.UTF8.GetByteCount(text));
        packed.Advance(Encoding.UTF8.GetBytes(text, packed.Free(Encoding.UTF8.GetMaxByteCount(text.Length))));
    }

    private void Signed(long value) => Number(unchecked((ulong)((value << 1) ^ (value >> 63))));

    private void Number(ulong value)
    {
        if (value < 0x80)
        {
            packed.Append((byte)value);
            return;
        }

        Span<byte> free = packed.Free(MostBytesOfNumber);
        int count = 0;
        while (value >= 0x80)
        {
            free[count++] = unchecked((byte)(value | 0x80));
            value >>= 7;
        }

        free[count++] = (byte)value;
        packed.Advance(count);
    }

    /// <summary>The name of a text: what its JSON string says.</summary>
    private static string NameOf(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(text);
        }

        Utf8JsonReader reader = new([(byte)'"', .. text, (byte)'"']);
        reader.Read();
        return reader.GetString()!;
    }

    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public byte Byte()
        {
            byte value = rest[0];
            rest = rest[1..];
            return value;
        }

        public long Int64()
        {
            long value = BinaryPrimitives.ReadInt64LittleEndian(rest);
            rest = rest[sizeof(long)..];
            return value;
        }

        public UInt128 UInt128()
        {
            UInt128 value = BinaryPrimitives.ReadUInt128LittleEndian(rest);
            rest = rest[(2 * sizeof(ulong))..];
            return value;
        }

        public ulong Number()
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte group = Byte();
                value |= (ulong)(group & 0x7F) << shift;
                if (group < 0x80)
                {
                    return value;
                }
            }
        }

        public long Signed()
        {
            ulong value = Number();
            return unchecked((long)(value >> 1) ^ -(long)(value & 1));
        }

        public string Text()
        {
            int length = (int)Number();
            string text = Encoding.UTF8.GetString(rest[..length]);
            rest = rest[length..];
            return text;
        }
    }
}
