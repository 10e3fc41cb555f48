using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node.Http;

/// <summary>A command as it came over HTTP: its key, what it asks for, and a hash that tells one request from another.</summary>
internal sealed class ReservationRequest : IDisposable
{
    public const int MostLines = 100;
    public const int LongestName = 128;
    public const int LongestKey = 128;
    public const long LongestTtlSeconds = 86_400;
    public const long DefaultTtlSeconds = 900;

    private const int MaxDepth = 16;
    private const string KeyHeader = "Idempotency-Key";
    private readonly JsonDocument? _document;
    private readonly JsonElement _root;

    private ReservationRequest(string key, UInt128 hash, JsonDocument? document)
    {
        Key = key;
        Hash = hash;
        _document = document;
        _root = document?.RootElement ?? default;
    }

    public string Key { get; }

    public UInt128 Hash { get; }

    /// <summary>Reads key and body. Members of the body that nobody knows are passed over, as those of stock records are.</summary>
    /// <param name="request">The request.</param>
    /// <param name="verb">The command.</param>
    /// <param name="id">The reservation; empty for a new one.</param>
    /// <param name="body">The body.</param>
    /// <exception cref="InvalidRequestException">It is wrong; the message says what.</exception>
    public static ReservationRequest Read(HttpRequest request, string verb, string id, ReadOnlyMemory<byte> body)
    {
        if (request.Headers[KeyHeader] is not [{ Length: >= 1 and <= LongestKey } key] || !key.All(c => c is >= ' ' and <= '~'))
        {
            throw new InvalidRequestException($"{KeyHeader} must be given once, with 1 to {LongestKey} printable ASCII characters: the same key gets the same answer.");
        }

        var isEmpty = body.Span.Trim(" \t\r\n"u8).IsEmpty;
        JsonDocument? document = null;
        if (!isEmpty)
        {
            try
            {
                document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            }
            catch (JsonException malformed)
            {
                throw new InvalidRequestException($"The body is not JSON: {malformed.Message}");
            }
        }

        if (document is { RootElement.ValueKind: not JsonValueKind.Object })
        {
            document.Dispose();
            throw new InvalidRequestException("The body must be one JSON object.");
        }

        if (!RequestHash.TryOf(verb, id, isEmpty ? default : body.Span, out var hash))
        {
            document?.Dispose();
            throw new InvalidRequestException("The body has no single meaning: a member is there twice, or a number cannot be told exactly.");
        }

        return new ReservationRequest(key, hash, document);
    }

    /// <summary>Gives back the memory of the body; commands that were made of it keep nothing of it.</summary>
    public void Dispose() => _document?.Dispose();

    public HoldCommand ToHold(string id) => new(Key, Hash, id)
    {
        Lines = Elements("lines", 1, RequestedLineOf),
        TtlMicros = TtlMicros(DefaultTtlSeconds),
        Reference = OptionalName(_root, "reference"),
        Channel = OptionalName(_root, "channel"),
        AllowPartial = Flag("allow_partial"),
    };

    public ExtendCommand ToExtend(string id) => new(Key, Hash, id, TtlMicros(null));

    public ConfirmCommand ToConfirm(string id) => new(Key, Hash, id);

    public ReleaseCommand ToRelease(string id) => new(Key, Hash, id);

    public FulfilCommand ToFulfil(string id) => new(Key, Hash, id) { Lines = Elements("lines", 0, FulfilledLineOf) };

    private static RequestedLine RequestedLineOf(JsonElement line, int index) => new(
        OptionalName(line, "sku", index) ?? throw new InvalidRequestException($"{Path("sku", index)} is missing."),
        OptionalName(line, "location", index),
        QuantityOf(line, index) ?? throw new InvalidRequestException($"{Path("quantity", index)} is missing."));

    private static FulfilledLine FulfilledLineOf(JsonElement line, int index)
    {
        var number = line.TryGetProperty("line", out var given) && given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out var whole) && whole is >= 1 and <= MostLines
            ? whole
            : throw new InvalidRequestException($"{Path("line", index)} must be the number of a line, from 1 to {MostLines}.");
        return new FulfilledLine(number, QuantityOf(line, index));
    }

    private static Quantity? QuantityOf(JsonElement element, int index)
    {
        if (!element.TryGetProperty("quantity", out var given) || given.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var utf8 = given.ValueKind switch
        {
            JsonValueKind.Number => JsonMarshal.GetRawUtf8Value(given),
            JsonValueKind.String => Encoding.UTF8.GetBytes(given.GetString()!),
            _ => default,
        };
        return Quantity.Parse(utf8, out var quantity) == DecimalFault.None && quantity > Quantity.Zero
            ? quantity
            : throw new InvalidRequestException($"{Path("quantity", index)} must be above 0 and below 10^12, with at most {Quantity.Places} decimal places.");
    }

    // Made for messages alone: most requests are right.
    private static string Path(string name, int? index) => index is { } line ? $"lines[{line}].{name}" : name;

    private static string? OptionalName(JsonElement element, string name, int? index = null)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var given) || given.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var text = given.ValueKind == JsonValueKind.String ? given.GetString()! : string.Empty;
        return IsName(text)
            ? text
            : throw new InvalidRequestException($"{Path(name, index)} must be text of 1 to {LongestName} characters, none of them a control character.");
    }

    private static bool IsName(string text)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            length++;
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return length is >= 1 and <= LongestName;
    }

    private T[] Elements<T>(string name, int least, Func<JsonElement, int, T> read)
    {
        if (_root.ValueKind != JsonValueKind.Object || !_root.TryGetProperty(name, out var given) || given.ValueKind == JsonValueKind.Null)
        {
            return least == 0 ? [] : throw new InvalidRequestException($"{name} is missing: 1 to {MostLines} lines.");
        }

        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() is var count && (count < 1 || count > MostLines))
        {
            throw new InvalidRequestException($"{name} must be an array of 1 to {MostLines} lines.");
        }

        var lines = new T[count];
        var i = 0;
        foreach (var element in given.EnumerateArray())
        {
            lines[i] = element.ValueKind == JsonValueKind.Object ? read(element, i) : throw new InvalidRequestException($"{name}[{i}] must be an object.");
            i++;
        }

        return lines;
    }

    private long TtlMicros(long? otherwise)
    {
        if (_root.ValueKind != JsonValueKind.Object || !_root.TryGetProperty("ttl_seconds", out var given) || given.ValueKind == JsonValueKind.Null)
        {
            return (otherwise ?? throw new InvalidRequestException("ttl_seconds is missing.")) * 1_000_000;
        }

        return given.ValueKind == JsonValueKind.Number && given.TryGetDecimal(out var seconds) && seconds is >= 1 and <= LongestTtlSeconds && decimal.IsInteger(seconds)
            ? (long)seconds * 1_000_000
            : throw new InvalidRequestException($"ttl_seconds must be a whole number from 1 to {LongestTtlSeconds}.");
    }

    private bool Flag(string name) => _root.TryGetProperty(name, out var given) && given.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw new InvalidRequestException($"{name} must be true or false."),
    };
}

/// <summary>A request that is wrong; the message tells the caller what to do about it.</summary>
internal sealed class InvalidRequestException(string message) : Exception(message);
