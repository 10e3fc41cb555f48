using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RetailFlow.Stock.Ledger;

namespace RetailFlow.Node.Http;

/// <summary>
/// A command as it came over HTTP: its key, what it asks for, and a hash that tells one request from another. The body is read where it lies;
/// commands that were made of it keep nothing of it.
/// </summary>
internal readonly ref struct ReservationRequest
{
    public const int MostLines = 100;
    public const int LongestKey = 128;
    public const long LongestTtlSeconds = 86_400;
    public const long DefaultTtlSeconds = 900;

    private const int MaxDepth = 16;
    private const string KeyHeader = "Idempotency-Key";

    private const int LinesAt = 0, TtlAt = 1, ReferenceAt = 2, ChannelAt = 3, PartialAt = 4;
    private const int SkuAt = 0, LocationAt = 1, QuantityAt = 2, NumberAt = 3;

    private static readonly byte[][] s_members =
        ["lines"u8.ToArray(), "ttl_seconds"u8.ToArray(), "reference"u8.ToArray(), "channel"u8.ToArray(), "allow_partial"u8.ToArray()];

    private static readonly byte[][] s_lineMembers = ["sku"u8.ToArray(), "location"u8.ToArray(), "quantity"u8.ToArray(), "line"u8.ToArray()];

    private readonly ReadOnlySpan<byte> _body;
    private readonly Places _places;

    private ReservationRequest(string key, UInt128 hash, ReadOnlySpan<byte> body)
    {
        Key = key;
        Hash = hash;
        _body = body;
        if (!body.IsEmpty)
        {
            // Only here, where the hash has been taken: names with half a surrogate pair cannot be compared, and have none.
            var reader = new Utf8JsonReader(body);
            reader.Read();
            Find(ref reader, s_members, ref _places);
        }
    }

    private delegate T LineReader<T>(ReadOnlySpan<byte> text, in Places places, int index);

    public string Key { get; }

    public UInt128 Hash { get; }

    /// <summary>Reads key and body. Members of the body that nobody knows are passed over, as those of stock records are.</summary>
    /// <param name="request">The request.</param>
    /// <param name="verb">The command.</param>
    /// <param name="id">The reservation; empty for a new one.</param>
    /// <param name="body">The body.</param>
    /// <exception cref="InvalidRequestException">It is wrong; the message says what.</exception>
    public static ReservationRequest Read(HttpRequest request, string verb, string id, ReadOnlySpan<byte> body)
    {
        if (request.Headers[KeyHeader] is not [{ Length: >= 1 and <= LongestKey } key] || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new InvalidRequestException($"{KeyHeader} must be given once, with 1 to {LongestKey} printable ASCII characters: the same key gets the same answer.");
        }

        return Read(key, verb, id, body);
    }

    /// <inheritdoc cref="Read(HttpRequest, string, string, ReadOnlySpan{byte})"/>
    internal static ReservationRequest Read(string key, string verb, string id, ReadOnlySpan<byte> body)
    {
        if (body.Trim(" \t\r\n"u8).IsEmpty)
        {
            body = default;
        }
        else if (!IsObject(body))
        {
            throw new InvalidRequestException("The body must be one JSON object.");
        }

        return RequestHash.TryOf(verb, id, body, out var hash)
            ? new ReservationRequest(key, hash, body)
            : throw new InvalidRequestException("The body has no single meaning: a member is there twice, or a number cannot be told exactly.");
    }

    public HoldCommand ToHold(string id) => new(Key, Hash, id)
    {
        Lines = Lines(1, s_requestedLineOf),
        TtlMicros = TtlMicros(DefaultTtlSeconds),
        Reference = RequestText.Name(_body, _places[ReferenceAt], "reference"),
        Channel = RequestText.Name(_body, _places[ChannelAt], "channel"),
        AllowPartial = AllowPartial(),
    };

    public ExtendCommand ToExtend(string id) => new(Key, Hash, id, TtlMicros(null));

    public ConfirmCommand ToConfirm(string id) => new(Key, Hash, id);

    public ReleaseCommand ToRelease(string id) => new(Key, Hash, id);

    public FulfilCommand ToFulfil(string id) => new(Key, Hash, id) { Lines = Lines(0, s_fulfilledLineOf) };

    private static readonly LineReader<RequestedLine> s_requestedLineOf = static (text, in places, index) => new RequestedLine(
        RequestText.Name(text, places[SkuAt], "sku", index) ?? throw new InvalidRequestException($"{RequestText.Path("sku", index)} is missing."),
        RequestText.Name(text, places[LocationAt], "location", index),
        RequestText.Quantity(text, places[QuantityAt], index) ?? throw new InvalidRequestException($"{RequestText.Path("quantity", index)} is missing."));

    private static readonly LineReader<FulfilledLine> s_fulfilledLineOf = static (text, in places, index) =>
        RequestText.TryValue(text, places[NumberAt], out var given) && given.TokenType == JsonTokenType.Number && given.TryGetInt32(out var number) && number is >= 1 and <= MostLines
            ? new FulfilledLine(number, RequestText.Quantity(text, places[QuantityAt], index))
            : throw new InvalidRequestException($"{RequestText.Path("line", index)} must be the number of a line, from 1 to {MostLines}.");

    private static bool IsObject(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            while (reader.Read())
            {
                // To the end: all of it must be right.
            }

            return isObject;
        }
        catch (JsonException malformed)
        {
            throw new InvalidRequestException($"The body is not JSON: {malformed.Message}");
        }
    }

    /// <summary>Passes over the object that the reader is at the beginning of, and notes where the values of some members are.</summary>
    private static void Find(ref Utf8JsonReader reader, byte[][] members, ref Places places)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = 0;
            while (member < members.Length && !reader.ValueTextEquals(members[member]))
            {
                member++;
            }

            reader.Read();
            if (member < members.Length)
            {
                places[member] = (int)reader.TokenStartIndex;
            }

            reader.Skip();
        }
    }

    private T[] Lines<T>(int least, LineReader<T> read)
    {
        if (!RequestText.TryValue(_body, _places[LinesAt], out var reader))
        {
            return least == 0 ? [] : throw new InvalidRequestException($"lines is missing: 1 to {MostLines} lines.");
        }

        var count = reader.TokenType == JsonTokenType.StartArray ? CountOf(reader) : 0;
        if (count is < 1 or > MostLines)
        {
            throw new InvalidRequestException($"lines must be an array of 1 to {MostLines} lines.");
        }

        var text = _body[_places[LinesAt]..];
        var lines = new T[count];
        for (var i = 0; i < lines.Length; i++)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new InvalidRequestException($"lines[{i}] must be an object.");
            }

            var places = default(Places);
            Find(ref reader, s_lineMembers, ref places);
            lines[i] = read(text, in places, i);
        }

        return lines;
    }

    private static int CountOf(Utf8JsonReader array)
    {
        var count = 0;
        while (array.Read() && array.TokenType != JsonTokenType.EndArray)
        {
            array.Skip();
            count++;
        }

        return count;
    }

    private long TtlMicros(long? otherwise)
    {
        if (!RequestText.TryValue(_body, _places[TtlAt], out var given))
        {
            return (otherwise ?? throw new InvalidRequestException("ttl_seconds is missing.")) * 1_000_000;
        }

        return given.TokenType == JsonTokenType.Number && given.TryGetDecimal(out var seconds) && seconds is >= 1 and <= LongestTtlSeconds && decimal.IsInteger(seconds)
            ? (long)seconds * 1_000_000
            : throw new InvalidRequestException($"ttl_seconds must be a whole number from 1 to {LongestTtlSeconds}.");
    }

    private bool AllowPartial() => RequestText.TryValue(_body, _places[PartialAt], out var given) && given.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw new InvalidRequestException("allow_partial must be true or false."),
    };

    /// <summary>Where values begin; 0 for a member that is not there, since no value of an object or of an array's element begins where that does.</summary>
    [InlineArray(5)]
    private struct Places
    {
        private int _first;
    }
}

/// <summary>A request that is wrong; the message tells the caller what to do about it.</summary>
internal sealed class InvalidRequestException(string message) : Exception(message);
