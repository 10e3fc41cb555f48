using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RetailFlow.Stock.Records;

namespace RetailFlow.Stock.Ledger;

/// <summary>
/// Reads transitions in one pass over their bytes, whatever the order of the members. Of SKUs and locations that a ledger knows it takes
/// the ledger's own strings. For any number of threads.
/// </summary>
/// <param name="names">The ledger; null where there is none.</param>
public sealed class TransitionReader(StockLedger? names = null)
{
    // Names have 128 characters at most where they come in; longer ones are read all the same.
    private const int NameRoom = 256;
    private const int HashDigits = 32;

    /// <summary>Reads what <see cref="TransitionJson.Write"/> has written.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="atMicros">The moment of the envelope.</param>
    /// <exception cref="InvalidDataException">It is no transition; the message names what is wrong.</exception>
    public ReservationTransition Read(ReadOnlySpan<byte> utf8, long atMicros)
    {
        try
        {
            Utf8JsonReader reader = new(utf8);
            Members members = default;
            Require(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "it is no object");
            while (Next(ref reader))
            {
                Take(ref reader, ref members);
            }

            Require(!reader.Read(), "something follows it");
            return members.ToTransition(atMicros);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The journal holds a reservation transition that cannot be read: {e.Message}", e);
        }
    }

    private void Take(ref Utf8JsonReader reader, ref Members members)
    {
        if (Is(ref reader, "command"u8))
        {
            members.Command = CommandNamed(ref reader);
        }
        else if (Is(ref reader, "id"u8))
        {
            members.Id = reader.GetString();
        }
        else if (Is(ref reader, "key"u8))
        {
            members.Key = reader.GetString();
        }
        else if (Is(ref reader, "request"u8))
        {
            members.Request = Hash(ref reader);
        }
        else if (Is(ref reader, "outcome"u8))
        {
            members.Outcome = TransitionJson.RefusalOf(Text(ref reader, "outcome"));
        }
        else if (Is(ref reader, "reason"u8))
        {
            members.Reason = reader.GetString();
        }
        else if (Is(ref reader, "shortfalls"u8))
        {
            members.Shortfalls = Shortfalls(ref reader);
        }
        else if (Is(ref reader, "state"u8))
        {
            members.State = Reservation.StateNamed(Text(ref reader, "state"))
                ?? throw new FormatException($"state '{reader.GetString()}' is not a state of a reservation.");
        }
        else if (Is(ref reader, "created_at"u8))
        {
            members.CreatedAt = Moment(ref reader, "created_at");
        }
        else if (Is(ref reader, "expires_at"u8))
        {
            members.ExpiresAt = Moment(ref reader, "expires_at");
        }
        else if (Is(ref reader, "reference"u8))
        {
            members.Reference = reader.GetString();
        }
        else if (Is(ref reader, "channel"u8))
        {
            members.Channel = reader.GetString();
        }
        else if (Is(ref reader, "sales"u8))
        {
            members.Sales = reader.GetInt32();
        }
        else if (Is(ref reader, "lines"u8))
        {
            members.Lines = Lines(ref reader);
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private ReservationLine[] Lines(ref Utf8JsonReader reader)
    {
        ReservationLine[] lines = new ReservationLine[1];
        int count = 0;
        Require(reader.TokenType == JsonTokenType.StartArray, "lines are no list");
        while (NextElement(ref reader))
        {
            if (count == lines.Length)
            {
                Array.Resize(ref lines, count * 2);
            }

            Line line = ReadLine(ref reader);
            lines[count++] = new ReservationLine(
                line.Sku ?? throw Missing("sku"),
                line.Location ?? throw Missing("location"),
                line.Quantity ?? throw Missing("quantity"),
                line.Fulfilled ?? throw Missing("fulfilled"));
        }

        Array.Resize(ref lines, count);
        return lines;
    }

    private List<Shortfall> Shortfalls(ref Utf8JsonReader reader)
    {
        List<Shortfall> shortfalls = [];
        Require(reader.TokenType == JsonTokenType.StartArray, "shortfalls are no list");
        while (NextElement(ref reader))
        {
            Line line = ReadLine(ref reader);
            shortfalls.Add(new Shortfall(
                line.Sku ?? throw Missing("sku"), line.Location, line.Requested ?? throw Missing("requested"), line.Available ?? throw Missing("available")));
        }

        return shortfalls;
    }

    private Line ReadLine(ref Utf8JsonReader reader)
    {
        Line line = default;
        Utf8JsonReader sku = default;
        Utf8JsonReader location = default;
        Require(reader.TokenType == JsonTokenType.StartObject, "a line is no object");
        while (Next(ref reader))
        {
            if (Is(ref reader, "sku"u8))
            {
                sku = reader;
            }
            else if (Is(ref reader, "location"u8))
            {
                location = reader;
            }
            else if (Is(ref reader, "quantity"u8))
            {
                line.Quantity = Number(ref reader);
            }
            else if (Is(ref reader, "fulfilled"u8))
            {
                line.Fulfilled = Number(ref reader);
            }
            else if (Is(ref reader, "requested"u8))
            {
                line.Requested = Number(ref reader);
            }
            else if (Is(ref reader, "available"u8))
            {
                line.Available = Number(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        (line.Sku, line.Location) = Names(ref sku, ref location);
        return line;
    }

    private (string? Sku, string? Location) Names(ref Utf8JsonReader sku, ref Utf8JsonReader location)
    {
        if (names is not null && IsPlain(ref sku) && IsPlain(ref location))
        {
            Span<char> skuText = stackalloc char[NameRoom];
            Span<char> locationText = stackalloc char[NameRoom];
            skuText = skuText[..Encoding.UTF8.GetChars(sku.ValueSpan, skuText)];
            locationText = locationText[..Encoding.UTF8.GetChars(location.ValueSpan, locationText)];
            return names.TryFindNames(skuText, locationText, out string knownSku, out string knownLocation)
                ? (knownSku, knownLocation)
                : (new string(skuText), new string(locationText));
        }

        return (sku.TokenType == JsonTokenType.None ? null : sku.GetString(), location.TokenType == JsonTokenType.None ? null : location.GetString());
    }

    private static bool IsPlain(ref Utf8JsonReader text) =>
        text.TokenType == JsonTokenType.String && !text.ValueIsEscaped && text.ValueSpan.Length <= NameRoom;

    /// <summary>Goes to the next member's name; false behind the last.</summary>
    private static bool Next(ref Utf8JsonReader reader)
    {
        Require(reader.Read(), "it ends too early");
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    private static bool NextElement(ref Utf8JsonReader reader)
    {
        Require(reader.Read(), "it ends too early");
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Whether the member at the reader has that name; goes to its value if so.</summary>
    private static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => reader.ValueTextEquals(name) && reader.Read();

    private static string CommandNamed(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && TransitionJson.KnownCommand(reader.ValueSpan) is { } known
            ? known
            : reader.GetString() ?? throw new FormatException("command is null.");

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, string name)
    {
        Require(reader.TokenType == JsonTokenType.String, $"{name} is no text");
        return reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
    }

    private static UInt128? Hash(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length == HashDigits
            && Utf8Parser.TryParse(reader.ValueSpan[..16], out ulong high, out int highDigits, 'x')
            && Utf8Parser.TryParse(reader.ValueSpan[16..], out ulong low, out int lowDigits, 'x') && highDigits + lowDigits == HashDigits)
        {
            return new UInt128(high, low);
        }

        return reader.GetString() is { } text ? UInt128.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : null;
    }

    private static long Moment(ref Utf8JsonReader reader, string name) =>
        RecordTime.Parse(Text(ref reader, name), out long micros) == TimeFault.None
            ? micros
            : throw new FormatException($"{name} '{reader.GetString()}' is not a moment.");

    // Sums are larger than what one record may have.
    private static Quantity Number(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && Quantity.Parse(reader.ValueSpan, out Quantity quantity) == DecimalFault.None
            ? quantity
            : Quantity.FromDecimal(reader.GetDecimal());

    private static FormatException Missing(string name) => new($"{name} is missing.");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FormatException(otherwise + ".");
        }
    }

    private struct Line
    {
        public string? Sku;
        public string? Location;
        public Quantity? Quantity;
        public Quantity? Fulfilled;
        public Quantity? Requested;
        public Quantity? Available;
    }

    private struct Members
    {
        public string? Command;
        public string? Id;
        public string? Key;
        public UInt128? Request;
        public ReservationRefusal? Outcome;
        public string? Reason;
        public List<Shortfall>? Shortfalls;
        public ReservationState? State;
        public long? CreatedAt;
        public long? ExpiresAt;
        public string? Reference;
        public string? Channel;
        public int Sales;
        public ReservationLine[]? Lines;

        public readonly ReservationTransition ToTransition(long atMicros) => new()
        {
            Command = Command ?? throw Missing("command"),
            Id = Id ?? throw Missing("id"),
            Key = Key,
            RequestHash = Request ?? UInt128.Zero,
            Refusal = Outcome ?? throw Missing("outcome"),
            Reason = Reason,
            Shortfalls = Shortfalls ?? (IReadOnlyList<Shortfall>)[],
            After = State is { } state
                ? new Reservation
                {
                    Id = Id,
                    State = state,
                    CreatedMicros = CreatedAt ?? atMicros,
                    ExpiresMicros = ExpiresAt ?? throw Missing("expires_at"),
                    Reference = Reference,
                    Channel = Channel,
                    Sales = Sales,
                    Lines = Lines ?? throw Missing("lines"),
                }
                : null,
            AtMicros = atMicros,
        };
    }
}
